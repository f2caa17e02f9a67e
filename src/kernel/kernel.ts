import { readFileSync } from 'node:fs';
import type { Records } from '../collector.ts';
import { KEEP, type Group, type JsonPlan } from '../scan/plan.ts';
import { ABSENT, type Slots } from '../scan/slots.ts';

/** What `assembly/index.ts` exports. Constants are globals. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  decode(from: number, count: number, origin: number): number;
  forget(): void;
  newPlan(): void;
  addNode(parent: number, p: number, length: number, what: number, slot: number, group: number, rank: number): number;
  readonly why: WebAssembly.Global;
  readonly unsure: WebAssembly.Global;
  readonly rows: WebAssembly.Global;
  readonly forms: WebAssembly.Global;
}

const CONSTANTS = ['WINDOW', 'WINDOW_SIZE', 'MAX_RECORDS', 'STARTS', 'ENDS', 'UNSURE', 'ROWS', 'ROW_SIZE', 'FORMS', 'FORM_SIZE', 'VALUES', 'VALUE_SIZE', 'ASKED'] as const;
type Constants = Readonly<Record<(typeof CONSTANTS)[number], number>>;

/** Why the kernel stopped, as `assembly/record.ts` numbers it. */
const ASK = 2;
const NO_ROOM = 3;

/** A group's length that stands for the number of a value. */
const BY_NUMBER = 0xffff;

export type Stop = 'done' | 'ask' | 'no-room';

/** A control character, so that whatever reads over the end of the last record stops. */
const LINE_END = 0x0a;

/** Null where WebAssembly cannot run (it may be switched off, and SIMD is not everywhere): then records are decoded without it. */
export function compileKernel(file: URL = new URL('kernel.wasm', import.meta.url)): WebAssembly.Module | null {
  if (typeof WebAssembly === 'undefined') return null;
  const bytes = readFileSync(file);
  return WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : null;
}

/** Offsets within a form, an entry and a row, as `assembly/` lays them out, in bytes. */
const FORM = { parts: 0, ports: 20, origin: 24, from: 32, until: 40, records: 48, first: 56, last: 64, firstSum: 72, secondSum: 80 } as const;
const ENTRY = { length: 4, address: 8, group: 12, part: 16 } as const;
const ROW = { form: 0, time: 8, firstSum: 16, secondSum: 24 } as const;

/** The kernel's memory and calls, by the words of what lies there. Forms, entries and rows are addresses in it. */
export class Kernel {
  readonly bytes: Buffer;
  readonly #exports: Exports;
  readonly #at: Constants;
  readonly #integers: Int32Array;
  readonly #numbers: Float64Array;

  constructor(module: WebAssembly.Module) {
    const exports = new WebAssembly.Instance(module).exports as unknown as Exports & Readonly<Record<string, WebAssembly.Global>>;
    this.#exports = exports;
    this.#at = Object.fromEntries(CONSTANTS.map((name) => [name, exports[name]?.value as number])) as Constants;
    this.bytes = Buffer.from(exports.memory.buffer);
    this.#integers = new Int32Array(exports.memory.buffer);
    this.#numbers = new Float64Array(exports.memory.buffer);
  }

  /** Forgets all forms, and reads by this plan from now on. False if the plan does not fit. */
  begin({ wanted }: JsonPlan): boolean {
    this.#exports.forget();
    this.#exports.newPlan();
    return wanted.every(({ path, slot, keep, group, rank = 0 }) => {
      let node = 0;
      for (const [depth, key] of path.entries()) {
        const length = this.bytes.write(`${JSON.stringify(key)}:`, this.#at.WINDOW);
        node = this.#exports.addNode(node, this.#at.WINDOW, length, depth === path.length - 1 ? KEEP[keep] : 0, slot, group, rank);
        if (node < 0) return false;
      }
      return true;
    });
  }

  forget(): void {
    this.#exports.forget();
  }

  /** Brings records from `from` on into the window, as many as there is room for; gives the number of the first that is not there. */
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
    bytes.copy(this.bytes, WINDOW, first, last);
    this.bytes.fill(LINE_END, WINDOW + last - first, WINDOW + last - first + 64);
    for (let i = from; i < to; i++) {
      this.#integers[(STARTS >> 2) + i - from] = WINDOW + starts[i]! - first;
      this.#integers[(ENDS >> 2) + i - from] = WINDOW + ends[i]! - first;
    }
    return to;
  }

  /** Reads on; gives the number of the record at which it stopped. */
  decode(from: number, count: number, origin: number): number {
    return this.#exports.decode(from, count, origin);
  }

  get stop(): Stop {
    const why = this.#exports.why.value;
    return why === ASK ? 'ask' : why === NO_ROOM ? 'no-room' : 'done';
  }

  /** The number, among those that were loaded, of the i-th record that is left to the reference. */
  unsure(i: number): number {
    return this.#integers[(this.#at.UNSURE >> 2) + i]!;
  }

  get unsureCount(): number {
    return this.#exports.unsure.value;
  }

  get rowCount(): number {
    return this.#exports.rows.value;
  }

  row(i: number): { readonly form: number; readonly time: number; readonly firstSum: number; readonly secondSum: number } {
    const row = this.#at.ROWS + i * this.#at.ROW_SIZE;
    const number = (offset: number): number => this.#numbers[(row + offset) >> 3]!;
    return { form: this.#integers[(row + ROW.form) >> 2]!, time: number(ROW.time), firstSum: number(ROW.firstSum), secondSum: number(ROW.secondSum) };
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

  answer(entry: number, part: number, ports: number): void {
    this.bytes[entry + ENTRY.group + 1] = ports;
    this.#integers[(entry + ENTRY.part) >> 2] = part;
  }

  /** The values of an entry, which lie in `bytes`. */
  values(entry: number, slots: Slots): void {
    slots.kinds.fill(ABSENT);
    const { bytes } = this;
    let p = bytes.readUInt32LE(entry + ENTRY.address);
    const end = p + bytes.readUInt32LE(entry + ENTRY.length);
    while (p < end) {
      const slot = bytes[p]!;
      const length = bytes.readUInt16LE(p + 2);
      slots.kinds[slot] = bytes[p + 1]!;
      p += 4;
      if (length === BY_NUMBER) {
        const value = this.#at.VALUES + bytes.readUInt32LE(p) * this.#at.VALUE_SIZE;
        slots.starts[slot] = bytes.readUInt32LE(value + 8);
        slots.ends[slot] = slots.starts[slot]! + bytes.readUInt32LE(value + 4);
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

  part(form: number, group: number): number {
    return this.#integers[(form + FORM.parts) / 4 + group]!;
  }

  /** The first port in the lower half, the second in the upper one. */
  ports(form: number): number {
    return this.#integers[(form + FORM.ports) >> 2]!;
  }

  origin(form: number): number {
    return this.#integers[(form + FORM.origin) >> 2]!;
  }

  /** The bundle of a form: how many records of its window there are, their times, their sums. */
  bundle(form: number, into: Bundle): void {
    const at = form >> 3;
    into.records = this.#numbers[at + FORM.records / 8]!;
    into.first = this.#numbers[at + FORM.first / 8]!;
    into.last = this.#numbers[at + FORM.last / 8]!;
    into.firstSum = this.#numbers[at + FORM.firstSum / 8]!;
    into.secondSum = this.#numbers[at + FORM.secondSum / 8]!;
  }

  recordsOf(form: number): number {
    return this.#numbers[(form + FORM.records) >> 3]!;
  }

  isWithin(form: number, time: number): boolean {
    return this.#numbers[(form + FORM.from) >> 3]! <= time && time <= this.#numbers[(form + FORM.until) >> 3]!;
  }

  /** Begins an empty bundle. */
  open(form: number, from: number, until: number): void {
    const at = form >> 3;
    this.#numbers[at + FORM.from / 8] = from;
    this.#numbers[at + FORM.until / 8] = until;
    this.#numbers[at + FORM.records / 8] = 0;
    this.#numbers[at + FORM.first / 8] = Infinity;
    this.#numbers[at + FORM.last / 8] = -Infinity;
    this.#numbers[at + FORM.firstSum / 8] = 0;
    this.#numbers[at + FORM.secondSum / 8] = 0;
  }

  add(form: number, time: number, firstSum: number, secondSum: number): void {
    const at = form >> 3;
    const numbers = this.#numbers;
    numbers[at + FORM.records / 8]!++;
    if (time < numbers[at + FORM.first / 8]!) numbers[at + FORM.first / 8] = time;
    if (time > numbers[at + FORM.last / 8]!) numbers[at + FORM.last / 8] = time;
    numbers[at + FORM.firstSum / 8]! += firstSum;
    numbers[at + FORM.secondSum / 8]! += secondSum;
  }
}

export interface Bundle {
  records: number;
  first: number;
  last: number;
  firstSum: number;
  secondSum: number;
}
