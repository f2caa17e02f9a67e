import type { Records } from '../collector.ts';
import type { Window } from '../model/flow.ts';
import type { Group, Plan } from '../scan/plan.ts';
import { ABSENT, type Slots } from '../scan/slots.ts';
import { instantiate, type Constants, type Exports } from './module.ts';
import { writePlan } from './write-plan.ts';

/** Why the kernel stopped, as `assembly/record.ts` numbers it. */
const ASK = 2;
const NO_ROOM = 3;

/** A group's length that stands for the number of a value. */
const BY_NUMBER = 0xffff;

export type Stop = 'done' | 'ask' | 'no-room';

/** A control character, so that whatever reads over the end of the last record stops. */
const LINE_END = 0x0a;

/** Offsets in bytes, as `assembly/intern.ts` and `rows.ts` lay them out. */
const FORM = { parts: 0, anyPods: 16, ports: 20, origin: 24, outcome: 28, showsEnds: 29, from: 32, span: 40, records: 44, first: 48, last: 52, slots: 56, beside: 60 } as const;
const ENTRY = { workload: 0, length: 4, group: 6, rule: 7, part: 8, roleOrOperation: 12, first: 16, last: 24, bytes: 32, holdsFrom: 96, holdsUntil: 104, seat: 112 } as const;
/** Longer bytes of an entry lie elsewhere. */
const INLINE = 64;
const ROW = { form: 0, node: 4, time: 16, firstSum: 24, secondSum: 32 } as const;
const BESIDE = { what: 4, records: 8, next: 12 } as const;
/** Of the time of a record that is asked about. */
const ASKED_TIME = 32;
const COUNT = { from: 0, until: 8, records: 16, last: 24 } as const;

/** Marks the number of a role among those of parts. */
const ROLE = 1 << 30;
/** Marks the number of a seat among those of operations. */
const POD = 1 << 30;

/** The kernel's memory and calls, by the words of what lies there. Forms, entries and rows are addresses in it. */
export class Kernel {
  readonly bytes: Buffer;
  readonly #exports: Exports;
  readonly #at: Constants;
  readonly #integers: Int32Array;
  readonly #numbers: Float64Array;

  constructor(module: WebAssembly.Module) {
    const { exports, constants } = instantiate(module);
    this.#exports = exports;
    this.#at = constants;
    this.bytes = Buffer.from(exports.memory.buffer);
    this.#integers = new Int32Array(exports.memory.buffer);
    this.#numbers = new Float64Array(exports.memory.buffer);
  }

  /** Forgets all forms, and reads by this plan from now on. False if the plan does not fit. */
  begin(plan: Plan): boolean {
    this.#exports.forget();
    return writePlan(plan, this.#exports, this.bytes, this.#at.WINDOW);
  }

  forget(): void {
    this.#exports.forget();
  }

  /** Brings records from `from` on into the window, as many as there is room for (none, if the first alone is too long); gives the number of the first that is not there. */
  load({ bytes, starts, ends, count }: Records, from: number): number {
    const { WINDOW, WINDOW_SIZE, MAX_RECORDS, STARTS, ENDS } = this.#at;
    let [first, last] = [Infinity, 0];
    let to = from;
    for (; to < count && to - from < MAX_RECORDS; to++) {
      const begin = Math.min(first, starts[to]!);
      const end = Math.max(last, ends[to]!);
      if (end - begin > WINDOW_SIZE) break;
      [first, last] = [begin, end];
    }
    if (to === from) return from;
    bytes.copy(this.bytes, WINDOW, first, last);
    this.bytes.fill(LINE_END, WINDOW + last - first, WINDOW + last - first + 64);
    for (let i = from; i < to; i++) {
      this.#integers[(STARTS >> 2) + i - from] = WINDOW + starts[i]! - first;
      this.#integers[(ENDS >> 2) + i - from] = WINDOW + ends[i]! - first;
    }
    return to;
  }

  /** Reads on; gives the number of the record at which it stopped. With `named`, the origin names an end of the records. */
  decode(from: number, count: number, origin: number, named: boolean): number {
    return this.#exports.decode(from, count, origin, named);
  }

  get stop(): Stop {
    const why = this.#exports.why.value;
    return why === ASK ? 'ask' : why === NO_ROOM ? 'no-room' : 'done';
  }

  /** The numbers of the records that are left to the reference, if the first that was loaded has the number `base`. */
  unsure(base: number): Int32Array {
    const at = this.#at.UNSURE >> 2;
    return this.#integers.subarray(at, at + this.#exports.unsure.value).map((i) => base + i);
  }

  get rowCount(): number {
    return this.#exports.rows.value;
  }

  /** Of the i-th record whose time lies outside the window of its form, or of its node's count. */
  row(i: number, into: Row): Row {
    const row = this.#at.ROWS + i * this.#at.ROW_SIZE;
    into.form = this.#integers[(row + ROW.form) >> 2]!;
    into.node = this.#integers[(row + ROW.node) >> 2]!;
    into.time = this.#numbers[(row + ROW.time) >> 3]!;
    into.firstSum = this.#numbers[(row + ROW.firstSum) >> 3]!;
    into.secondSum = this.#numbers[(row + ROW.secondSum) >> 3]!;
    return into;
  }

  get askedCount(): number {
    return this.#integers[this.#at.ASKED >> 2]!;
  }

  asked(i: number): number {
    return this.#integers[(this.#at.ASKED >> 2) + 1 + i]!;
  }

  groupOf(entry: number): Group {
    return this.bytes[entry + ENTRY.group] as Group;
  }

  /** The time of the record that they are asked about. */
  get askedTime(): number {
    return this.#numbers[(this.#at.ASKED + ASKED_TIME) >> 3]!;
  }

  /** The part of an entry; -1 until it is answered. */
  partOf(entry: number): number {
    return this.#integers[(entry + ENTRY.part) >> 2]!;
  }

  /** Of a request, `operation` is the number of its operation; -1 for none. */
  answer(entry: number, part: number, rule: number, operation: number): void {
    this.bytes[entry + ENTRY.rule] = rule;
    this.#integers[(entry + ENTRY.part) >> 2] = part;
    this.#integers[(entry + ENTRY.roleOrOperation) >> 2] = operation;
  }

  /** Says who an end is between two times. */
  seat(entry: number, { seat, role, workload, from, until }: SeatAnswer): void {
    this.#integers[(entry + ENTRY.seat) >> 2] = seat;
    this.#integers[(entry + ENTRY.roleOrOperation) >> 2] = role;
    this.#integers[(entry + ENTRY.workload) >> 2] = workload;
    this.#numbers[(entry + ENTRY.holdsFrom) >> 3] = from;
    this.#numbers[(entry + ENTRY.holdsUntil) >> 3] = until;
  }

  seatOf(entry: number): number {
    return this.#integers[(entry + ENTRY.seat) >> 2]!;
  }

  loseRole(entry: number): void {
    this.#integers[(entry + ENTRY.roleOrOperation) >> 2] = -1;
  }

  /** When an end was seen first and last since this was asked; Infinity and -Infinity if it was not. */
  takeSeen(end: number, into: { first: number; last: number }): void {
    const at = end >> 3;
    into.first = this.#numbers[at + ENTRY.first / 8]!;
    into.last = this.#numbers[at + ENTRY.last / 8]!;
    this.#numbers[at + ENTRY.first / 8] = Infinity;
    this.#numbers[at + ENTRY.last / 8] = -Infinity;
  }

  /** The values of an entry, which lie in `bytes`. */
  values(entry: number, slots: Slots): void {
    slots.kinds.fill(ABSENT);
    const { bytes } = this;
    const all = bytes.readUInt16LE(entry + ENTRY.length);
    let p = all > INLINE ? bytes.readUInt32LE(entry + ENTRY.bytes) : entry + ENTRY.bytes;
    const end = p + all;
    while (p < end) {
      const slot = bytes[p]!;
      const length = bytes.readUInt16LE(p + 2);
      slots.kinds[slot] = bytes[p + 1]!;
      p += 4;
      if (length === BY_NUMBER) {
        const value = this.#at.VALUES + bytes.readUInt32LE(p) * this.#at.VALUE_SIZE;
        const start = bytes.readUInt32LE(value + 8);
        slots.starts[slot] = start;
        slots.ends[slot] = start + bytes.readUInt32LE(value + 4);
        p += 4;
      } else {
        slots.starts[slot] = p;
        slots.ends[slot] = p + length;
        p += length;
      }
    }
  }

  get formCount(): number {
    return this.#exports.forms.value;
  }

  form(i: number): number {
    return this.#at.FORMS + i * this.#at.FORM_SIZE;
  }

  /** The part of a group, or a role (see `isRole`); of all groups but the node's. */
  part(form: number, group: number): number {
    return this.#integers[((form + FORM.parts) >> 2) + group]!;
  }

  /** Its ends may be any pods of their workloads. */
  anyPods(form: number): boolean {
    return this.#integers[(form + FORM.anyPods) >> 2] === 1;
  }

  /** The first port in the lower half, the second in the upper one. */
  ports(form: number): number {
    return this.#integers[(form + FORM.ports) >> 2]!;
  }

  origin(form: number): number {
    return this.#integers[(form + FORM.origin) >> 2]!;
  }

  recordsOf(form: number): number {
    return this.#integers[(form + FORM.records) >> 2]! >>> 0;
  }

  /** The bundle of a form: how many records of its window there are, their times, their sums. */
  bundle(form: number, into: Bundle): void {
    const from = this.#numbers[(form + FORM.from) >> 3]!;
    const sums = this.#sumsOf(form);
    into.records = this.recordsOf(form);
    into.first = from + this.#integers[(form + FORM.first) >> 2]!;
    into.last = from + this.#integers[(form + FORM.last) >> 2]!;
    into.slots = this.#integers[(form + FORM.slots) >> 2]!;
    into.firstSum = this.#numbers[sums]!;
    into.secondSum = this.#numbers[sums + 1]!;
  }

  #sumsOf(form: number): number {
    return (this.#at.SUMS >> 3) + 2 * ((form - this.#at.FORMS) / this.#at.FORM_SIZE);
  }

  isWithin(form: number, time: number): boolean {
    const since = time - this.#numbers[(form + FORM.from) >> 3]!;
    return since >= 0 && since <= this.#integers[(form + FORM.span) >> 2]!;
  }

  /** Begins an empty bundle, of a window that is at most an hour. `outcome` is what its records are counted as; with `showsEnds`, they are sightings of their ends. */
  open(form: number, from: number, until: number, outcome: number, showsEnds: boolean): void {
    const sums = this.#sumsOf(form);
    this.#numbers[(form + FORM.from) >> 3] = from;
    this.#integers[(form + FORM.span) >> 2] = until - from;
    this.#integers[(form + FORM.records) >> 2] = 0;
    this.#integers[(form + FORM.first) >> 2] = 0x7fffffff;
    this.#integers[(form + FORM.last) >> 2] = 0;
    this.#integers[(form + FORM.slots) >> 2] = 0;
    this.bytes[form + FORM.outcome] = outcome;
    this.bytes[form + FORM.showsEnds] = showsEnds ? 1 : 0;
    this.#numbers[sums] = 0;
    this.#numbers[sums + 1] = 0;
  }

  /** Empties a bundle whose records were handed on; nothing lies within its window until it is opened again. */
  close(form: number): void {
    this.#numbers[(form + FORM.from) >> 3] = Infinity;
    this.#integers[(form + FORM.records) >> 2] = 0;
  }

  /** Counts the i-th row's record into its form's bundle, its node's count and its ends' sightings, whose windows hold its time by now. */
  count(i: number): void {
    this.#exports.countRow(i);
  }

  /** Where something is counted beside a form; 0 if nothing is. */
  firstBeside(form: number): number {
    return this.#integers[(form + FORM.beside) >> 2]!;
  }

  /** Where the next is. */
  nextBeside(at: number): number {
    return this.#integers[(at + BESIDE.next) >> 2]!;
  }

  /** The number of an operation, or of a seat (see `isPod`). */
  whatBeside(at: number): number {
    return this.#integers[(at + BESIDE.what) >> 2]!;
  }

  /** How many records of the bundle it was; begins anew. */
  takeBeside(at: number): number {
    const place = (at + BESIDE.records) >> 2;
    const records = this.#integers[place]! >>> 0;
    this.#integers[place] = 0;
    return records;
  }

  outcomeOf(form: number): number {
    return this.bytes[form + FORM.outcome]!;
  }

  /** How many nodes are counted apart. */
  get maxNodes(): number {
    return this.#at.MAX_NODE_PARTS;
  }

  /** Where the records of a node that become this are counted. */
  nodeCount(node: number, outcome: number): number {
    return this.#at.COUNTS + (node * this.#at.MAX_OUTCOMES + outcome) * this.#at.COUNT_SIZE;
  }

  isCountedAt(nodeCount: number, time: number): boolean {
    return this.#numbers[nodeCount >> 3]! <= time && time <= this.#numbers[(nodeCount + COUNT.until) >> 3]!;
  }

  /** Gives what was counted, and begins anew. */
  takeCount(nodeCount: number, from: number, until: number, into: { records: number; last: number }): void {
    const at = nodeCount >> 3;
    into.records = this.#numbers[at + COUNT.records / 8]!;
    into.last = this.#numbers[at + COUNT.last / 8]!;
    this.#numbers[at] = from;
    this.#numbers[at + COUNT.until / 8] = until;
    this.#numbers[at + COUNT.records / 8] = 0;
    this.#numbers[at + COUNT.last / 8] = 0;
  }
}

/** Of a number of what is counted beside a form. */
export function isPod(what: number): boolean {
  return (what & POD) !== 0;
}

export function seatOf(what: number): number {
  return what & ~POD;
}

export function isRole(part: number): boolean {
  return (part & ROLE) !== 0;
}

export function roleOf(part: number): number {
  return part & ~ROLE;
}

/** Who an end is: the number of its seat, of its role (-1 for none), and of its workload. */
export interface SeatAnswer extends Window {
  readonly seat: number;
  readonly role: number;
  readonly workload: number;
}

export interface Row {
  form: number;
  node: number;
  time: number;
  firstSum: number;
  secondSum: number;
}

export interface Bundle {
  records: number;
  first: number;
  last: number;
  /** Bit i: there was a record in the i-th ten minutes of the hour. */
  slots: number;
  firstSum: number;
  secondSum: number;
}
