/**
 * Reads one JSON record through, once, and keeps what the plan wants of it. It takes a subset of JSON: what it takes is valid, and means
 * what it says there. Repeated keys that are wanted, escapes in keys, deep nesting and space before a colon are left to the reference.
 */
import { hashOf, isEscaped, numberEnd, same, stringEnd } from './bytes';
import { CROWDED, FULL, internValue, knownValue, valueLength } from './intern';
import { ARRAY, ESCAPED, FALSE, keepScalar, keepText, NOTHING, NULL, NUMBER, OBJECT, STRING, TRUE, WHOLE } from './keep';
import { KEY_INDEX, KEY_INDEX_SIZE, KEY_SIZE, KEYS, MAX_KEYS, MAX_NODES, NODE_SIZE, NODES } from './memory';
import { put, putNumber, saltOf } from './record';

/** Below what the plan reads, which nests at most eight levels deep: together no more than the 64 that the reference takes. */
const MAX_DEPTH: i32 = 56;

// A node: what is kept u8, slot u8, group u8, rank u8, whether it has children u32, generation u32, the key that is expected first u32.
// A key: length u32, node behind it i32, the key that is expected after it u32, unused u32, then its text with quotes and colon.

const KEY_TEXT: i32 = 16;
const MAX_KEY: i32 = KEY_SIZE - KEY_TEXT - 16;

let nodes: i32 = 0;
let keys: i32 = 0;
let generation: u32 = 0;
/** The record cannot be kept before everything is forgotten. */
export let isFull: bool = false;

/** Begins a plan; node 0 is the record itself. */
export function newJsonPlan(): void {
  memory.fill(NODES, 0, MAX_NODES * NODE_SIZE);
  memory.fill(KEY_INDEX, 0, KEY_INDEX_SIZE * 4);
  nodes = 1;
  // Key 0 stands for keys that are not kept.
  keys = 1;
  store<i32>(KEYS, -1, 4);
}

/** A child of a node, under a key whose text with quotes and colon lies at p. Its number; -1 if there is no room. */
export function addNode(parent: i32, p: usize, length: usize, what: i32, slot: i32, group: i32, rank: i32): i32 {
  if (nodes == MAX_NODES || <i32>length > MAX_KEY) return -1;
  const key = keyAt(parent, p, length);
  if (key == KEYS) return -1;
  let node = load<i32>(key, 4);
  if (node < 0) {
    node = nodes++;
    store<i32>(key, node, 4);
    store<u32>(NODES + parent * NODE_SIZE, 1, 4);
  }
  if (what != NOTHING) store<u32>(NODES + node * NODE_SIZE, what | (slot << 8) | (group << 16) | (rank << 24));
  return node;
}

/** The key with this text in an object that is `parent`; key 0 if it cannot be kept. Those of the plan come first and are always found. */
function keyAt(parent: i32, p: usize, length: usize): usize {
  if (<i32>length <= MAX_KEY) {
    let slot = (hashOf(p, length) + parent * 0x9e3779b9) & (KEY_INDEX_SIZE - 1);
    let probes = 0;
    while (probes < 16) {
      const number = load<i32>(KEY_INDEX + (slot << 2));
      const key = KEYS + (number & 0xffff) * KEY_SIZE;
      if (number == 0) {
        if (keys == MAX_KEYS) break;
        const fresh = KEYS + keys * KEY_SIZE;
        memory.fill(fresh, 0, KEY_SIZE);
        memory.copy(fresh + KEY_TEXT, p, length);
        store<u32>(fresh, <u32>length);
        store<i32>(fresh, -1, 4);
        store<i32>(KEY_INDEX + (slot << 2), keys++ | (parent << 16));
        return fresh;
      }
      if (number >>> 16 == parent && load<u32>(key) == <u32>length && same(p, key + KEY_TEXT, length)) return key;
      slot = (slot + 1) & (KEY_INDEX_SIZE - 1);
      probes++;
    }
  }
  store<u32>(KEYS, <u32>length);
  return KEYS;
}

/** Whether the record between the two addresses, which begins with a brace, was read to its end, and all that is wanted was kept. */
export function readJson(start: usize, end: usize): bool {
  isFull = false;
  generation++;
  return object(start, 0) == end;
}

@inline
function afterSpaces(p: usize): usize {
  while (load<u8>(p) == 0x20) p++;
  return p;
}

/** Address behind the object at p, which is `node`; 0 if it is left to the reference. Nests as deep as the plan. */
function object(p: usize, node: i32): usize {
  p = afterSpaces(p + 1);
  if (load<u8>(p) == 0x7d) return p + 1;
  // Records of one log mostly have the same keys in the same order: the text of the key that came next the last time is compared first.
  let expected = NODES + node * NODE_SIZE + 12;
  while (true) {
    let key = load<usize>(expected);
    if (key == 0 || !same(p, key + KEY_TEXT, load<u32>(key))) {
      if (load<u8>(p) != 0x22) return 0;
      const close = stringEnd(p + 1);
      if (close == 0 || isEscaped || load<u8>(close, 1) != 0x3a) return 0;
      key = keyAt(node, p, close + 2 - p);
      if (key != KEYS) store<usize>(expected, key);
    }
    p = afterSpaces(p + load<u32>(key));
    const child = load<i32>(key, 4);
    p = child < 0 ? valueEnd(p) : value(p, child);
    if (p == 0) return 0;
    if (key != KEYS) expected = key + 8;
    p = afterSpaces(p);
    const byte: i32 = load<u8>(p);
    if (byte == 0x7d) return p + 1;
    if (byte != 0x2c) return 0;
    p = afterSpaces(p + 1);
  }
  return 0;
}

/** Address behind the value at p, of which `node` wants something; 0 if it is left to the reference. */
function value(p: usize, node: i32): usize {
  const at = NODES + node * NODE_SIZE;
  if (load<u32>(at, 8) == generation) return 0;
  store<u32>(at, generation, 8);
  const what: i32 = load<u8>(at);
  const byte: i32 = load<u8>(p);
  if (byte == 0x22) {
    const close = stringEnd(p + 1);
    if (close == 0) return 0;
    return what == NOTHING || keepText(at, what, isEscaped ? ESCAPED : STRING, p + 1, close) ? close + 1 : 0;
  }
  if (byte == 0x7b || byte == 0x5b) {
    const kind = byte == 0x7b ? OBJECT : ARRAY;
    if (what > WHOLE) return 0;
    if (what == WHOLE) return whole(p, load<u8>(at, 2), load<u8>(at, 1), kind);
    if (what != NOTHING && !put(load<u8>(at, 2), load<u8>(at, 1), kind, p, 0)) return 0;
    return kind == OBJECT && load<u32>(at, 4) != 0 ? object(p, node) : valueEnd(p);
  }
  const end = scalarEnd(p);
  if (end == 0 || what == NOTHING) return end;
  const kind = byte == 0x74 ? TRUE : byte == 0x66 ? FALSE : byte == 0x6e ? NULL : NUMBER;
  return keepScalar(at, what, kind, p, end) ? end : 0;
}

/** An object or array of which everything counts: most of Hubble's bytes are ends that were read before, and comparing is faster than reading. */
function whole(p: usize, group: i32, slot: i32, kind: i32): usize {
  const salt = saltOf(group);
  let number = knownValue(p, salt);
  if (number >= 0) return putNumber(group, slot, kind, number) ? p + valueLength(number) : 0;
  const end = valueEnd(p);
  if (end == 0) return 0;
  number = internValue(p, end - p, salt);
  if (number == FULL) isFull = true;
  return number != FULL && number != CROWDED && putNumber(group, slot, kind, number) ? end : 0;
}

/** Address behind a number or literal; 0 if there is none. */
function scalarEnd(p: usize): usize {
  const word = load<u32>(p);
  if (word == 0x65757274 || word == 0x6c6c756e) return p + 4;
  if (word == 0x736c6166 && load<u8>(p, 4) == 0x65) return p + 5;
  return numberEnd(p);
}

/** Address behind the value at p, whatever it is; 0 if it is no JSON, or nests too deep. */
function valueEnd(p: usize): usize {
  let depth = 0;
  // A bit for each level: 1 for an object.
  let objects: u64 = 0;
  while (true) {
    // A value begins at p.
    const byte: i32 = load<u8>(p);
    if (byte == 0x22) {
      p = stringEnd(p + 1);
      if (p == 0) return 0;
      p++;
    } else if (byte == 0x7b || byte == 0x5b) {
      if (++depth > MAX_DEPTH) return 0;
      objects = (objects << 1) | (byte == 0x7b ? 1 : 0);
      p = afterSpaces(p + 1);
      if (<i32>load<u8>(p) != byte + 2) {
        if (byte == 0x5b) continue;
        p = afterKey(p);
        if (p == 0) return 0;
        continue;
      }
    } else {
      p = scalarEnd(p);
      if (p == 0) return 0;
    }
    // A value has ended: close what closes, then find the next one.
    if (byte == 0x7b || byte == 0x5b) {
      p++;
      depth--;
      objects >>= 1;
    }
    if (depth == 0) return p;
    p = afterSpaces(p);
    let next: i32 = load<u8>(p);
    while (next == ((objects & 1) != 0 ? 0x7d : 0x5d)) {
      p++;
      objects >>= 1;
      if (--depth == 0) return p;
      p = afterSpaces(p);
      next = load<u8>(p);
    }
    if (next != 0x2c) return 0;
    p = afterSpaces(p + 1);
    if ((objects & 1) != 0) {
      p = afterKey(p);
      if (p == 0) return 0;
    }
  }
  return 0;
}

/** Address of the value behind the key at p; 0 if there is none. */
@inline
function afterKey(p: usize): usize {
  if (load<u8>(p) != 0x22) return 0;
  const close = stringEnd(p + 1);
  if (close == 0) return 0;
  const colon = afterSpaces(close + 1);
  return load<u8>(colon) == 0x3a ? afterSpaces(colon + 1) : 0;
}
