import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { OperationError } from '../errors.ts';
import { eachObject, type TypedObject } from './inventory.ts';

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

/** A file, or all manifests in a folder, sorted. */
export function filesOf(path: string): readonly string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    return readdirSync(path, { withFileTypes: true })
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap((entry) => (entry.isDirectory() || /\.(ya?ml|json)$/.test(entry.name) ? filesOf(join(path, entry.name)) : []));
  } catch (error) {
    throw new OperationError(`${path}: cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`, { cause: error });
  }
}

export function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').replace(/^\ufeff/, '');
  } catch (error) {
    throw new OperationError(`${path}: cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`, { cause: error });
  }
}

function documentsOf(path: string, problems: string[]): readonly unknown[] {
  const source = textOf(path);
  // kubectl's lists are JSON, and large: YAML's parser would take a minute for what JSON's does in a second.
  if (/^\s*[{[]/.test(source)) {
    try {
      return [JSON.parse(source)];
    } catch {
      // Perhaps YAML in flow style.
    }
  }
  return splitDocuments(source).flatMap((text, index) => {
    const parsed = parseDocument(text);
    if (typeof parsed !== 'string') return parsed.value === null ? [] : [parsed.value];
    problems.push(`${path}: document ${index + 1} is left out: ${parsed}`);
    return [];
  });
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
    if (problem !== undefined) return firstLine(problem.message);
    return { value: document.toJS({ maxAliasCount: 1_000 }) as unknown };
  } catch (error) {
    return firstLine(String(error));
  }
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0]?.replace(/:$/, '') ?? message;
}
