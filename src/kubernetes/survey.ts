import { isAlias, isCollection, isMap, isNode, isScalar, type Alias, type Document, type Node } from 'yaml';

/** What is found out about a document before values are made of it: how large those would become, and where it says a thing twice. */
export interface Survey {
  /** Why no values may be made of it; null if they may. */
  readonly fault: string | null;
  /** What each alias stands for. */
  readonly targets: ReadonlyMap<Alias, Node>;
  /** Keys that stand twice in their map, in the order of the text. */
  readonly repeated: readonly Node[];
}

/** Objects of the API are a dozen deep. */
const MAX_DEPTH = 64;
/** Beyond these, aliases are no help to who writes by hand. */
const MAX_ALIASES = 10_000;
const MAX_ADDED = 100_000;

const TOO_DEEP = `is nested deeper than ${MAX_DEPTH} levels, as no object of Kubernetes is`;

interface Step {
  readonly node: unknown;
  readonly depth: number;
  /** Reached through an alias: as often as that is written. */
  readonly isCopy: boolean;
}

/**
 * Goes through a document of `written` characters without recursion, and through what aliases stand for as often as they are written:
 * a few lines of them may stand for more than there is room for. Stops at the first fault.
 */
export function survey(document: Document, written: number): Survey {
  const anchors = new Map<string, Node>();
  const targets = new Map<Alias, Node>();
  const repeated: Node[] = [];
  const end = (fault: string | null): Survey => ({ fault, targets, repeated });
  const left: Step[] = [{ node: document.contents, depth: 0, isCopy: false }];
  // What is written once is no more than its text.
  let room = written + MAX_ADDED;
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { node, depth, isCopy } = next;
    if (!isNode(node)) continue;
    if (depth > MAX_DEPTH) return end(TOO_DEEP);
    if (isAlias(node)) {
      const target = targets.get(node) ?? anchors.get(node.source);
      if (target === undefined) continue;
      targets.set(node, target);
      if (targets.size > MAX_ALIASES) return end(`has more than ${MAX_ALIASES} aliases: write out what they stand for`);
      left.push({ node: target, depth, isCopy: true });
      continue;
    }
    if (node.anchor !== undefined && !isCopy) anchors.set(node.anchor, node);
    if (!isCollection(node)) continue;
    if (isMap(node) && !isCopy) for (const twice of repeatedKeys(node.items.map(({ key }) => key))) repeated.push(twice);
    room -= node.items.length;
    if (room < 0) return end(`has aliases that stand for more than ${MAX_ADDED} values: write out what is meant`);
    const below = isMap(node) ? node.items.flatMap(({ key, value }) => [key, value]) : node.items;
    for (const item of below.toReversed()) left.push({ node: item, depth: depth + 1, isCopy });
  }
  return end(null);
}

function repeatedKeys(keys: readonly unknown[]): readonly Node[] {
  const seen = new Set<unknown>();
  return keys.filter((key) => {
    if (!isScalar(key)) return false;
    const isKnown = seen.has(key.value);
    seen.add(key.value);
    return isKnown;
  }) as readonly Node[];
}

/** What is wrong with a text of JSON whatever it says; null if nothing is. Told from its brackets, before anybody parses it. */
export function faultOfJson(text: string): string | null {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === '"') for (i++; i < text.length && text[i] !== '"'; i++) if (text[i] === '\\') i++;
    if (character === '{' || character === '[') depth++;
    else if (character === '}' || character === ']') depth--;
    if (depth > MAX_DEPTH) return TOO_DEEP;
  }
  return null;
}

/** What a parser has to say, in half a line. One that ran out of room for its calls was led too deep. */
export function parserSays(error: unknown): string {
  const message = (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '';
  return message.startsWith('Maximum call stack') ? TOO_DEEP : message.replace(/:$/, '');
}
