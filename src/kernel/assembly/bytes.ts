/**
 * Bytes, sixteen at a time. A text ends at the latest with the line (control characters are in no JSON string), so that no loop runs
 * away; that it ended within its record is asked once, at the record's end.
 */

const QUOTE: i8 = 0x22;
const BACKSLASH: i8 = 0x5c;

/** Set by `stringEnd`: the string holds an escape. */
export let isEscaped: bool = false;

/** Address of the closing quote of the string whose text begins at p; 0 if it is no JSON string. */
export function stringEnd(p: usize): usize {
  isEscaped = false;
  const quotes = i8x16.splat(QUOTE);
  const backslashes = i8x16.splat(BACKSLASH);
  const controls = i8x16.splat(0x20);
  while (true) {
    const bytes = v128.load(p);
    const mask = i8x16.bitmask(v128.or(v128.or(i8x16.eq(bytes, quotes), i8x16.eq(bytes, backslashes)), i8x16.lt_u(bytes, controls)));
    if (mask == 0) {
      p += 16;
      continue;
    }
    p += ctz(mask);
    const byte: i32 = load<u8>(p);
    if (byte == QUOTE) return p;
    if (byte != BACKSLASH) return 0;
    isEscaped = true;
    p = escapeEnd(p + 1);
    if (p == 0) return 0;
  }
  return 0;
}

/** Address behind the escape whose letter is at p; 0 if JSON knows none such. */
function escapeEnd(p: usize): usize {
  switch (<i32>load<u8>(p)) {
    case 0x22: // "
    case 0x5c: // \
    case 0x2f: // /
    case 0x62: // b
    case 0x66: // f
    case 0x6e: // n
    case 0x72: // r
    case 0x74: // t
      return p + 1;
    case 0x75: // u
      for (let i: usize = 1; i <= 4; i++) if (!isHex(load<u8>(p + i))) return 0;
      return p + 5;
    default:
      return 0;
  }
}

@inline
export function isDigit(byte: i32): bool {
  return <u32>(byte - 0x30) < 10;
}

@inline
function isLowerHex(byte: i32): bool {
  return isDigit(byte) || <u32>(byte - 0x61) < 6;
}

@inline
function isHex(byte: i32): bool {
  return isLowerHex(byte) || <u32>(byte - 0x41) < 6;
}

/** Address behind the number at p by the grammar of RFC 8259; 0 if there is none. */
export function numberEnd(p: usize): usize {
  if (load<u8>(p) == 0x2d) p++;
  if (load<u8>(p) == 0x30) p++;
  else if (isDigit(load<u8>(p))) {
    while (isDigit(load<u8>(p))) p++;
  } else return 0;
  if (load<u8>(p) == 0x2e) {
    p++;
    if (!isDigit(load<u8>(p))) return 0;
    while (isDigit(load<u8>(p))) p++;
  }
  if ((load<u8>(p) | 0x20) == 0x65) {
    p++;
    if (load<u8>(p) == 0x2b || load<u8>(p) == 0x2d) p++;
    if (!isDigit(load<u8>(p))) return 0;
    while (isDigit(load<u8>(p))) p++;
  }
  return p;
}

/** Whether two pieces of memory hold the same bytes. Reads up to fifteen bytes behind both. */
@inline
export function same(a: usize, b: usize, length: usize): bool {
  const end = a + length;
  while (a + 16 <= end) {
    if (v128.any_true(v128.xor(v128.load(a), v128.load(b)))) return false;
    a += 16;
    b += 16;
  }
  if (a == end) return true;
  const equal = i8x16.bitmask(i8x16.eq(v128.load(a), v128.load(b)));
  return ((equal | (0xffff << <i32>(end - a))) & 0xffff) == 0xffff;
}

const MIX: u64 = 0x9fb21c651e98df25;

/** Mixes all bytes into a hash: of one that left some out, clients would choose these. Two lanes, since each multiplication waits for the one before it. */
export function hashOf(p: usize, length: usize): u32 {
  let first: u64 = 0x9e3779b97f4a7c15 ^ length;
  let second: u64 = 0xbf58476d1ce4e5b9;
  const end = p + length;
  while (p + 16 <= end) {
    first = (first ^ load<u64>(p)) * MIX;
    second = (second ^ load<u64>(p, 8)) * MIX;
    first ^= first >> 32;
    second ^= second >> 32;
    p += 16;
  }
  if (p + 8 <= end) {
    first = (first ^ load<u64>(p)) * MIX;
    first ^= first >> 32;
    p += 8;
  }
  if (p < end) second = (second ^ (load<u64>(p) & ((<u64>1 << ((end - p) << 3)) - 1))) * MIX;
  first = (first ^ (second >> 29) ^ second) * MIX;
  return <u32>(first >> 32);
}

/** Copies sixteen bytes at a time, so that up to fifteen more are written than asked for. */
@inline
export function copy(to: usize, from: usize, length: usize): void {
  for (let i: usize = 0; i < length; i += 16) v128.store(to + i, v128.load(from + i));
}

let minuteBegin: u64 = 0;
let minuteEnd: u64 = 0;
let minuteMs: f64 = 0;

/** Milliseconds since 1970 of `2026-03-01T12:00:00.123456789Z`, fractions cut off; NaN for anything else. */
export function timeAt(p: usize, end: usize): f64 {
  if (end - p < 20) return NaN;
  if (load<u64>(p) != minuteBegin || load<u64>(p, 8) != minuteEnd) {
    minuteBegin = 0;
    if (!readMinute(p)) return NaN;
    minuteBegin = load<u64>(p);
    minuteEnd = load<u64>(p, 8);
  }
  if (load<u8>(p, 16) != 0x3a) return NaN;
  const tens: i32 = load<u8>(p, 17) - 0x30;
  const ones: i32 = load<u8>(p, 18) - 0x30;
  if (<u32>tens > 5 || <u32>ones > 9) return NaN;
  let ms: i32 = (tens * 10 + ones) * 1000;
  p += 19;
  if (load<u8>(p) == 0x2e) {
    p++;
    if (!isDigit(load<u8>(p))) return NaN;
    let scale: i32 = 100;
    while (isDigit(load<u8>(p))) {
      ms += <i32>(load<u8>(p) - 0x30) * scale;
      scale /= 10;
      p++;
    }
  }
  return load<u8>(p) == 0x5a && p + 1 == end ? minuteMs + <f64>ms : NaN;
}

@inline
function twoDigits(p: usize): i32 {
  const tens: i32 = <i32>load<u8>(p) - 0x30;
  const ones: i32 = <i32>load<u8>(p, 1) - 0x30;
  return <u32>tens > 9 || <u32>ones > 9 ? -1 : tens * 10 + ones;
}

/** `2026-03-01T12:00`; false for a date that does not exist. */
function readMinute(p: usize): bool {
  const century = twoDigits(p);
  const years = twoDigits(p + 2);
  const month = twoDigits(p + 5);
  const day = twoDigits(p + 8);
  const hour = twoDigits(p + 11);
  const minute = twoDigits(p + 14);
  if (century < 0 || years < 0 || load<u8>(p, 4) != 0x2d || load<u8>(p, 7) != 0x2d || load<u8>(p, 10) != 0x54 || load<u8>(p, 13) != 0x3a) return false;
  const year = century * 100 + years;
  if (year < 1970 || month < 1 || month > 12 || day < 1 || <u32>hour > 23 || <u32>minute > 59) return false;
  const isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  const days = month == 2 ? (isLeap ? 29 : 28) : month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
  if (day > days) return false;
  // Days since 1970 in the proleptic Gregorian calendar, with years that begin in March.
  const y = month <= 2 ? year - 1 : year;
  const era = y / 400;
  const ofEra = y - era * 400;
  const ofYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const sinceEpoch = era * 146097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719468;
  minuteMs = ((<f64>sinceEpoch * 24 + <f64>hour) * 60 + <f64>minute) * 60000;
  return true;
}

// What a byte of a path is.
const DIGIT: i32 = 1;
const LOWER_HEX: i32 = 2;
const UPPER_HEX: i32 = 4;
const LOWER: i32 = 8;
const UPPER: i32 = 16;
/** Between digits they make no word. */
const POINT: i32 = 32;
const COLON: i32 = 64;
/** Ends a segment's text within it. */
const CUT: i32 = 128;
/** Whoever has it is none of the path's own words. */
const ODD: i32 = 256;
const OTHER: i32 = 512;

const CLASSES: usize = memory.data(256 * 2, 16);

function classify(from: i32, to: i32, kind: i32): void {
  while (from <= to) store<u16>(CLASSES + (from++ << 1), <u16>kind);
}

classify(0, 255, ODD);
// !$&'()*+ and %~ are allowed, and say nothing.
classify(0x24, 0x2b, OTHER);
store<u16>(CLASSES + (0x21 << 1), <u16>OTHER);
store<u16>(CLASSES + (0x7e << 1), <u16>OTHER);
classify(0x2c, 0x2e, POINT);
store<u16>(CLASSES + (0x5f << 1), <u16>POINT);
classify(0x30, 0x39, DIGIT);
store<u16>(CLASSES + (0x3a << 1), <u16>(POINT | COLON));
store<u16>(CLASSES + (0x3b << 1), <u16>CUT);
store<u16>(CLASSES + (0x23 << 1), <u16>CUT);
classify(0x41, 0x46, UPPER_HEX);
classify(0x47, 0x5a, UPPER);
classify(0x61, 0x66, LOWER_HEX);
classify(0x67, 0x7a, LOWER);

/**
 * Writes a path without its query, and with 0 for each segment that identifies something, as far as that is quickly seen: whoever turns it into a
 * template writes `{id}` for these in any case (see `scan/path.ts`). Returns the length.
 */
export function writePath(to: usize, p: usize, end: usize): usize {
  const begin = to;
  const start = p;
  while (p < end && load<u8>(p) != 0x3f) {
    const first = p;
    let classes: i32 = 0;
    let digits: usize = 0;
    while (p < end) {
      const byte: i32 = load<u8>(p);
      if (byte == 0x2f || byte == 0x3f) break;
      const kind: i32 = load<u16>(CLASSES + (byte << 1));
      classes |= kind;
      digits += kind & DIGIT;
      p++;
    }
    const length = p - first;
    // What stands before the first slash may be a scheme.
    if (first != start && identifies(first, length, classes, digits)) store<u8>(to++, 0x30);
    else {
      copy(to, first, length);
      to += length;
    }
    if (p < end && load<u8>(p) == 0x2f) {
      store<u8>(to++, 0x2f);
      p++;
    }
  }
  return to - begin;
}

/** Numbers, long hexadecimal, UUIDs, tokens, addresses, and whatever is no plain text. */
function identifies(p: usize, length: usize, classes: i32, digits: usize): bool {
  if ((classes & CUT) != 0) return false;
  if ((classes & ODD) != 0 || length > 64 || ((classes & COLON) != 0 && digits > 0)) return true;
  if (digits == 0) return false;
  if ((classes & ~(DIGIT | POINT | COLON)) == 0) return isDigit(load<u8>(p));
  const hex = DIGIT | LOWER_HEX;
  if ((classes & ~hex) == 0) return length >= 8;
  if ((classes & ~(hex | UPPER_HEX)) == 0 && length >= 16) return true;
  if (length >= 12 && digits >= 3 && (classes & (LOWER | LOWER_HEX)) != 0 && (classes & (UPPER | UPPER_HEX)) != 0) return true;
  return length == 36 && (classes & ~(hex | UPPER_HEX | POINT)) == 0 && isUuid(p);
}

/** Digits, hexadecimal letters and points are all there is. */
function isUuid(p: usize): bool {
  let i: usize = 0;
  while (i < 36) {
    const isHyphen = i == 8 || i == 13 || i == 18 || i == 23;
    const byte: i32 = load<u8>(p + i);
    if (isHyphen ? byte != 0x2d : !isHex(byte)) return false;
    i++;
  }
  return true;
}
