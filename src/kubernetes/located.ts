import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node, type Tags } from 'yaml';
import { eachObject, type TypedObject } from './inventory.ts';
import { filesOf, splitDocuments, textOf } from './manifests.ts';

/** An object of a file, as a cluster's own reader of YAML takes it, with where its fields are. */
export interface LocatedObject extends TypedObject {
  readonly file: string;
  /** Keys that stand twice in a map, with the line of the second: a strict server refuses them. */
  readonly repeated: readonly { readonly key: string; readonly line: number }[];
  /** The line of a field, `spec.ingress[0].from`, or of the deepest part of it that is there. Null in large files of JSON. */
  lineOf(field: string): number | null;
}

/** A document that cannot be read. */
export interface BrokenDocument {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

export interface LocatedObjects {
  readonly files: number;
  readonly objects: readonly LocatedObject[];
  readonly broken: readonly BrokenDocument[];
}

/** Beyond this, JSON is read without lines: a parser that keeps them would take a minute. */
const MAX_LOCATED = 1 << 20;

/**
 * Every object in files and folders, by YAML 1.1, as kubectl and API servers read: `y` and `on` are booleans there, `010` is
 * eight. Their reader knows no dates and no base sixty.
 */
export function readLocated(paths: readonly string[]): LocatedObjects {
  const files = paths.flatMap(filesOf);
  const objects: LocatedObject[] = [];
  const broken: BrokenDocument[] = [];
  for (const file of files) {
    const source = textOf(file);
    const isJson = /^\s*[{[]/.test(source);
    if (isJson && source.length > MAX_LOCATED) objects.push(...readJson(file, source, broken));
    else {
      let line = 0;
      for (const text of splitDocuments(source)) {
        objects.push(...readYaml(file, text, line, broken));
        line += text.split('\n').length - 1;
      }
    }
  }
  return { files: files.length, objects, broken };
}

function readJson(file: string, source: string, broken: BrokenDocument[]): readonly LocatedObject[] {
  try {
    return eachObject([JSON.parse(source) as unknown]).map((one) => ({ ...one, file, repeated: [], lineOf: () => null }));
  } catch (error) {
    broken.push({ file, line: 1, message: error instanceof Error ? error.message : String(error) });
    return [];
  }
}

const UNKNOWN_TO_GO: ReadonlySet<string> = new Set(['tag:yaml.org,2002:timestamp', 'TIME']);
const customTags = (tags: Tags): Tags => tags.filter((tag) => typeof tag === 'string' || !(UNKNOWN_TO_GO.has(tag.tag) || ('format' in tag && UNKNOWN_TO_GO.has(tag.format ?? ''))));

function readYaml(file: string, text: string, before: number, broken: BrokenDocument[]): readonly LocatedObject[] {
  const lines = new LineCounter();
  const lineAt = (offset: number): number => before + Math.max(1, lines.linePos(offset).line);
  try {
    const document = parseDocument(text, { version: '1.1', customTags, lineCounter: lines, prettyErrors: false, logLevel: 'silent' });
    const serious = document.errors.find(({ code }) => code !== 'DUPLICATE_KEY');
    if (serious !== undefined) {
      broken.push({ file, line: lineAt(serious.pos[0]), message: serious.message.split('\n', 1)[0] ?? '' });
      return [];
    }
    const value = document.toJS({ maxAliasCount: 1_000 }) as unknown;
    if (value === null) return [];
    const nodes = nodesOfObjects(document, value);
    const repeated = document.errors.map(({ pos }) => ({ at: pos[0], key: keyAt(text, pos[0]), line: lineAt(pos[0]) }));
    return eachObject([value]).map((one) => {
      const node = nodes.get(one.object as object);
      const [from, to] = [node?.range?.[0] ?? 0, node?.range?.[2] ?? text.length];
      return {
        ...one,
        file,
        repeated: repeated.filter(({ at }) => at >= from && at <= to).map(({ key, line }) => ({ key, line })),
        lineOf: (field) => lineAt(deepest(node, field, document) ?? firstOffset(node) ?? 0),
      };
    });
  } catch (error) {
    broken.push({ file, line: before + 1, message: (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '' });
    return [];
  }
}

function keyAt(text: string, offset: number): string {
  return /^["']?([^\s:"']{1,63})/.exec(text.slice(offset, offset + 80))?.[1] ?? 'a key';
}

/** The nodes of a document's objects by their values: of the document itself, and of the items of lists. */
function nodesOfObjects(document: Document, value: unknown): ReadonlyMap<object, Node> {
  const nodes = new Map<object, Node>();
  const waiting: { readonly node: unknown; readonly value: unknown }[] = [{ node: document.contents, value }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const node = isAlias(next.node) ? next.node.resolve(document) : next.node;
    const { value: own } = next;
    if (typeof own !== 'object' || own === null) continue;
    if (isSeq(node) && Array.isArray(own)) for (const [i, item] of node.items.entries()) waiting.push({ node: item, value: own[i] as unknown });
    else if (isMap(node)) {
      nodes.set(own, node);
      const items = (own as { readonly items?: unknown }).items;
      if (Array.isArray(items)) waiting.push({ node: node.get('items', true), value: items });
    }
  }
  return nodes;
}

function firstOffset(node: Node | undefined): number | null {
  return node?.range?.[0] ?? null;
}

/** Where the deepest part of a field is written. Keys may hold dots: the longest that fits is meant. */
function deepest(start: Node | undefined, field: string, document: Document): number | null {
  let node: unknown = start;
  let rest = field;
  let offset: number | null = null;
  while (rest !== '') {
    if (isAlias(node)) node = node.resolve(document);
    const index = /^\[(\d+)\]\.?/.exec(rest);
    if (isSeq(node) && index !== null) {
      node = node.items[Number(index[1])];
      rest = rest.slice(index[0].length);
    } else if (isMap(node)) {
      const fits = node.items.filter(({ key }) => isScalar(key) && (rest === String(key.value) || rest.startsWith(`${String(key.value)}.`) || rest.startsWith(`${String(key.value)}[`)));
      const [pair] = fits.toSorted((a, b) => String(b.key).length - String(a.key).length);
      if (pair === undefined || !isScalar(pair.key)) return offset;
      offset = pair.key.range?.[0] ?? offset;
      rest = rest.slice(String(pair.key.value).length).replace(/^\./, '');
      node = pair.value;
      continue;
    } else return offset;
    offset = firstOffset(node as Node | undefined) ?? offset;
  }
  return offset;
}
