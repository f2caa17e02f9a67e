/** One record as it is put together: the groups of its values, its time, its ports and its sums. */
import { copy } from './bytes';
import { addToBundle, besideAt, countBeside, entryOf, formAt, holds, isWithin, operationOf, outcomeOf, partOf, roleOf, ruleOf, seatOf, see, showsEnds, workloadOf } from './intern';
import { ASKED, COUNT_SIZE, COUNTS, GROUPS, MAX_NODE_PARTS, MAX_OUTCOMES, SCRATCH, SCRATCH_SIZE } from './memory';

/** What becomes of a record. `UNSURE` leaves it to the reference decoder; with `ASK`, JavaScript has to say what some entries are first; with `NO_ROOM`, everything has to be forgotten first. */
export const DONE: i32 = 0;
export const UNSURE: i32 = 1;
export const ASK: i32 = 2;
export const NO_ROOM: i32 = 3;

// Where each group's bytes end, and a hash of what it holds so far. Globals: five small ones, which the compiler keeps apart.
const TOPS: usize = memory.data(GROUPS * 4);
const SALTS: usize = memory.data(GROUPS * 4);
const KEY: usize = memory.data(32, 16);

/** NaN while there is none; the second counts where there is no first. */
export let firstTime: f64 = NaN;
export let secondTime: f64 = NaN;
export let firstPort: i32 = 0;
export let secondPort: i32 = 0;
export let firstSum: f64 = 0;
export let secondSum: f64 = 0;

export function begin(): void {
  let group = 0;
  while (group < GROUPS) {
    store<usize>(TOPS + (group << 2), SCRATCH + group * SCRATCH_SIZE);
    store<u32>(SALTS + (group << 2), 0);
    group++;
  }
  firstTime = NaN;
  secondTime = NaN;
  firstPort = 0;
  secondPort = 0;
  firstSum = 0;
  secondSum = 0;
}

export function setTime(rank: i32, time: f64): void {
  if (rank == 0) firstTime = time;
  else secondTime = time;
}

export function setPort(rank: i32, port: i32): void {
  if (rank == 0) firstPort = port;
  else secondPort = port;
}

export function setSum(rank: i32, sum: f64): void {
  if (rank == 0) firstSum = sum;
  else secondSum = sum;
}

@inline
export function saltOf(group: i32): u32 {
  return load<u32>(SALTS + (group << 2));
}

/** Room for the bytes of a value; 0 if there is none. They are kept by `keep`. */
@inline
export function roomFor(group: i32, length: usize): usize {
  const top = load<usize>(TOPS + (group << 2));
  return top + length + 32 > SCRATCH + (group + 1) * SCRATCH_SIZE ? 0 : top + 4;
}

@inline
export function keep(group: i32, slot: i32, kind: i32, length: usize): void {
  const top = load<usize>(TOPS + (group << 2));
  store<u32>(top, slot | (kind << 8) | (<u32>length << 16));
  store<usize>(TOPS + (group << 2), top + 4 + length);
}

/** Puts a value's kind and bytes into its group. False if there is no room. */
export function put(group: i32, slot: i32, kind: i32, p: usize, length: usize): bool {
  const to = roomFor(group, length);
  if (to == 0) return false;
  copy(to, p, length);
  keep(group, slot, kind, length);
  if (length > 7) store<u32>(SALTS + (group << 2), saltOf(group) * 0x9e3779b1 + load<u32>(p + length - 4) + load<u32>(p + length - 8));
  return true;
}

/** Stands for the length of a value that is kept by its number. */
const BY_NUMBER: u32 = 0xffff;

/** Puts an object or array, which was read before, into its group by its number. */
export function putNumber(group: i32, slot: i32, kind: i32, number: i32): bool {
  const to = roomFor(group, 4);
  if (to == 0) return false;
  store<i32>(to, number);
  store<u32>(to - 4, slot | (kind << 8) | (BY_NUMBER << 16));
  store<usize>(TOPS + (group << 2), to + 4);
  return true;
}

/** The part of a group that holds nothing. */
const NOTHING: i32 = 0;
/** The group of requests, each with its operation. */
const OPERATION_GROUP: i32 = 3;

// What the manner of a record says of its form, as `collector.ts` numbers it.
const FIRST_PORT: i32 = 1;
const SECOND_PORT: i32 = 2;
const BACKWARDS: i32 = 4;
const OPENS: i32 = 8;
const ENDS_AS_THEY_ARE: i32 = 16;
const NO_FORM: i32 = 32;

// Ends that are told by lines of one side alone: with both, it is another line.
const ARRIVING: i32 = 64;
const LEAVING: i32 = 128;

/** Marks the number of a role among those of parts. */
const ROLE: i32 = 1 << 30;
/** Marks the number of a seat among those of operations. */
const POD: i32 = 1 << 30;

/** Whether a record of which there is nothing but a time is left to the reference. */
let leavesEmpty: bool = false;

export function setLeavesEmpty(leaves: bool): void {
  leavesEmpty = leaves;
}

export let form: usize = 0;
/** Entries of the two ends, 0 for none, and the node's part. */
export let firstEnd: usize = 0;
export let secondEnd: usize = 0;
export let node: i32 = 0;
/** Where its operation, and its client's pod, are counted beside its form; 0 if they are not. */
export let performed: usize = 0;
export let opened: usize = 0;

@inline
export function time(): f64 {
  return isNaN(firstTime) ? secondTime : firstTime;
}

/** Finds the record's form. With `named`, an end of it is named elsewhere. */
export function findForm(origin: i32, named: bool): i32 {
  let asked = 0;
  let rule = named ? ENDS_AS_THEY_ARE : 0;
  let group = 0;
  let isEmpty = true;
  let operation = -1;
  firstEnd = secondEnd = 0;
  while (group < GROUPS) {
    const base = SCRATCH + group * SCRATCH_SIZE;
    const length = load<usize>(TOPS + (group << 2)) - base;
    let part = NOTHING;
    if (length > 0) {
      isEmpty = false;
      const entry = entryOf(group, base, length);
      if (entry < 2) return entry == 0 ? NO_ROOM : UNSURE;
      part = partOf(entry);
      if (part < 0) asked = ask(asked, entry);
      rule |= ruleOf(entry);
      if (group == 0) firstEnd = entry;
      else if (group == 1) secondEnd = entry;
      else if (group == OPERATION_GROUP) operation = operationOf(entry);
    }
    store<i32>(KEY + (group << 2), part);
    group++;
  }
  store<i32>(ASKED, asked);
  if (asked > 0) return ASK;
  if ((rule & NO_FORM) != 0 || (isEmpty && leavesEmpty)) return UNSURE;
  node = load<i32>(KEY, (GROUPS - 1) * 4);
  if (node >= MAX_NODE_PARTS) return NO_ROOM;
  const client = useRoles(rule);
  if (client == ASK_ROLES) return ASK;
  // The client's port is another one each time: only the ports that tell something are part of the form.
  store<u32>(KEY, (rule & FIRST_PORT ? firstPort : 0) | ((rule & SECOND_PORT ? secondPort : 0) << 16), GROUPS * 4);
  store<i32>(KEY, origin, GROUPS * 4 + 4);
  form = formAt(KEY);
  if (form < 2) return form == 0 ? NO_ROOM : UNSURE;
  performed = operation < 0 ? 0 : besideAt(form, operation);
  opened = client < 0 ? 0 : besideAt(form, client | POD);
  if ((operation >= 0 && performed == 0) || (client >= 0 && opened == 0)) return NO_ROOM;
  return performed == 1 || opened == 1 ? UNSURE : DONE;
}

function ask(asked: i32, entry: usize): i32 {
  store<u32>(ASKED + 4 + (asked << 2), <u32>entry);
  store<f64>(ASKED, time(), 32);
  return asked + 1;
}

const ASK_ROLES: i32 = -2;

/**
 * Between two workloads it makes no difference which of their pods they are; the client's is counted beside the form, where a connection is opened. So there are as many forms as edges, not as pairs
 * of pods: of a million records, 100,000 bundles instead of 515,000. The node is counted by itself; its place says whether this is so. Gives the seat of the pod that is counted, -1 for none.
 */
@inline
function useRoles(rule: i32): i32 {
  store<i32>(KEY, 0, (GROUPS - 1) * 4);
  if (firstEnd == 0 || secondEnd == 0 || (rule & ENDS_AS_THEY_ARE) != 0 || (rule & (ARRIVING | LEAVING)) == (ARRIVING | LEAVING)) return -1;
  const now = time();
  let asked = 0;
  if (!holds(firstEnd, now)) asked = ask(asked, firstEnd);
  if (!holds(secondEnd, now)) asked = ask(asked, secondEnd);
  store<i32>(ASKED, asked);
  if (asked > 0) return ASK_ROLES;
  const first = roleOf(firstEnd);
  const second = roleOf(secondEnd);
  if (first < 0 || second < 0 || workloadOf(firstEnd) == workloadOf(secondEnd)) return -1;
  store<i32>(KEY, first | ROLE);
  store<i32>(KEY, second | ROLE, 4);
  store<i32>(KEY, 1, (GROUPS - 1) * 4);
  return (rule & OPENS) == 0 ? -1 : seatOf((rule & BACKWARDS) == 0 ? firstEnd : secondEnd);
}

/** Counts the record into its form's bundle and its node's count; false if its time lies outside the window of one of them. */
export function count(): bool {
  return countInto(form, node, firstEnd, secondEnd, performed, opened, time(), firstSum, secondSum);
}

/** The same for a record that was read before: another one may be waiting for its form. */
export function countInto(form: usize, node: i32, firstEnd: usize, secondEnd: usize, performed: usize, opened: usize, time: f64, firstSum: f64, secondSum: f64): bool {
  if (!isWithin(form, time)) return false;
  const nodeCount = COUNTS + (node * MAX_OUTCOMES + outcomeOf(form)) * COUNT_SIZE;
  if (time < load<f64>(nodeCount) || time > load<f64>(nodeCount, 8)) return false;
  store<f64>(nodeCount, load<f64>(nodeCount, 16) + 1, 16);
  store<f64>(nodeCount, max(load<f64>(nodeCount, 24), time), 24);
  addToBundle(form, time, firstSum, secondSum);
  if (performed != 0) countBeside(performed);
  if (opened != 0) countBeside(opened);
  if (showsEnds(form)) {
    see(firstEnd, time);
    see(secondEnd, time);
  }
  return true;
}
