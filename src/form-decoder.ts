import type { Decoder, Forms, Records, Sink } from './collector.ts';
import type { Bundle, Kernel } from './kernel/kernel.ts';
import { SLOT } from './model/edge.ts';
import type { Flow, SkipReason, Window } from './model/flow.ts';
import type { Origin } from './model/origin.ts';
import type { Group } from './scan/plan.ts';
import { Slots } from './scan/slots.ts';

const ALL_GROUPS: readonly Group[] = [0, 1, 2, 3, 4];
const MAX_ORIGINS = 10_000;

/** What is known of the parts of one group. Part 0 is a group without values. */
interface Known {
  readonly values: unknown[];
  readonly ports: number[];
  readonly byKey: Map<string, number>;
}

/**
 * Decodes by forms. The kernel finds the form of each record and counts it into the form's bundle, while its time lies in the
 * bundle's window; what it is not sure of goes to the reference decoder. What a form means is asked when a bundle begins and when it is handed on: as one flow that stands for all its records.
 * Nothing is handed on before `flush`, or before it must be.
 */
export class FormDecoder implements Decoder {
  readonly #reference: Decoder;
  readonly #forms: Forms;
  readonly #kernel: Kernel;
  readonly #slots: Slots;
  #known: readonly Known[] = [];
  #origins: Origin[] = [];
  readonly #originNumbers = new Map<string, number>();
  readonly #opening = new Opening();
  readonly #handing = new Handing();
  readonly #form: { parts: unknown[]; firstPort: number; secondPort: number } = { parts: ALL_GROUPS.map(() => null), firstPort: 0, secondPort: 0 };
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
    const { kinds } = this.#slots;
    kinds.fill(0);
    this.#known = ALL_GROUPS.map((group) => {
      const { value, ports } = this.#forms.part(group, this.#kernel.bytes, this.#slots);
      return { values: [value], ports: [ports], byKey: new Map() };
    });
    this.#origins = [];
    this.#originNumbers.clear();
  }

  decode(records: Records, origin: Origin, sink: Sink): void {
    const number = this.#originNumber(origin, sink);
    for (let from = 0; from < records.count; ) {
      const to = this.#kernel.load(records, from);
      this.#read(records, from, to - from, origin, number, sink);
      from = to;
    }
    this.records += records.count;
  }

  #read(records: Records, base: number, count: number, origin: Origin, originNumber: number, sink: Sink): void {
    const kernel = this.#kernel;
    let number = originNumber;
    for (let i = 0; ; ) {
      i = kernel.decode(i, count, number);
      this.#count(sink);
      this.#leave(records, base, origin, sink);
      if (kernel.stop === 'ask') this.#answer();
      else if (kernel.stop === 'no-room') {
        this.#forget(sink);
        number = this.#originNumber(origin, sink);
      } else return;
    }
  }

  /** Counts records whose time lay outside the window of their form's bundle. */
  #count(sink: Sink): void {
    const kernel = this.#kernel;
    for (let i = 0; i < kernel.rowCount; i++) {
      const { form, time, firstSum, secondSum } = kernel.row(i);
      if (!kernel.isWithin(form, time)) {
        this.#handOn(form, sink);
        this.#opening.begin(time, sink);
        this.#understand(form, this.#opening);
        kernel.open(form, this.#opening.from, this.#opening.until);
      }
      kernel.add(form, time, firstSum, secondSum);
    }
  }

  /** Leaves records to the reference. */
  #leave({ bytes, starts, ends }: Records, base: number, origin: Origin, sink: Sink): void {
    const count = this.#kernel.unsureCount;
    if (count === 0) return;
    const left = { bytes, starts: new Int32Array(count), ends: new Int32Array(count), count };
    for (let i = 0; i < count; i++) {
      left.starts[i] = starts[base + this.#kernel.unsure(i)]!;
      left.ends[i] = ends[base + this.#kernel.unsure(i)]!;
    }
    this.unsure += count;
    this.#reference.decode(left, origin, sink);
  }

  /** Says what the entries are that the kernel found for the first time. */
  #answer(): void {
    const kernel = this.#kernel;
    for (let i = 0; i < kernel.askedCount; i++) {
      const entry = kernel.asked(i);
      const group = kernel.groupOf(entry);
      kernel.values(entry, this.#slots);
      const { key, value, ports } = this.#forms.part(group, kernel.bytes, this.#slots);
      const { values, ports: known, byKey } = this.#known[group]!;
      let part = byKey.get(key);
      if (part === undefined) {
        part = values.length;
        byKey.set(key, part);
        values.push(value);
        known.push(ports);
      }
      kernel.answer(entry, part, known[part]!);
    }
  }

  /** Hands on what was counted of all forms. */
  flush(sink: Sink): void {
    for (let i = 0; i < this.#kernel.formCount; i++) {
      const form = this.#kernel.form(i);
      this.#handOn(form, sink);
      // Nothing lies within it: the next record opens another one, for whoever is asked then.
      this.#kernel.open(form, Infinity, -Infinity);
    }
  }

  #handOn(form: number, sink: Sink): void {
    if (this.#kernel.recordsOf(form) === 0) return;
    this.#handing.begin(this.#kernel, form, sink);
    this.#understand(form, this.#handing);
  }

  /** Has the format say what a form means. */
  #understand(form: number, sink: Sink): void {
    const known = this.#form;
    for (const group of ALL_GROUPS) known.parts[group] = this.#known[group]!.values[this.#kernel.part(form, group)];
    const ports = this.#kernel.ports(form);
    known.firstPort = ports & 0xffff;
    known.secondPort = ports >>> 16;
    this.#forms.read(known, this.#origins[this.#kernel.origin(form)]!, sink);
  }

  #forget(sink: Sink): void {
    this.flush(sink);
    this.#kernel.forget();
    this.#begin();
  }

  /** Origins with the same owner mean the same. */
  #originNumber(origin: Origin, sink: Sink): number {
    const { owner } = origin;
    const key = owner === null ? '' : `${owner.namespace}/${owner.pod}/${owner.container}`;
    const known = this.#originNumbers.get(key);
    if (known !== undefined) return known;
    if (this.#origins.length === MAX_ORIGINS) this.#forget(sink);
    this.#originNumbers.set(key, this.#origins.length);
    return this.#origins.push(origin) - 1;
  }
}

/** Finds out how long what a form means stays the same, around a time. */
class Opening implements Sink {
  from = 0;
  until = 0;
  #time = 0;
  #sink: Sink | null = null;

  begin(time: number, sink: Sink): void {
    this.#time = time;
    this.#sink = sink;
    // Hours and days are made of slots.
    this.from = Math.floor(time / SLOT) * SLOT;
    this.until = this.from + SLOT - 1;
  }

  flow(flow: Flow): void {
    flow.time = flow.until = this.#time;
    const { from, until } = this.window(flow);
    if (from > this.from) this.from = from;
    if (until < this.until) this.until = until;
  }

  also(flow: Flow): void {
    this.flow(flow);
  }

  window(flow: Flow): Window {
    return this.#sink!.window(flow);
  }

  skip(): void {
    // The same at all times.
  }

  lost(): void {
    // The same at all times.
  }
}

/** Makes what one record means into what all records of a bundle mean. */
class Handing implements Sink {
  readonly #bundle: Bundle = { records: 0, first: 0, last: 0, firstSum: 0, secondSum: 0 };
  #sink: Sink | null = null;

  begin(kernel: Kernel, form: number, sink: Sink): void {
    kernel.bundle(form, this.#bundle);
    this.#sink = sink;
  }

  flow(flow: Flow): void {
    this.#sink!.flow(this.#all(flow));
  }

  also(flow: Flow): void {
    this.#sink!.also(this.#all(flow));
  }

  #all(flow: Flow): Flow {
    const { records, first, last, firstSum, secondSum } = this.#bundle;
    flow.time = first;
    flow.until = last;
    flow.records = records;
    flow.count *= records;
    if (flow.bytesOut !== null) flow.bytesOut = firstSum;
    if (flow.bytesIn !== null) flow.bytesIn = secondSum;
    return flow;
  }

  window(flow: Flow): Window {
    return this.#sink!.window(flow);
  }

  skip(reason: SkipReason, _time: number | null, node: string): void {
    this.#sink!.skip(reason, this.#bundle.last, node, this.#bundle.records);
  }

  lost(events: number, _time: number | null, node: string): void {
    this.#sink!.lost(events * this.#bundle.records, this.#bundle.last, node);
  }
}
