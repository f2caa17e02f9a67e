/**
 * Finds the values at given paths of a JSON record, from its bytes, without building it. The whole record is checked against
 * the grammar of RFC 8259, so that a record is accepted exactly if `JSON.parse` accepts it and its root is an object;
 * the one exception is depth: over 64 levels it is refused. A repeated key counts with its last value, as in `JSON.parse`.
 */

import { ABSENT, ARRAY, ESCAPED, FALSE, NULL, NUMBER, OBJECT, Slots, STRING, TRUE, unescape } from './slots.ts';

export { ABSENT, ARRAY, ESCAPED, FALSE, NULL, NUMBER, OBJECT, STRING, TRUE };

const MAX_DEPTH = 64;

export type Path = readonly (string | number)[];

interface Node {
  slot: number;
  readonly keys: Map<string, Node>;
  /** The same children by the length of their name in bytes: what a key is compared with. */
  readonly byLength: { readonly name: Buffer; readonly child: Node }[][];
  readonly items: Node[];
  /** Slots of the node and all below it: cleared when the key comes again. */
  readonly slots: number[];
  seen: number;
}

function newNode(): Node {
  return { slot: -1, keys: new Map(), byLength: [], items: [], slots: [], seen: 0 };
}

function child(node: Node, step: string | number): Node {
  if (typeof step === 'number') return (node.items[step] ??= newNode());
  let next = node.keys.get(step);
  if (next === undefined) {
    next = newNode();
    node.keys.set(step, next);
    const name = Buffer.from(step);
    (node.byLength[name.length] ??= []).push({ name, child: next });
  }
  return next;
}

/** Slot i holds the value at path i. */
export class JsonFields extends Slots {
  readonly #root = newNode();
  readonly #nodes: (Node | null)[] = Array<Node | null>(MAX_DEPTH).fill(null);
  readonly #indexes = new Int32Array(MAX_DEPTH);
  #generation = 0;
  #escaped = false;

  constructor(paths: readonly Path[]) {
    super(paths.length);
    for (const [slot, path] of paths.entries()) {
      let node = this.#root;
      const trail = [node];
      for (const step of path) trail.push((node = child(node, step)));
      if (node.slot >= 0) throw new Error(`the same path twice: ${path.join('.')}`);
      node.slot = slot;
      for (const passed of trail) passed.slots.push(slot);
    }
  }

  /** False if the record is no JSON object; then the slots mean nothing. */
  scan(b: Buffer, start: number, end: number): boolean {
    this.kinds.fill(ABSENT);
    const generation = ++this.#generation;
    const { starts, ends, kinds } = this;
    const nodes = this.#nodes;
    const indexes = this.#indexes; // of the current item in an array, -1 in an object
    let depth = 0;
    let p = skipSpace(b, start, end);
    if (p >= end || b[p] !== 0x7b) return false;
    let node: Node | null = this.#root;
    for (;;) {
      // A value starts at p; node is what is wanted of it.
      if (p >= end) return false;
      let slot = -1;
      if (node !== null) {
        if (node.seen === generation) for (const stale of node.slots) kinds[stale] = ABSENT;
        node.seen = generation;
        slot = node.slot;
      }
      const c = b[p]!;
      if (c === 0x7b || c === 0x5b) {
        if (depth === MAX_DEPTH) return false;
        if (slot >= 0) {
          kinds[slot] = c === 0x7b ? OBJECT : ARRAY;
          starts[slot] = p;
        }
        nodes[depth] = node;
        indexes[depth] = c === 0x7b ? -1 : 0;
        depth++;
        p = skipSpace(b, p + 1, end);
        if (p >= end) return false;
        if (b[p] !== c + 2) {
          if (c === 0x5b) {
            node = node === null ? null : (node.items[0] ?? null);
            continue;
          }
          p = this.#key(b, p, end, node);
          if (p < 0) return false;
          node = this.#next;
          continue;
        }
      } else if (c === 0x22) {
        const close = this.#string(b, p + 1, end);
        if (close < 0) return false;
        if (slot >= 0) {
          kinds[slot] = this.#escaped ? ESCAPED : STRING;
          starts[slot] = p + 1;
          ends[slot] = close;
        }
        p = close + 1;
      } else {
        const kind = c === 0x74 ? TRUE : c === 0x66 ? FALSE : c === 0x6e ? NULL : NUMBER;
        const stop = kind === NUMBER ? numberEnd(b, p, end) : literalEnd(b, p, end, kind);
        if (stop < 0) return false;
        if (slot >= 0) {
          kinds[slot] = kind;
          starts[slot] = p;
          ends[slot] = stop;
        }
        p = stop;
      }
      // After a value: close what closes, then find the next one.
      for (;;) {
        p = skipSpace(b, p, end);
        if (depth === 0) return p === end;
        if (p >= end) return false;
        const top = depth - 1;
        const parent: Node | null = nodes[top]!;
        const inArray = indexes[top]! >= 0;
        if (b[p] === 0x2c) {
          p = skipSpace(b, p + 1, end);
          if (inArray) {
            const index = ++indexes[top]!;
            node = parent === null ? null : (parent.items[index] ?? null);
          } else {
            p = this.#key(b, p, end, parent);
            if (p < 0) return false;
            node = this.#next;
          }
          break;
        }
        if (b[p] !== (inArray ? 0x5d : 0x7d)) return false;
        p++;
        depth = top;
        if (parent !== null && parent.slot >= 0) ends[parent.slot] = p;
      }
    }
  }

  #next: Node | null = null;

  /** Reads `"key" :` at p and what follows it; leaves the wanted child in #next. Returns where the value starts, or -1. */
  #key(b: Buffer, p: number, end: number, parent: Node | null): number {
    if (p >= end || b[p] !== 0x22) return -1;
    const start = p + 1;
    const close = this.#string(b, start, end);
    if (close < 0) return -1;
    this.#next = parent === null ? null : this.#wanted(b, start, close, parent);
    const colon = skipSpace(b, close + 1, end);
    if (colon >= end || b[colon] !== 0x3a) return -1;
    return skipSpace(b, colon + 1, end);
  }

  #wanted(b: Buffer, start: number, close: number, parent: Node): Node | null {
    if (this.#escaped) return parent.keys.get(unescape(b, start, close)) ?? null;
    const candidates = parent.byLength[close - start];
    if (candidates === undefined) return null;
    for (const { name, child: wanted } of candidates) {
      let i = 0;
      while (i < name.length && b[start + i] === name[i]) i++;
      if (i === name.length) return wanted;
    }
    return null;
  }

  /** The closing quote of the string whose text starts at p, or -1. Sets #escaped. */
  #string(b: Buffer, start: number, end: number): number {
    this.#escaped = false;
    for (let p = start; p < end; p++) {
      const c = b[p]!;
      if (c === 0x22) return p;
      if (c < 0x20) return -1;
      if (c === 0x5c) {
        this.#escaped = true;
        p = escapeEnd(b, p + 1, end);
        if (p < 0) return -1;
      }
    }
    return -1;
  }
}

/** Last byte of the escape whose letter is at p, or -1. */
function escapeEnd(b: Buffer, p: number, end: number): number {
  if (p >= end) return -1;
  switch (b[p]) {
    case 0x22: // "
    case 0x5c: // \
    case 0x2f: // /
    case 0x62: // b
    case 0x66: // f
    case 0x6e: // n
    case 0x72: // r
    case 0x74: // t
      return p;
    case 0x75: // u
      for (let i = 1; i <= 4; i++) if (p + i >= end || !isHex(b[p + i]!)) return -1;
      return p + 4;
    default:
      return -1;
  }
}

function isHex(c: number): boolean {
  return (c >= 0x30 && c <= 0x39) || (c >= 0x41 && c <= 0x46) || (c >= 0x61 && c <= 0x66);
}

function skipSpace(b: Buffer, start: number, end: number): number {
  let p = start;
  while (p < end) {
    const c = b[p]!;
    if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) break;
    p++;
  }
  return p;
}

const LITERALS = { [TRUE]: Buffer.from('true'), [FALSE]: Buffer.from('false'), [NULL]: Buffer.from('null') };

function literalEnd(b: Buffer, p: number, end: number, kind: typeof TRUE | typeof FALSE | typeof NULL): number {
  const text = LITERALS[kind];
  if (p + text.length > end) return -1;
  for (let i = 0; i < text.length; i++) if (b[p + i] !== text[i]) return -1;
  return p + text.length;
}

function digitsEnd(b: Buffer, start: number, end: number): number {
  let p = start;
  while (p < end && b[p]! >= 0x30 && b[p]! <= 0x39) p++;
  return p;
}

/** End of the number at p by the grammar (no leading zeros, no bare point), or -1. */
function numberEnd(b: Buffer, start: number, end: number): number {
  let p = b[start] === 0x2d ? start + 1 : start;
  if (p < end && b[p] === 0x30) p++;
  else {
    const digits = digitsEnd(b, p, end);
    if (digits === p) return -1;
    p = digits;
  }
  if (p < end && b[p] === 0x2e) {
    const digits = digitsEnd(b, p + 1, end);
    if (digits === p + 1) return -1;
    p = digits;
  }
  if (p < end && (b[p] === 0x65 || b[p] === 0x45)) {
    p++;
    if (p < end && (b[p] === 0x2b || b[p] === 0x2d)) p++;
    const digits = digitsEnd(b, p, end);
    if (digits === p) return -1;
    p = digits;
  }
  return p;
}
