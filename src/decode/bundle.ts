import type { BundleSink, Sink } from '../collector.ts';
import { isPod, seatOf, type Bundle, type Kernel } from '../kernel/kernel.ts';
import { HOUR } from '../model/edge.ts';
import { countedAs, type CountedAs, type Endpoint, type Flow, type Operation, type Performed, type SkipReason, type Window } from '../model/flow.ts';

/** Finds out what becomes of a form's records, and how long that stays the same, around a time. */
export class Opening implements Sink {
  from = 0;
  until = 0;
  as: CountedAs = 'flows';
  #time = 0;
  #anyPods = false;
  #sink: BundleSink | null = null;

  begin(time: number, anyPods: boolean, sink: BundleSink): void {
    this.#time = time;
    this.#anyPods = anyPods;
    this.#sink = sink;
    this.from = Math.floor(time / HOUR) * HOUR;
    this.until = this.from + HOUR - 1;
  }

  flow(flow: Flow): void {
    this.as = this.#place(flow);
  }

  also(flow: Flow): void {
    this.#place(flow);
  }

  #place(flow: Flow): CountedAs {
    // Two workloads that records name are these at any time.
    if (this.#anyPods) return countedAs(flow, null);
    flow.time = flow.until = this.#time;
    const { from, until, as } = this.#sink!.place(flow);
    if (from > this.from) this.from = from;
    if (until < this.until) this.until = until;
    return as;
  }

  skip(reason: SkipReason): void {
    this.as = reason;
  }

  lost(): void {
    throw new Error('a record that says how much was lost has no form');
  }
}

const NOTHING: readonly Performed[] = [];

/** Who is meant by the numbers that the kernel counts beside forms. */
export interface Beside {
  readonly operations: readonly Operation[];
  readonly seats: readonly Seat[];
}

/** Who an end is within some times. */
export interface Seat extends Window {
  readonly end: Endpoint;
}

/** Makes what one record means into what all records of a bundle mean. */
export class Handing implements Sink {
  readonly #bundle: Bundle = { records: 0, first: 0, last: 0, slots: 0, firstSum: 0, secondSum: 0 };
  #performed: { operation: Operation; count: number }[] = [];
  #opened: { end: Endpoint; time: number; count: number }[] = [];
  #anyPods = false;
  #sink: BundleSink | null = null;

  begin(kernel: Kernel, form: number, { operations, seats }: Beside, sink: BundleSink): void {
    kernel.bundle(form, this.#bundle);
    this.#performed = [];
    this.#opened = [];
    for (let at = kernel.firstBeside(form); at !== 0; at = kernel.nextBeside(at)) {
      const what = kernel.whatBeside(at);
      const count = kernel.takeBeside(at);
      if (count === 0) continue;
      if (!isPod(what)) this.#performed.push({ operation: operations[what]!, count });
      else {
        const { end, from, until } = seats[seatOf(what)]!;
        this.#opened.push({ end, time: Math.min(Math.max(this.#bundle.first, from), until), count });
      }
    }
    this.#anyPods = kernel.anyPods(form);
    this.#sink = sink;
  }

  flow(flow: Flow): void {
    this.#hand(flow, this.#bundle.records);
  }

  also(flow: Flow): void {
    // The records are counted with their first flow.
    this.#hand(flow, 0);
  }

  #hand(flow: Flow, counted: number): void {
    const { records, first, last, slots, firstSum, secondSum } = this.#bundle;
    flow.time = first;
    flow.until = last;
    flow.records = counted;
    flow.slots = slots;
    if (flow.count !== 1) for (const beside of [...this.#performed, ...this.#opened]) beside.count *= flow.count;
    flow.count *= records;
    if (flow.bytesOut !== null) flow.bytesOut = firstSum;
    if (flow.bytesIn !== null) flow.bytesIn = secondSum;
    // What was asked for was not always performed.
    const performed = flow.operation === null ? NOTHING : this.#performed;
    flow.operation = null;
    this.#sink!.bundle(flow, performed, this.#anyPods ? this.#opened : null);
  }

  skip(): void {
    // Counted by its node.
  }

  lost(): void {
    throw new Error('a record that says how much was lost has no form');
  }
}
