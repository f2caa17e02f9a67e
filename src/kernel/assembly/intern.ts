/**
 * What was read before, by its bytes: a hash finds it, the bytes decide. Whoever chooses hashes to collide is left alone after a few
 * probes; his records are read the slow way.
 */
import { copy, hashOf, same } from './bytes';
import {
  COUNT_SIZE, COUNTS, ENTRIES, ENTRY_BYTES, ENTRY_BYTES_SIZE, ENTRY_SIZE, ENTRY_SLOTS, FORM_INDEX, FORM_INDEX_SIZE, FORM_SIZE, FORMS, MAX_ENTRIES, MAX_FORMS, MAX_NODE_PARTS, MAX_OUTCOMES, MAX_VALUES, VALUE_BYTES, VALUE_BYTES_SIZE, VALUE_CACHE,
  VALUE_CACHE_SIZE, VALUE_INDEX, VALUE_INDEX_SIZE, VALUE_SIZE, VALUES,
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

export function forget(): void {
  values = entries = forms = 0;
  valueBytes = entryBytes = 0;
  memory.fill(VALUE_INDEX, 0, VALUE_INDEX_SIZE * 4);
  memory.fill(VALUE_CACHE, 0, VALUE_CACHE_SIZE * 4);
  memory.fill(ENTRIES, 0, ENTRY_SLOTS * ENTRY_SIZE);
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

// An entry: hash u32 (0 is a free place), length u32, address of its bytes u32, group u8, what JavaScript says of it (rule u8, part i32, -1 until it is asked, role i32, -1 for none), when it
// was seen first and last f64; then its bytes, if there is room.

const ENTRY_BYTES_AT: i32 = 40;
const INLINE: i32 = ENTRY_SIZE - ENTRY_BYTES_AT;

@inline
export function partOf(entry: usize): i32 {
  return load<i32>(entry, 16);
}

@inline
export function roleOf(entry: usize): i32 {
  return load<i32>(entry, 20);
}

@inline
export function ruleOf(entry: usize): i32 {
  return load<u8>(entry, 13);
}

/** The address of what was put together of a group; 0 if there is no room, 1 if too many others have its hash. */
export function entryOf(group: i32, p: usize, length: usize): usize {
  const hash = (hashOf(p, length) + <u32>group * 0x9e3779b9) | 1;
  let slot = (hash >> 1) & (ENTRY_SLOTS - 1);
  let probes = 0;
  while (probes < MAX_PROBES) {
    const entry = ENTRIES + slot * ENTRY_SIZE;
    const found = load<u32>(entry);
    if (found == hash && load<u32>(entry, 4) == <u32>length && load<u8>(entry, 12) == group && same(p, load<u32>(entry, 8), length)) return entry;
    if (found == 0) return newEntry(entry, hash, group, p, length);
    slot = (slot + 1) & (ENTRY_SLOTS - 1);
    probes++;
  }
  return 1;
}

function newEntry(entry: usize, hash: u32, group: i32, p: usize, length: usize): usize {
  if (entries == MAX_ENTRIES || entryBytes + length + 16 > ENTRY_BYTES_SIZE) return 0;
  let address = entry + ENTRY_BYTES_AT;
  if (<i32>length > INLINE) {
    address = ENTRY_BYTES + entryBytes;
    entryBytes += length;
  }
  memory.copy(address, p, length);
  entries++;
  store<u32>(entry, hash);
  store<u32>(entry, <u32>length, 4);
  store<u32>(entry, <u32>address, 8);
  store<u32>(entry, group, 12);
  store<i32>(entry, -1, 16);
  store<i32>(entry, -1, 20);
  store<f64>(entry, Infinity, 24);
  store<f64>(entry, -Infinity, 32);
  return entry;
}

// A form: its key (see `record.ts`), then its bundle: the window's first and last millisecond f64, records f64, first and last time f64, the sums f64, what becomes of its records u32, whether they show their ends u32.

/** The address of a form; 0 if there is no room, 1 if too many others have its hash. */
export function formAt(key: usize): usize {
  let hash = ((load<u64>(key) ^ 0x9e3779b97f4a7c15) * 0x9fb21c651e98df25) ^ (load<u64>(key, 8) * 0xbf58476d1ce4e5b9);
  hash = ((hash ^ (hash >> 32)) * 0x94d049bb133111eb) ^ (load<u64>(key, 16) * 0x9fb21c651e98df25) ^ (load<u64>(key, 24) * 0xd6e8feb86659fd93);
  hash = (hash ^ (hash >> 32)) * 0x9fb21c651e98df25;
  // The index holds some bits of the hash beside the number: who is not looked for is not looked at.
  const tag = <u32>(hash >> 32) & ~(MAX_FORMS * 2 - 1);
  const low = v128.load(key);
  const high = v128.load(key, 16);
  let slot = <u32>(hash >> 20) & (FORM_INDEX_SIZE - 1);
  let probes = 0;
  while (probes < MAX_PROBES) {
    const found = load<u32>(FORM_INDEX + (slot << 2));
    if (found == 0) break;
    if ((found & ~(MAX_FORMS * 2 - 1)) == tag) {
      const form = FORMS + ((found & (MAX_FORMS * 2 - 1)) - 1) * FORM_SIZE;
      if (!v128.any_true(v128.or(v128.xor(low, v128.load(form)), v128.xor(high, v128.load(form, 16))))) return form;
    }
    slot = (slot + 1) & (FORM_INDEX_SIZE - 1);
    probes++;
  }
  if (probes == MAX_PROBES) return 1;
  if (forms == MAX_FORMS) return 0;
  const form = FORMS + forms * FORM_SIZE;
  v128.store(form, low);
  v128.store(form, high, 16);
  store<f64>(form, Infinity, 32);
  store<f64>(form, -Infinity, 40);
  store<f64>(form, 0, 48);
  store<u32>(FORM_INDEX + (slot << 2), <u32>(++forms) | tag);
  return form;
}
