/** What is kept of a value: so much of it as tells the record's form, and its numbers beside it. */
import { copy, isDigit, timeAt, writePath } from './bytes';
import { keep, put, roomFor, setPort, setSum, setTime } from './record';

// Kinds of values, as `scan/json.ts` numbers them.
export const STRING: i32 = 1;
export const ESCAPED: i32 = 2;
export const NUMBER: i32 = 3;
export const TRUE: i32 = 4;
export const FALSE: i32 = 5;
export const NULL: i32 = 6;
export const OBJECT: i32 = 7;
export const ARRAY: i32 = 8;

// What is kept of a wanted value, as `plan.ts` numbers it.
export const NOTHING: i32 = 0;
const KIND: i32 = 1;
export const WHOLE: i32 = 3;
const TIME: i32 = 4;
const PORT: i32 = 5;
const SUM: i32 = 6;
const ADDRESS: i32 = 7;
const PATH: i32 = 8;
const TRAP: i32 = 9;

/** Keeps a text as the plan wants it: what of it, slot, group and rank are the first four bytes at `at`. False if it is left to the reference. */
export function keepText(at: usize, what: i32, kind: i32, p: usize, end: usize): bool {
  const slot: i32 = load<u8>(at, 1);
  const group: i32 = load<u8>(at, 2);
  const rank: i32 = load<u8>(at, 3);
  const length = end - p;
  switch (what) {
    case KIND:
      return put(group, slot, kind, p, 0);
    case TIME: {
      // In protojson an empty text is no value.
      if (length == 0) return true;
      const time = kind == STRING ? timeAt(p, end) : NaN;
      if (isNaN(time)) return false;
      setTime(rank, time);
      return true;
    }
    case PORT: {
      const port = kind == STRING ? wholeNumber(p, end, 5) : -1;
      if (port < 0 || port > 65535) return false;
      setPort(rank, <i32>port);
      return true;
    }
    case SUM:
      return keepSum(group, slot, kind, rank, p, end);
    case ADDRESS:
      return keepAddress(group, slot, kind, p, end);
    case PATH: {
      if (kind == ESCAPED) return put(group, slot, kind, p, length);
      const to = roomFor(group, length);
      if (to == 0) return false;
      keep(group, slot, kind, writePath(to, p, end));
      return true;
    }
    case TRAP:
      return false;
    default:
      return put(group, slot, kind, p, length);
  }
}

/** The same for a number or literal. */
export function keepScalar(at: usize, what: i32, kind: i32, p: usize, end: usize): bool {
  const slot: i32 = load<u8>(at, 1);
  const group: i32 = load<u8>(at, 2);
  switch (what) {
    case KIND:
      return put(group, slot, kind, p, 0);
    case TIME:
      return kind == NULL;
    case PORT: {
      if (kind == NULL) return true;
      const port = kind == NUMBER ? wholeNumber(p, end, 5) : -1;
      if (port < 0 || port > 65535) return false;
      setPort(load<u8>(at, 3), <i32>port);
      return true;
    }
    case SUM:
      return keepSum(group, slot, kind, load<u8>(at, 3), p, end);
    case TRAP:
      return false;
    default:
      return put(group, slot, kind, p, end - p);
  }
}

/** Sums of larger numbers would depend on their order. */
const MAX_DIGITS: i32 = 12;

/** A number is added up: its form says only that there is one. */
function keepSum(group: i32, slot: i32, kind: i32, rank: i32, p: usize, end: usize): bool {
  if (kind == ESCAPED || <i32>(end - p) > MAX_DIGITS) return false;
  const sum = kind == NUMBER || kind == STRING ? wholeNumber(p, end, MAX_DIGITS) : -1;
  if (sum < 0) return put(group, slot, kind, p, end - p);
  setSum(rank, sum);
  const to = roomFor(group, 1);
  if (to == 0) return false;
  store<u8>(to, 0x30);
  keep(group, slot, kind, 1);
  return true;
}

/** An address whose port is another one each time: any port but 0 is written as 1. */
function keepAddress(group: i32, slot: i32, kind: i32, p: usize, end: usize): bool {
  if (kind == ESCAPED) return put(group, slot, kind, p, end - p);
  let colon = end;
  while (colon > p && isDigit(load<u8>(colon - 1))) colon--;
  const digits = end - colon;
  const isFirst = isDigit(load<u8>(p)) || load<u8>(p) == 0x5b;
  if (!isFirst || digits < 1 || digits > 5 || colon == p || load<u8>(colon - 1) != 0x3a) return put(group, slot, kind, p, end - p);
  const port = wholeNumber(colon, end, 5);
  // A bare IPv6 address has several colons and no port.
  if (port < 1 || port > 65535 || (load<u8>(p) != 0x5b && holds(0x3a, p, colon - 1)) || (load<u8>(p) == 0x5b && load<u8>(colon - 2) != 0x5d)) return put(group, slot, kind, p, end - p);
  const length = colon - p;
  const to = roomFor(group, length + 1);
  if (to == 0) return false;
  copy(to, p, length);
  store<u8>(to + length, 0x31);
  keep(group, slot, kind, length + 1);
  return true;
}

function holds(byte: i32, p: usize, end: usize): bool {
  while (p < end) if (<i32>load<u8>(p++) == byte) return true;
  return false;
}

/** A whole number of at most so many digits; -1 if it is none. */
function wholeNumber(p: usize, end: usize, digits: i32): f64 {
  if (p == end || end - p > <usize>digits) return -1;
  let number: i64 = 0;
  while (p < end) {
    const byte: i32 = load<u8>(p++);
    if (!isDigit(byte)) return -1;
    number = number * 10 + (byte - 0x30);
  }
  return <f64>number;
}
