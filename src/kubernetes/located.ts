import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Alias, type Document, type Node, type Tags, type YAMLMap } from 'yaml';
import { eachObject, type TypedObject } from './inventory.ts';
import { filesOf, splitDocuments, textOf } from './manifests.ts';
import { faultOfJson, parserSays, survey } from './survey.ts';

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
  const broken: BrokenDocument[] = [];
  const objects = files.flatMap((file) => {
    const source = textOf(file);
    if (/^\s*[{[]/.test(source) && source.length > MAX_LOCATED) return readJson(file, source, broken);
    let line = 0;
    return splitDocuments(source).flatMap((text) => {
      const before = line;
      line += text.split('\n').length - 1;
      return readYaml(file, text, before, broken);
    });
  });
  return { files: files.length, objects, broken };
}

function readJson(file: string, source: string, broken: BrokenDocument[]): readonly LocatedObject[] {
  try {
    const fault = faultOfJson(source);
    if (fault !== null) throw new SyntaxError(fault);
    return eachObject([JSON.parse(source) as unknown]).map((one) => ({ ...one, file, repeated: [], lineOf: () => null }));
  } catch (error) {
    broken.push({ file, line: 1, message: parserSays(error) });
    return [];
  }
}

const UNKNOWN_TO_GO: ReadonlySet<string> = new Set(['tag:yaml.org,2002:timestamp', 'TIME']);
const customTags = (tags: Tags): Tags => tags.filter((tag) => typeof tag === 'string' || !(UNKNOWN_TO_GO.has(tag.tag) || ('format' in tag && UNKNOWN_TO_GO.has(tag.format ?? ''))));

function readYaml(file: string, text: string, before: number, broken: BrokenDocument[]): readonly LocatedObject[] {
  const lines = new LineCounter();
  const lineAt = (offset: number): number => before + Math.max(1, lines.linePos(offset).line);
  try {
    const document = parseDocument(text, { version: '1.1', customTags, lineCounter: lines, prettyErrors: false, logLevel: 'silent', uniqueKeys: false });
    const [serious] = document.errors;
    if (serious !== undefined) {
      broken.push({ file, line: lineAt(serious.pos[0]), message: parserSays(serious) });
      return [];
    }
    const { fault, targets, repeated } = survey(document, text.length);
    if (fault !== null) throw new SyntaxError(fault);
    // The survey has counted what aliases stand for.
    const value = document.toJS({ maxAliasCount: -1 }) as unknown;
    if (value === null) return [];
    const places = new Places(targets);
    const nodes = nodesOfObjects(document, value, targets);
    const twice = repeated.map((key) => ({ at: firstOffset(key) ?? 0 })).map(({ at }) => ({ at, key: keyAt(text, at), line: lineAt(at) }));
    return eachObject([value]).map((one) => {
      const node = nodes.get(one.object as object);
      const [from, to] = [node?.range?.[0] ?? 0, node?.range?.[2] ?? text.length];
      return {
        ...one,
        file,
        repeated: twice.slice(firstFrom(twice, from), firstFrom(twice, to + 1)).map(({ key, line }) => ({ key, line })),
        lineOf: (field) => lineAt(places.deepest(node, field) ?? firstOffset(node) ?? 0),
      };
    });
  } catch (error) {
    broken.push({ file, line: before + 1, message: parserSays(error) });
    return [];
  }
}

/** How many of them, which are sorted, are before this offset. */
function firstFrom(sorted: readonly { readonly at: number }[], offset: number): number {
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((sorted[middle]?.at ?? offset) < offset) from = middle + 1;
    else to = middle;
  }
  return from;
}

function keyAt(text: string, offset: number): string {
  return /^["']?([^\s:"']{1,63})/.exec(text.slice(offset, offset + 80))?.[1] ?? 'a key';
}

/** The nodes of a document's objects by their values: of the document itself, and of the items of lists. */
function nodesOfObjects(document: Document, value: unknown, targets: ReadonlyMap<Alias, Node>): ReadonlyMap<object, Node> {
  const nodes = new Map<object, Node>();
  const waiting: { readonly node: unknown; readonly value: unknown }[] = [{ node: document.contents, value }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const node = isAlias(next.node) ? targets.get(next.node) : next.node;
    const { value: own } = next;
    // One that aliases stand for is the same object each time.
    if (typeof own !== 'object' || own === null || nodes.has(own)) continue;
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

/** The longest key of a map that is looked for in the name of a field: a label's, with its prefix. */
const LONGEST_KEY = 320;

/** Where the fields of a document are written; each map is read once, however many of its fields are asked for. */
class Places {
  readonly #targets: ReadonlyMap<Alias, Node>;
  readonly #maps = new Map<YAMLMap, ReadonlyMap<string, { readonly offset: number | null; readonly value: unknown }>>();

  constructor(targets: ReadonlyMap<Alias, Node>) {
    this.#targets = targets;
  }

  /** Where the deepest part of a field is written. Keys may hold dots: the longest that fits is meant. */
  deepest(start: Node | undefined, field: string): number | null {
    let node: unknown = start;
    let at = 0;
    let offset: number | null = null;
    while (at < field.length) {
      if (isAlias(node)) node = this.#targets.get(node);
      const index = /^\[(\d+)\]\.?/.exec(field.slice(at, at + 16));
      if (isSeq(node) && index !== null) {
        node = node.items[Number(index[1])];
        at += index[0].length;
      } else if (isMap(node)) {
        const keys = this.#keys(node);
        const rest = field.slice(at, at + LONGEST_KEY + 1);
        const ends = [...rest.matchAll(/[.[]|$/g)].map((end) => end.index).filter((end) => end <= LONGEST_KEY && keys.has(rest.slice(0, end)));
        const end = ends.at(-1);
        const found = end === undefined ? undefined : keys.get(rest.slice(0, end));
        if (end === undefined || found === undefined) return offset;
        offset = found.offset ?? offset;
        at += end + (field[at + end] === '.' ? 1 : 0);
        node = found.value;
        continue;
      } else return offset;
      offset = firstOffset(node as Node | undefined) ?? offset;
    }
    return offset;
  }

  #keys(map: YAMLMap): ReadonlyMap<string, { readonly offset: number | null; readonly value: unknown }> {
    let keys = this.#maps.get(map);
    if (keys === undefined) {
      // Of two that are alike the first is meant: the second is told of by itself.
      const pairs = map.items.flatMap(({ key, value }) => (isScalar(key) ? [[String(key.value), { offset: firstOffset(key), value }] as const] : []));
      this.#maps.set(map, (keys = new Map(pairs.toReversed())));
    }
    return keys;
  }
}
