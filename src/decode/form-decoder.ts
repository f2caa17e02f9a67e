import type { BundleSink, Decoder, End, Forms, Records, Sink } from '../collector.ts';
import { isRole, roleOf, type Kernel, type Row } from '../kernel/kernel.ts';
import { HOUR } from '../model/edge.ts';
import { SKIP_REASONS, type CountedAs, type Operation, type Window } from '../model/flow.ts';
import { within } from '../model/group.ts';
import type { Origin } from '../model/origin.ts';
import type { Group } from '../scan/plan.ts';
import { Slots } from '../scan/slots.ts';
import { Handing, Opening, type Seat } from './bundle.ts';
import { byEnds } from './form-order.ts';

const ALL_GROUPS: readonly Group[] = [0, 1, 2, 3, 4];
const NODE: Group = 4;
const MAX_ORIGINS = 10_000;

/** What records are counted as, by the number that the kernel knows it under. */
const OUTCOMES: readonly CountedAs[] = ['flows', ...SKIP_REASONS];
const OUTCOME_NUMBER: ReadonlyMap<CountedAs, number> = new Map(OUTCOMES.map((as, number) => [as, number]));

/** Those whose ends were there. */
const SHOWS_ENDS: ReadonlySet<CountedAs> = new Set(['flows', 'reply', 'lost-reply']);

/** The parts of one group. Part 0 is a group without values. */
interface Parts {
  readonly values: unknown[];
  readonly rules: number[];
  readonly ends: (End | null)[];
  /** The numbers of the seats of each. */
  readonly seats: number[][];
  readonly byKey: Map<string, number>;
}

/** Stands for all ends of one workload that are alike, within the times at which it is its own. */
interface Role extends Window {
  readonly number: number;
}

/** Of ends that nobody else may stand for. */
const NO_SEAT = { seat: 0, role: -1, workload: -1 } as const;
const ALWAYS: Window = { from: -Infinity, until: Infinity };

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
  /** What a part says that stands for its role. */
  #roleValues: unknown[] = [];
  #roles = new Map<string, Role[]>();
  #workloads = new Map<string, number>();
  #seats: Seat[] = [];
  #operations: Operation[] = [];
  #operationNumbers = new Map<string, number>();
  /** Entries of ends that have a seat. */
  #seated = new Set<number>();
  /** Ends by their address, and by their pod's name: two workloads that share one may be the same pod, which their form would not show. */
  #byName = new Map<string, { readonly key: string; readonly entries: number[] } | 'shared'>();
  #origins: Origin[] = [];
  #originNumbers = new Map<string, number>();
  #knowledge: object | null = null;
  readonly #opening = new Opening();
  readonly #handing = new Handing();
  readonly #row: Row = { form: 0, node: 0, time: 0, firstSum: 0, secondSum: 0 };
  readonly #counted = { records: 0, last: 0 };
  readonly #seen = { first: 0, last: 0 };
  readonly #form = { parts: ALL_GROUPS.map((): unknown => null), firstPort: 0, secondPort: 0 };
  /** How many records were read, and how many of them were left to the reference. */
  records = 0;
  unsure = 0;

  constructor(reference: Decoder, forms: Forms, kernel: Kernel) {
    this.#reference = reference;
    this.#forms = forms;
    this.#kernel = kernel;
    this.#slots = new Slots(forms.plan.slots);
    this.#begin();
  }

  #begin(): void {
    this.#slots.kinds.fill(0);
    this.#parts = ALL_GROUPS.map((group) => {
      const { value, rule } = this.#forms.part(group, this.#kernel.bytes, this.#slots);
      return { values: [value], rules: [rule], ends: [null], seats: [[]], byKey: new Map() };
    });
    this.#roleValues = [];
    this.#roles = new Map();
    this.#workloads = new Map();
    this.#seats = [];
    this.#operations = [];
    this.#operationNumbers = new Map();
    this.#seated = new Set();
    this.#byName = new Map();
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
      const part = known < 0 ? this.#answerFirst(entry, group) : known;
      if (group < 2) this.#seat(entry, group, part, sink);
    }
  }

  #answerFirst(entry: number, group: Group): number {
    const kernel = this.#kernel;
    kernel.values(entry, this.#slots);
    const { key, value, rule, end, operation } = this.#forms.part(group, kernel.bytes, this.#slots);
    const { values, rules, ends, seats, byKey } = this.#parts[group]!;
    let part = byKey.get(key);
    if (part === undefined) {
      // The same end in other bytes is the same object: it is resolved once.
      part = values.length;
      byKey.set(key, part);
      values.push(value);
      rules.push(rule);
      ends.push(end);
      seats.push([]);
    }
    kernel.answer(entry, part, rules[part]!, operation === null ? -1 : this.#operationNumber(operation));
    return part;
  }

  #operationNumber(operation: Operation): number {
    const key = `${operation.method} ${operation.path}`;
    return within(this.#operationNumbers, key, () => this.#operations.push(operation) - 1);
  }

  /** Says who an end is around the time that the kernel asks about. */
  #seat(entry: number, group: Group, part: number, sink: BundleSink): void {
    const kernel = this.#kernel;
    const time = kernel.askedTime;
    const end = this.#parts[group]!.ends[part]!;
    const { workload, from, until } = end === null ? { workload: null, ...ALWAYS } : sink.roleOf(end.endpoint, time);
    // It was seen as who it was until now.
    this.#handOnSeen(entry, sink);
    if (end === null || workload === null) return kernel.seat(entry, { ...NO_SEAT, from, until });
    const seats = this.#parts[group]!.seats[part]!;
    let seat = seats.find((known) => this.#seats[known]!.from === from);
    if (seat === undefined) seats.push((seat = this.#seats.push({ end: end.endpoint, from, until }) - 1));
    this.#seated.add(entry);
    const number = within(this.#workloads, workload, () => this.#workloads.size);
    const { address, namespace, pod } = end.endpoint;
    const names = [address, pod === null ? null : `${namespace}/${pod}`].filter((name) => name !== null);
    if (!names.map((name) => this.#isOnlyOf(name, workload, entry)).every(Boolean)) return kernel.seat(entry, { seat, role: -1, workload: number, from, until });
    // An end that shares nothing stands for all: no two roles are ever shown by the same address or pod.
    const roles = within(this.#roles, `${group} ${number} ${end.likeness}`, (): Role[] => []);
    let role = roles.find((known) => known.from <= time && time <= known.until);
    if (role === undefined) roles.push((role = { number: this.#roleValues.push(this.#parts[group]!.values[part]) - 1, from, until }));
    kernel.seat(entry, { seat, role: role.number, workload: number, from: Math.max(from, role.from), until: Math.min(until, role.until) });
  }

  /** Whether a name is this role's alone. If not, nobody who has it has a role from now on; until now there was no record of both. */
  #isOnlyOf(name: string, key: string, entry: number): boolean {
    const known = this.#byName.get(name);
    if (known === undefined) this.#byName.set(name, { key, entries: [entry] });
    else if (known === 'shared') return false;
    else if (known.key === key) known.entries.push(entry);
    else {
      for (const other of known.entries) this.#kernel.loseRole(other);
      this.#byName.set(name, 'shared');
      return false;
    }
    return true;
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
    const nodes = Math.min(this.#parts[NODE]!.values.length, kernel.maxNodes);
    for (let node = 0; node < nodes; node++) {
      for (let outcome = 0; outcome < OUTCOMES.length; outcome++) this.#handOnCount(kernel.nodeCount(node, outcome), node, outcome, Infinity, -Infinity, sink);
    }
    for (const entry of this.#seated) this.#handOnSeen(entry, sink);
  }

  #handOnSeen(entry: number, sink: BundleSink): void {
    this.#kernel.takeSeen(entry, this.#seen);
    const { first, last } = this.#seen;
    if (first <= last) sink.see(this.#seats[this.#kernel.seatOf(entry)]!.end, first, last);
  }

  #handOn(form: number, sink: BundleSink): void {
    if (this.#kernel.recordsOf(form) === 0) return;
    this.#handing.begin(this.#kernel, form, { operations: this.#operations, seats: this.#seats }, sink);
    this.#understand(form, this.#handing);
  }

  #handOnCount(nodeCount: number, node: number, outcome: number, from: number, until: number, sink: BundleSink): void {
    this.#kernel.takeCount(nodeCount, from, until, this.#counted);
    const { records, last } = this.#counted;
    if (records > 0) sink.count(OUTCOMES[outcome]!, this.#parts[NODE]!.values[node] as string, last, records);
  }

  /** Has the format say what a form means. */
  #understand(form: number, sink: Sink): void {
    const known = this.#form;
    for (const group of ALL_GROUPS) {
      if (group === NODE) continue;
      const part = this.#kernel.part(form, group);
      known.parts[group] = isRole(part) ? this.#roleValues[roleOf(part)] : this.#parts[group]!.values[part];
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
