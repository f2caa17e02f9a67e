import type { BundleSink, Decoder, Forms, Records, Sink } from '../collector.ts';
import { isRole, roleOf, type Kernel, type Row } from '../kernel/kernel.ts';
import { HOUR } from '../model/edge.ts';
import { SKIP_REASONS, type CountedAs, type Operation } from '../model/flow.ts';
import { within } from '../model/group.ts';
import type { Origin } from '../model/origin.ts';
import type { Group } from '../scan/plan.ts';
import { Slots } from '../scan/slots.ts';
import { Handing, Opening } from './bundle.ts';
import { byEnds } from './form-order.ts';
import { Seating, type SeatedPart } from './seating.ts';

const ALL_GROUPS: readonly Group[] = [0, 1, 2, 3, 4];
const NODE: Group = 4;
const MAX_ORIGINS = 10_000;

/** What records are counted as, by the number that the kernel knows it under. */
const OUTCOMES: readonly CountedAs[] = ['flows', ...SKIP_REASONS];
const OUTCOME_NUMBER: ReadonlyMap<CountedAs, number> = new Map(OUTCOMES.map((as, number) => [as, number]));

/** Those whose ends were there. */
const SHOWS_ENDS: ReadonlySet<CountedAs> = new Set(['flows', 'reply', 'lost-reply']);

/** What a format said of a group's values. */
interface Known extends SeatedPart {
  readonly rule: number;
}

/** The parts of one group. Part 0 is a group without values. */
interface Parts {
  readonly all: Known[];
  readonly byKey: Map<string, number>;
}

/**
 * Decodes by forms. The kernel finds the form of each record and counts it into the form's bundle, while its time lies in the
 * bundle's window; what it is not sure of goes to the reference decoder. What a form means is asked when a bundle begins and when it is handed on: as one flow that stands for all its records.
 * Nothing is handed on before `flush`, or before it must be.
 */
export class FormDecoder implements Decoder<BundleSink> {
  readonly #reference: Decoder;
  readonly #forms: Forms;
  readonly #kernel: Kernel;
  readonly #slots: Slots;
  #parts: readonly Parts[] = [];
  #seating: Seating;
  #operations: Operation[] = [];
  #operationNumbers = new Map<string, number>();
  #origins: Origin[] = [];
  #originNumbers = new Map<string, number>();
  #knowledge: object | null = null;
  readonly #opening = new Opening();
  readonly #handing = new Handing();
  readonly #row: Row = { form: 0, node: 0, time: 0, firstSum: 0, secondSum: 0 };
  readonly #counted = { records: 0, last: 0 };
  readonly #form = { parts: ALL_GROUPS.map((): unknown => null), firstPort: 0, secondPort: 0 };
  /** How many records were read, and how many of them were left to the reference. */
  records = 0;
  unsure = 0;

  constructor(reference: Decoder, forms: Forms, kernel: Kernel) {
    this.#reference = reference;
    this.#forms = forms;
    this.#kernel = kernel;
    this.#slots = new Slots(forms.plan.slots);
    this.#seating = new Seating(kernel);
    this.#begin();
  }

  #begin(): void {
    this.#slots.kinds.fill(0);
    this.#parts = ALL_GROUPS.map((group) => {
      const { value, rule } = this.#forms.part(group, this.#kernel.bytes, this.#slots);
      return { all: [{ value, rule, end: null, seats: [] }], byKey: new Map() };
    });
    this.#seating = new Seating(this.#kernel);
    this.#operations = [];
    this.#operationNumbers = new Map();
    this.#origins = [];
    this.#originNumbers = new Map();
  }

  decode(records: Records, origin: Origin, sink: BundleSink): void {
    if (sink.knowledge !== this.#knowledge) {
      if (this.#knowledge !== null) this.#forget(sink);
      this.#knowledge = sink.knowledge;
    }
    for (let from = 0; from < records.count; ) {
      const to = this.#kernel.load(records, from);
      if (to > from) this.#read(records, from, to - from, origin, sink);
      else this.#leave(records, Int32Array.of(from), origin, sink);
      from = Math.max(to, from + 1);
    }
    this.records += records.count;
  }

  #read(records: Records, base: number, count: number, origin: Origin, sink: BundleSink): void {
    const kernel = this.#kernel;
    const named = this.#forms.ownerIsEnd && origin.owner !== null;
    for (let i = 0; ; ) {
      i = kernel.decode(i, count, this.#originNumber(origin, sink), named);
      this.#countRows(sink);
      this.#leave(records, kernel.unsure(base), origin, sink);
      if (kernel.stop === 'ask') this.#answer(sink);
      else if (kernel.stop === 'no-room') this.#forget(sink);
      else return;
    }
  }

  /** Counts records whose time lay outside a window. */
  #countRows(sink: BundleSink): void {
    const kernel = this.#kernel;
    for (let i = 0; i < kernel.rowCount; i++) {
      const row = kernel.row(i, this.#row);
      const { form, time } = row;
      if (!kernel.isWithin(form, time)) {
        this.#handOn(form, sink);
        this.#opening.begin(time, kernel.anyPods(form), sink);
        this.#understand(form, this.#opening);
        const { from, until, as } = this.#opening;
        kernel.open(form, from, until, OUTCOME_NUMBER.get(as)!, kernel.anyPods(form) && SHOWS_ENDS.has(as));
      }
      const nodeCount = kernel.nodeCount(row.node, kernel.outcomeOf(form));
      if (!kernel.isCountedAt(nodeCount, time)) {
        const hour = Math.floor(time / HOUR) * HOUR;
        this.#handOnCount(nodeCount, row.node, kernel.outcomeOf(form), hour, hour + HOUR - 1, sink);
      }
      kernel.count(i);
    }
  }

  /** Leaves records to the reference. */
  #leave({ bytes, starts, ends }: Records, numbers: Int32Array, origin: Origin, sink: BundleSink): void {
    const count = numbers.length;
    if (count === 0) return;
    this.unsure += count;
    sink.unsure(count);
    this.#reference.decode({ bytes, starts: numbers.map((i) => starts[i]!), ends: numbers.map((i) => ends[i]!), count }, origin, sink);
  }

  /** Says what the entries are that the kernel found for the first time, and who the ends are whose time is over. */
  #answer(sink: BundleSink): void {
    const kernel = this.#kernel;
    for (let i = 0; i < kernel.askedCount; i++) {
      const entry = kernel.asked(i);
      const group = kernel.groupOf(entry);
      const known = kernel.partOf(entry);
      const part = known < 0 ? this.#answerFirst(entry, group) : this.#parts[group]!.all[known]!;
      if (group < 2) this.#seating.seat(entry, group, part, kernel.askedTime, sink);
    }
  }

  #answerFirst(entry: number, group: Group): Known {
    const kernel = this.#kernel;
    kernel.values(entry, this.#slots);
    const { key, value, rule, end, operation } = this.#forms.part(group, kernel.bytes, this.#slots);
    const { all, byKey } = this.#parts[group]!;
    // The same end in other bytes is the same object: it is resolved once.
    const part = within(byKey, key, () => all.push({ value, rule, end, seats: [] }) - 1);
    kernel.answer(entry, part, all[part]!.rule, operation === null ? -1 : this.#operationNumber(operation));
    return all[part]!;
  }

  #operationNumber(operation: Operation): number {
    const key = `${operation.method} ${operation.path}`;
    return within(this.#operationNumbers, key, () => this.#operations.push(operation) - 1);
  }

  /** Hands on all that was counted. */
  flush(sink: BundleSink): void {
    const kernel = this.#kernel;
    for (const i of byEnds(kernel)) {
      const form = kernel.form(i);
      this.#handOn(form, sink);
      // The next record opens another one, for whoever is asked then.
      kernel.close(form);
    }
    // Of those beyond, no record was counted.
    const nodes = Math.min(this.#parts[NODE]!.all.length, kernel.maxNodes);
    for (let node = 0; node < nodes; node++) {
      for (let outcome = 0; outcome < OUTCOMES.length; outcome++) this.#handOnCount(kernel.nodeCount(node, outcome), node, outcome, Infinity, -Infinity, sink);
    }
    this.#seating.flush(sink);
  }

  #handOn(form: number, sink: BundleSink): void {
    if (this.#kernel.recordsOf(form) === 0) return;
    this.#handing.begin(this.#kernel, form, { operations: this.#operations, seats: this.#seating.seats }, sink);
    this.#understand(form, this.#handing);
  }

  #handOnCount(nodeCount: number, node: number, outcome: number, from: number, until: number, sink: BundleSink): void {
    this.#kernel.takeCount(nodeCount, from, until, this.#counted);
    const { records, last } = this.#counted;
    if (records > 0) sink.count(OUTCOMES[outcome]!, this.#parts[NODE]!.all[node]!.value as string, last, records);
  }

  /** Has the format say what a form means. */
  #understand(form: number, sink: Sink): void {
    const known = this.#form;
    for (const group of ALL_GROUPS) {
      if (group === NODE) continue;
      const part = this.#kernel.part(form, group);
      known.parts[group] = isRole(part) ? this.#seating.valueOf(roleOf(part)) : this.#parts[group]!.all[part]!.value;
    }
    const ports = this.#kernel.ports(form);
    known.firstPort = ports & 0xffff;
    known.secondPort = ports >>> 16;
    this.#forms.read(known, this.#origins[this.#kernel.origin(form)]!, sink);
  }

  #forget(sink: BundleSink): void {
    this.flush(sink);
    this.#kernel.forget();
    this.#begin();
  }

  /** Origins with the same owner mean the same. */
  #originNumber(origin: Origin, sink: BundleSink): number {
    const { owner } = origin;
    const key = owner === null ? '' : `${owner.namespace}/${owner.pod}/${owner.container}`;
    const known = this.#originNumbers.get(key);
    if (known !== undefined) return known;
    if (this.#origins.length === MAX_ORIGINS) this.#forget(sink);
    this.#originNumbers.set(key, this.#origins.length);
    return this.#origins.push(origin) - 1;
  }
}
