/**
 * Reads a line of a text format, in which nothing is escaped. Where a line has the quotes of its format and no more, they cut it into
 * segments; within one, tokens are read from both ends, and what may hold spaces lies between them. Every other line is left to the reference.
 */
import { same } from './bytes';
import { keepText, NOTHING, STRING } from './keep';
import { COLUMN_SIZE, COLUMNS, LITERALS, LITERALS_SIZE, MAX_COLUMNS, MAX_QUOTES, QUOTES, SEGMENT_SIZE, SEGMENTS } from './memory';

// Shapes of values, as `plan.ts` numbers them.
const ANY: i32 = 0;
const TOKEN: i32 = 1;
const PROTOCOL: i32 = 2;
const PROTOCOL_OR_NONE: i32 = 3;
const HOST: i32 = 4;

// A column: what is kept u8, slot u8, group u8, rank u8, shape u32, address and length of the literal before it u32.
// A segment: addresses of its first column, of the one behind its last, of the first and of the last that may hold spaces; the number of the quote that ends it (-1 for the end of
// the line), where that lies in the literal, address and length of the literal.

let columns: i32 = 0;
let segments: i32 = 0;
let quotes: i32 = 0;
let literalBytes: usize = 0;

export function newTextPlan(quotesOfLine: i32): bool {
  columns = segments = 0;
  literalBytes = 0;
  quotes = quotesOfLine;
  return quotesOfLine <= MAX_QUOTES;
}

/** A value, and the literal before it, which lies at p. False if there is no room. */
export function addColumn(p: usize, length: usize, what: i32, slot: i32, group: i32, rank: i32, shape: i32): bool {
  if (columns == MAX_COLUMNS || literalBytes + length > LITERALS_SIZE) return false;
  const column = COLUMNS + columns++ * COLUMN_SIZE;
  store<u32>(column, what | (slot << 8) | (group << 16) | (rank << 24));
  store<i32>(column, shape, 4);
  store<usize>(column, addLiteral(p, length), 8);
  store<usize>(column, length, 12);
  return true;
}

/** Columns `from` up to `to`, which the literal at p ends. False if there is no room. */
export function addSegment(from: i32, to: i32, firstWild: i32, lastWild: i32, quote: i32, quoteAt: i32, p: usize, length: usize): bool {
  if (segments == MAX_COLUMNS || literalBytes + length > LITERALS_SIZE) return false;
  const segment = SEGMENTS + segments++ * SEGMENT_SIZE;
  store<usize>(segment, COLUMNS + from * COLUMN_SIZE);
  store<usize>(segment, COLUMNS + to * COLUMN_SIZE, 4);
  store<usize>(segment, COLUMNS + firstWild * COLUMN_SIZE, 8);
  store<usize>(segment, COLUMNS + lastWild * COLUMN_SIZE, 12);
  store<i32>(segment, quote, 16);
  store<i32>(segment, quoteAt, 20);
  store<usize>(segment, addLiteral(p, length), 24);
  store<usize>(segment, length, 28);
  return true;
}

function addLiteral(p: usize, length: usize): usize {
  const address = LITERALS + literalBytes;
  memory.copy(address, p, length);
  literalBytes += length;
  return address;
}

/** Whether the line between the two addresses was read with certainty, and all that is wanted was kept. */
export function readText(start: usize, end: usize): bool {
  if (segments == 0 || !findQuotes(start, end)) return false;
  const first: usize = load<u32>(COLUMNS, 12);
  if (start + first > end || !same(start, load<u32>(COLUMNS, 8), first)) return false;
  let left = start + first;
  let segment = SEGMENTS;
  const last = SEGMENTS + segments * SEGMENT_SIZE;
  while (segment < last) {
    const quote = load<i32>(segment, 16);
    const length: usize = load<u32>(segment, 28);
    const right: usize = quote < 0 ? end - length : load<u32>(QUOTES + (<usize>quote << 2)) - load<u32>(segment, 20);
    if (right < left || right + length > end || !same(right, load<u32>(segment, 24), length)) return false;
    if (!readSegment(left, right, segment)) return false;
    left = right + length;
    segment += SEGMENT_SIZE;
  }
  return true;
}

/** Whether the line has just the quotes of its format; where they lie. */
function findQuotes(start: usize, end: usize): bool {
  const quote = i8x16.splat(0x22);
  let count = 0;
  let p = start;
  while (p < end) {
    let mask = i8x16.bitmask(i8x16.eq(v128.load(p), quote));
    if (p + 16 > end) mask = within(mask, p, end);
    while (mask != 0) {
      if (count == quotes) return false;
      store<usize>(QUOTES + (<usize>count << 2), p + ctz(mask));
      count++;
      mask &= mask - 1;
    }
    p += 16;
  }
  return count == quotes;
}

/** Of a bit for each of sixteen bytes, those before `end`. */
@inline
function within(mask: i32, p: usize, end: usize): i32 {
  return p + 16 <= end ? mask : mask & ((1 << <i32>(end - p)) - 1);
}

function readSegment(begin: usize, close: usize, segment: usize): bool {
  const to: usize = load<u32>(segment, 4);
  const firstWild: usize = load<u32>(segment, 8);
  const lastWild: usize = load<u32>(segment, 12);
  let left = begin;
  let right = close;
  let column: usize = load<u32>(segment);
  while (column < firstWild) {
    const next = column + COLUMN_SIZE;
    const stop = next == to ? right : find(next, left, right);
    // Before the first space there is none.
    if (stop == 0 || !take(column, left, stop, next != to && load<u32>(next, 12) == 1 && load<u8>(load<u32>(next, 8)) == 0x20)) return false;
    left = next == to ? right : stop + load<u32>(next, 12);
    column = next;
  }
  column = to - COLUMN_SIZE;
  while (column > lastWild) {
    const at = findLast(column, left, right);
    if (at == 0 || !take(column, at + load<u32>(column, 12), right, false)) return false;
    right = at;
    column -= COLUMN_SIZE;
  }
  if (firstWild == to) return true;
  if (firstWild == lastWild) return take(firstWild, left, right, false);
  return fits(firstWild, lastWild, left, right);
}

/** Of several values that may hold spaces none is wanted; there must be room for what stands between them. */
function fits(firstWild: usize, lastWild: usize, begin: usize, end: usize): bool {
  let left = begin;
  let column = firstWild;
  while (column < lastWild) {
    column += COLUMN_SIZE;
    const stop = find(column, left, end);
    if (stop == 0) return false;
    left = stop + load<u32>(column, 12);
  }
  return true;
}

/** Address of the first literal of a column that lies wholly before `end`; 0 if there is none. */
function find(column: usize, from: usize, end: usize): usize {
  const literal: usize = load<u32>(column, 8);
  const length: usize = load<u32>(column, 12);
  const first = i8x16.splat(load<i8>(literal));
  let p = from;
  while (p + length <= end) {
    let mask = i8x16.bitmask(i8x16.eq(v128.load(p), first));
    while (mask != 0) {
      const at = p + ctz(mask);
      if (at + length > end) return 0;
      if (length == 1 || same(at, literal, length)) return at;
      mask &= mask - 1;
    }
    p += 16;
  }
  return 0;
}

/** The last one that lies wholly between the two addresses; 0 if there is none. */
function findLast(column: usize, from: usize, end: usize): usize {
  const literal: usize = load<u32>(column, 8);
  const length: usize = load<u32>(column, 12);
  if (from + length > end) return 0;
  const first = i8x16.splat(load<i8>(literal));
  let p = end - length - 15;
  while (true) {
    let mask = i8x16.bitmask(i8x16.eq(v128.load(p), first));
    if (p < from) mask &= -1 << <i32>(from - p);
    while (mask != 0) {
      const bit = 31 - clz(mask);
      if (length == 1 || same(p + bit, literal, length)) return p + bit;
      mask ^= 1 << bit;
    }
    if (p <= from) return 0;
    p -= 16;
  }
  return 0;
}

/** Keeps a value, if it can be one of its column. */
@inline
function take(column: usize, p: usize, end: usize, hasNoSpace: bool): bool {
  const shape = load<i32>(column, 4);
  if (shape == HOST ? !isHost(p, end) : shape != ANY && !hasNoSpace && !isToken(p, end)) return false;
  if ((shape == PROTOCOL || shape == PROTOCOL_OR_NONE) && !isProtocol(p, end, shape == PROTOCOL_OR_NONE)) return false;
  const what: i32 = load<u8>(column);
  return what == NOTHING || keepText(column, what, STRING, p, end);
}

function isToken(begin: usize, end: usize): bool {
  const space = i8x16.splat(0x20);
  let p = begin;
  while (p < end) {
    if (within(i8x16.bitmask(i8x16.eq(v128.load(p), space)), p, end) != 0) return false;
    p += 16;
  }
  return true;
}

/** `HTTP/1.1`, or none where there was no request. */
function isProtocol(p: usize, end: usize, mayBeNone: bool): bool {
  if (end - p == 1) return mayBeNone && load<u8>(p) == 0x2d;
  return end - p >= 5 && load<u16>(p) == 0x5448 && load<u8>(p, 4) == 0x2f;
}

/** Letters, digits and `-_.:*` alone: a bit for each row of ASCII that has some, by the upper half of a byte, and the rows that have it, by the lower half. */
function isHost(begin: usize, end: usize): bool {
  const rows = i8x16(0, 0, 1, 2, 4, 8, 4, 16, 0, 0, 0, 0, 0, 0, 0, 0);
  const places = i8x16(26, 30, 30, 30, 30, 30, 30, 30, 30, 30, 31, 4, 4, 5, 5, 12);
  const none = i8x16.splat(0);
  let p = begin;
  while (p < end) {
    const bytes = v128.load(p);
    const known = v128.and(i8x16.swizzle(rows, i8x16.shr_u(bytes, 4)), i8x16.swizzle(places, v128.and(bytes, i8x16.splat(15))));
    if (within(i8x16.bitmask(i8x16.eq(known, none)), p, end) != 0) return false;
    p += 16;
  }
  return true;
}
