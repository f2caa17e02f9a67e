import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { OperationError } from '../errors.ts';
import { eachObject, type TypedObject } from './inventory.ts';
import { faultOfJson, parserSays, survey } from './survey.ts';

export interface ReadManifests {
  readonly objects: readonly TypedObject[];
  /** Documents that are no valid YAML or JSON, as one-line sentences. */
  readonly problems: readonly string[];
}

/** Every object in these files and folders (`.yaml`, `.yml`, `.json`, searched whole). A broken document does not spoil its neighbours. */
export function readManifests(paths: readonly string[]): ReadManifests {
  const problems: string[] = [];
  const objects = paths.flatMap(filesOf).flatMap((path) => eachObject(documentsOf(path, problems)));
  return { objects, problems };
}

/** A file, or all manifests in a folder, sorted. Of links in a folder those to files alone are followed: others can lead round and round. */
export function filesOf(path: string): readonly string[] {
  const isFolder = reading(path, () => statSync(path).isDirectory());
  if (!isFolder) return [path];
  return reading(path, () => readdirSync(path, { withFileTypes: true }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const own = join(path, entry.name);
      if (entry.isDirectory()) return filesOf(own);
      // A pipe has no end that anybody knows.
      return /\.(ya?ml|json)$/.test(entry.name) && reading(own, () => statSync(own).isFile()) ? [own] : [];
    });
}

export function textOf(path: string): string {
  return reading(path, () => readFileSync(path, 'utf8')).replace(/^\ufeff/, '');
}

function reading<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new OperationError(`${path}: cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`, { cause: error });
  }
}

function documentsOf(path: string, problems: string[]): readonly unknown[] {
  const source = textOf(path);
  // kubectl's lists are JSON, and large: YAML's parser would take a minute for what JSON's does in a second.
  if (/^\s*[{[]/.test(source)) {
    const value = parseJson(source);
    if (value !== undefined) {
      const fault = faultOfJson(source);
      if (fault === null) return [value];
      problems.push(`${path}: is left out: it ${fault}`);
      return [];
    }
    // Perhaps YAML in flow style.
  }
  return splitDocuments(source).flatMap((text, index) => {
    const parsed = parseDocument(text);
    if (typeof parsed !== 'string') return parsed.value === null ? [] : [parsed.value];
    problems.push(`${path}: document ${index + 1} is left out: ${parsed}`);
    return [];
  });
}

/** Undefined for what is no JSON. */
function parseJson(source: string): unknown {
  try {
    return JSON.parse(source) as unknown;
  } catch {
    return undefined;
  }
}

/** Each document is parsed alone, so that the parser cannot lose the good ones behind a broken one. */
export function splitDocuments(source: string): readonly string[] {
  return source.split(/^---(?=[ \t\r\n]|$)/m);
}

/** The value of a document, or what is wrong with it. By YAML 1.2: what 1.1 takes for a boolean (`y`, `on`) is a name here. */
function parseDocument(source: string): { readonly value: unknown } | string {
  try {
    const [document] = parseAllDocuments(source, { version: '1.2', merge: true, uniqueKeys: false, logLevel: 'silent' });
    if (document === undefined || !('errors' in document)) return { value: null };
    const [problem] = document.errors;
    if (problem !== undefined) return parserSays(problem);
    const { fault } = survey(document, source.length);
    // The survey has counted what aliases stand for.
    return fault === null ? { value: document.toJS({ maxAliasCount: -1 }) as unknown } : `it ${fault}`;
  } catch (error) {
    return parserSays(error);
  }
}
