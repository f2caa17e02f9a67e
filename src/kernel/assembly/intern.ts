/**
 * What was read before, by its bytes: a hash finds it, the bytes decide. Whoever chooses hashes to collide is left alone after a few
 * probes; his records are read the slow way.
 */
import { copy, hashOf, same } from './bytes';
import {
  BESIDE, BESIDE_INDEX, BESIDE_INDEX_SIZE, BESIDE_SIZE, COUNT_SIZE, COUNTS, ENTRIES, ENTRY_BYTES, ENTRY_BYTES_SIZE, ENTRY_INDEX, ENTRY_INDEX_SIZE, ENTRY_SIZE, FORM_INDEX, FORM_INDEX_SIZE, FORM_SIZE, FORMS, MAX_BESIDE, MAX_ENTRIES, MAX_FORMS, MAX_NODE_PARTS, MAX_OUTCOMES, MAX_VALUES, VALUE_BYTES, VALUE_BYTES_SIZE, VALUE_CACHE,
  VALUE_CACHE_SIZE, VALUE_INDEX, VALUE_INDEX_SIZE, VALUE_SIZE, VALUES, SUMS,
} from './memory';

const MAX_PROBES: i32 = 32;

/** A table has no room: everything has to be forgotten before the record can be read. */
export const FULL: i32 = -1;
/** Too many others have its hash. */
export const CROWDED: i32 = -2;

let values: i32 = 0;
let valueBytes: usize = 0;
let entries: i32 = 0;
let entryBytes: usize = 0;
export let forms: i32 = 0;
let besides: i32 = 0;

export function forget(): void {
  // Pages that were never touched cost nothing.
  if (besides > 0) memory.fill(BESIDE_INDEX, 0, BESIDE_INDEX_SIZE * 4);
  values = entries = forms = besides = 0;
  valueBytes = entryBytes = 0;
  memory.fill(VALUE_INDEX, 0, VALUE_INDEX_SIZE * 4);
  memory.fill(VALUE_CACHE, 0, VALUE_CACHE_SIZE * 4);
  memory.fill(ENTRY_INDEX, 0, ENTRY_INDEX_SIZE * 4);
  memory.fill(FORM_INDEX, 0, FORM_INDEX_SIZE * 4);
  memory.fill(COUNTS, 0, MAX_NODE_PARTS * MAX_OUTCOMES * COUNT_SIZE);
}

// A value: hash u32, length u32, address u32.

/** The number of the object or array that begins at p, if it was read before; else -1. Its beginning and `salt` find it, all its bytes decide: equal bytes end where they ended then. */
@inline
export function knownValue(p: usize, salt: u32): i32 {
  const number = load<i32>(cacheSlot(p, salt)) - 1;
  if (number < 0) return -1;
  const value = VALUES + number * VALUE_SIZE;
  return same(p, load<u32>(value, 8), load<u32>(value, 4)) ? number : -1;
}

@inline
function cacheSlot(p: usize, salt: u32): usize {
  // The first 32 bytes of Cilium's endpoints hold the number of their identity.
  let hash = ((load<u64>(p) ^ salt) * 0x9fb21c651e98df25) ^ (load<u64>(p, 8) * 0xbf58476d1ce4e5b9) ^ (load<u64>(p, 16) * 0x94d049bb133111eb) ^ (load<u64>(p, 24) * 0xd6e8feb86659fd93);
  hash = (hash ^ (hash >> 32)) * 0x9fb21c651e98df25;
  return VALUE_CACHE + ((<u32>(hash >> 40) & (VALUE_CACHE_SIZE - 1)) << 2);
}

@inline
export function valueLength(number: i32): usize {
  return load<u32>(VALUES + number * VALUE_SIZE, 4);
}

/** The number of an object or array that was read through. */
export function internValue(p: usize, length: usize, salt: u32): i32 {
  const hash = hashOf(p, length);
  let slot = hash & (VALUE_INDEX_SIZE - 1);
  let probes = 0;
  while (probes < MAX_PROBES) {
    const number = load<i32>(VALUE_INDEX + (slot << 2)) - 1;
    if (number < 0) break;
    const value = VALUES + number * VALUE_SIZE;
    if (load<u32>(value) == hash && load<u32>(value, 4) == <u32>length && same(p, load<u32>(value, 8), length)) {
      store<i32>(cacheSlot(p, salt), number + 1);
      return number;
    }
    slot = (slot + 1) & (VALUE_INDEX_SIZE - 1);
    probes++;
  }
  if (probes == MAX_PROBES) return CROWDED;
  if (values == MAX_VALUES || valueBytes + length + 16 > VALUE_BYTES_SIZE) return FULL;
  const value = VALUES + values * VALUE_SIZE;
  const address = VALUE_BYTES + valueBytes;
  memory.copy(address, p, length);
  store<u32>(value, hash);
  store<u32>(value, <u32>length, 4);
  store<u32>(value, <u32>address, 8);
  valueBytes += length;
  store<i32>(VALUE_INDEX + (slot << 2), ++values);
  store<i32>(cacheSlot(p, salt), values);
  return values - 1;
}

// An entry: of an end the number of its workload i32; length u16, group u8, what JavaScript says of it (rule u8, part i32, -1 until it is asked, and i32 its role, if it is an end, or the number of its
// operation, -1 for none), when it was seen first and last f64; then its bytes, or where they lie; then, of an end, the times between which its role holds f64, and the number of its seat i32: who
// it is within these times.

const WORKLOAD: usize = 0;
const LENGTH: usize = 4;
const GROUP: usize = 6;
const RULE: usize = 7;
const PART: usize = 8;
const ROLE_OR_OPERATION: usize = 12;
const FIRST_SEEN: usize = 16;
const LAST_SEEN: usize = 24;
const BYTES: usize = 32;
const HOLDS_FROM: usize = 96;
const HOLDS_UNTIL: usize = 104;
const SEAT: usize = 112;

/** As many bytes lie in the entry itself. */
const INLINE: usize = HOLDS_FROM - BYTES;

@inline
export function partOf(entry: usize): i32 {
  return load<i32>(entry, PART);
}

@inline
export function roleOf(entry: usize): i32 {
  return load<i32>(entry, ROLE_OR_OPERATION);
}

@inline
export function operationOf(entry: usize): i32 {
  return load<i32>(entry, ROLE_OR_OPERATION);
}

@inline
export function workloadOf(entry: usize): i32 {
  return load<i32>(entry, WORKLOAD);
}

@inline
export function seatOf(entry: usize): i32 {
  return load<i32>(entry, SEAT);
}

/** Whether what JavaScript said of an end's role is so at this time. */
@inline
export function holds(entry: usize, time: f64): bool {
  return load<f64>(entry, HOLDS_FROM) <= time && time <= load<f64>(entry, HOLDS_UNTIL);
}

@inline
export function ruleOf(entry: usize): i32 {
  return load<u8>(entry, RULE);
}

@inline
export function see(entry: usize, time: f64): void {
  store<f64>(entry, min(load<f64>(entry, FIRST_SEEN), time), FIRST_SEEN);
  store<f64>(entry, max(load<f64>(entry, LAST_SEEN), time), LAST_SEEN);
}

/** Of what an index holds, the lower bits are a number, and the others bits of its hash: who is not looked for is not looked at. */
const NUMBERS: u32 = 0x7ffff;

/** The address of what was put together of a group; 0 if there is no room, 1 if too many others have its hash. */
export function entryOf(group: i32, p: usize, length: usize): usize {
  const hash = hashOf(p, length) + <u32>group * 0x9e3779b9;
  const tag = hash & ~NUMBERS;
  const what = <u32>length | (group << 16);
  let slot = (hash ^ (hash >> 14)) & (ENTRY_INDEX_SIZE - 1);
  let probes = 0;
  while (probes < MAX_PROBES) {
    const found = load<u32>(ENTRY_INDEX + (slot << 2));
    if (found == 0) return newEntry(ENTRY_INDEX + (slot << 2), tag, group, p, length);
    if ((found & ~NUMBERS) == tag) {
      const entry = ENTRIES + ((found & NUMBERS) - 1) * ENTRY_SIZE;
      if ((load<u32>(entry, LENGTH) & 0xffffff) == what && same(p, length > INLINE ? load<usize>(entry, BYTES) : entry + BYTES, length)) return entry;
    }
    slot = (slot + 1) & (ENTRY_INDEX_SIZE - 1);
    probes++;
  }
  return 1;
}

function newEntry(place: usize, tag: u32, group: i32, p: usize, length: usize): usize {
  if (entries == MAX_ENTRIES || entryBytes + length > ENTRY_BYTES_SIZE) return 0;
  const entry = ENTRIES + entries * ENTRY_SIZE;
  store<u32>(place, <u32>(++entries) | tag);
  store<u32>(entry, <u32>length | (group << 16), LENGTH);
  store<i32>(entry, -1, PART);
  store<i32>(entry, -1, ROLE_OR_OPERATION);
  store<f64>(entry, Infinity, FIRST_SEEN);
  store<f64>(entry, -Infinity, LAST_SEEN);
  if (length <= INLINE) memory.copy(entry + BYTES, p, length);
  else {
    store<u32>(entry, <u32>(ENTRY_BYTES + entryBytes), BYTES);
    memory.copy(ENTRY_BYTES + entryBytes, p, length);
    entryBytes += length;
  }
  return entry;
}

// A form: its key (seven times u32, see `record.ts`), what its records are counted as u8, whether they show their ends u8, two bytes unused; then its bundle: the begin of its window f64 and how
// long that is u32, how many records there are u32, the first and the last, in milliseconds since the begin, u32, in which of the hour's slots there were some, a bit each, and
// the address of something that is counted beside it, 0 for none.

const OUTCOME: usize = 28;
const SHOWS_ENDS: usize = 29;
const FROM: usize = 32;
const SPAN: usize = 40;
const RECORDS: usize = 44;
const FIRST: usize = 48;
const LAST: usize = 52;
const SLOTS: usize = 56;
const FIRST_BESIDE: usize = 60;

/** Milliseconds, as `model/edge.ts` says. */
const SLOT: f64 = 600000;

/** The address of a form; 0 if there is no room, 1 if too many others have its hash. `key` has 32 bytes, of which the last four are 0. */
export function formAt(key: usize): usize {
  const low = v128.load(key);
  const third = load<u64>(key, 16);
  const fourth = load<u32>(key, 24);
  let hash = ((load<u64>(key) ^ 0x9e3779b97f4a7c15) * 0x9fb21c651e98df25) ^ (load<u64>(key, 8) * 0xbf58476d1ce4e5b9);
  hash = ((hash ^ (hash >> 32)) * 0x94d049bb133111eb) ^ (third * 0x9fb21c651e98df25) ^ (<u64>fourth * 0xd6e8feb86659fd93);
  hash = (hash ^ (hash >> 32)) * 0x9fb21c651e98df25;
  const tag = <u32>(hash >> 32) & ~NUMBERS;
  let slot = <u32>(hash >> 20) & (FORM_INDEX_SIZE - 1);
  let probes = 0;
  while (probes < MAX_PROBES) {
    const found = load<u32>(FORM_INDEX + (slot << 2));
    if (found == 0) break;
    if ((found & ~NUMBERS) == tag) {
      const form = FORMS + ((found & NUMBERS) - 1) * FORM_SIZE;
      if (!v128.any_true(v128.xor(low, v128.load(form))) && ((third ^ load<u64>(form, 16)) | (fourth ^ load<u32>(form, 24))) == 0) return form;
    }
    slot = (slot + 1) & (FORM_INDEX_SIZE - 1);
    probes++;
  }
  if (probes == MAX_PROBES) return 1;
  if (forms == MAX_FORMS) return 0;
  const form = FORMS + forms * FORM_SIZE;
  v128.store(form, low);
  v128.store(form, v128.load(key, 16), 16);
  store<f64>(form, Infinity, FROM);
  store<u32>(form, 0, RECORDS);
  store<u32>(form, 0, FIRST_BESIDE);
  store<u32>(FORM_INDEX + (slot << 2), <u32>(++forms) | tag);
  return form;
}

@inline
export function outcomeOf(form: usize): i32 {
  return load<u8>(form, OUTCOME);
}

@inline
export function showsEnds(form: usize): bool {
  return load<u8>(form, SHOWS_ENDS) != 0;
}

/** Whether a time lies within the window of a form's bundle. */
@inline
export function isWithin(form: usize, time: f64): bool {
  const since = time - load<f64>(form, FROM);
  return since >= 0 && since <= <f64>load<u32>(form, SPAN);
}

export function addToBundle(form: usize, time: f64, firstSum: f64, secondSum: f64): void {
  const since = <u32>(time - load<f64>(form, FROM));
  store<u32>(form, load<u32>(form, RECORDS) + 1, RECORDS);
  store<u32>(form, min(load<u32>(form, FIRST), since), FIRST);
  store<u32>(form, max(load<u32>(form, LAST), since), LAST);
  store<u32>(form, load<u32>(form, SLOTS) | (1 << (<u32>(time / SLOT) % 6)), SLOTS);
  if (firstSum == 0 && secondSum == 0) return;
  const sums = SUMS + ((form - FORMS) >> 2);
  store<f64>(sums, load<f64>(sums) + firstSum);
  store<f64>(sums, load<f64>(sums, 8) + secondSum, 8);
}

// What is counted beside a form: the form's address u32, the number of an operation, or of a seat with POD, u32, how many records of the form's bundle u32, the address of the form's next one u32.

const OF_FORM: usize = 0;
const WHAT: usize = 4;
const TIMES: usize = 8;
const NEXT: usize = 12;

/** As NUMBERS, of a larger table. */
const BESIDE_NUMBERS: u32 = 0x1fffff;

/** The address of what is counted beside a form; 0 if there is no room, 1 if too many others have its hash. */
export function besideAt(form: usize, what: i32): usize {
  let hash = ((<u64>form << 32) | <u64>what) * 0x9fb21c651e98df25;
  hash = (hash ^ (hash >> 32)) * 0xd6e8feb86659fd93;
  const tag = <u32>(hash >> 32) & ~BESIDE_NUMBERS;
  let slot = <u32>(hash >> 20) & (BESIDE_INDEX_SIZE - 1);
  let probes = 0;
  while (probes < MAX_PROBES) {
    const found = load<u32>(BESIDE_INDEX + (slot << 2));
    if (found == 0) break;
    if ((found & ~BESIDE_NUMBERS) == tag) {
      const at = BESIDE + ((found & BESIDE_NUMBERS) - 1) * BESIDE_SIZE;
      if (load<u32>(at, OF_FORM) == <u32>form && load<i32>(at, WHAT) == what) return at;
    }
    slot = (slot + 1) & (BESIDE_INDEX_SIZE - 1);
    probes++;
  }
  if (probes == MAX_PROBES) return 1;
  if (besides == MAX_BESIDE) return 0;
  const at = BESIDE + besides * BESIDE_SIZE;
  store<u32>(at, <u32>form, OF_FORM);
  store<i32>(at, what, WHAT);
  store<u32>(at, 0, TIMES);
  store<u32>(at, load<u32>(form, FIRST_BESIDE), NEXT);
  store<u32>(form, <u32>at, FIRST_BESIDE);
  store<u32>(BESIDE_INDEX + (slot << 2), <u32>(++besides) | tag);
  return at;
}

@inline
export function countBeside(at: usize): void {
  store<u32>(at, load<u32>(at, TIMES) + 1, TIMES);
}
