import type { BundleSink } from '../collector.ts';
import { HOUR } from '../model/edge.ts';
import { performedBy, type CountedAs, type Endpoint, type Flow, type Opened, type Operation, type Performed, type Role, type SkipReason, type Window, type Witness } from '../model/flow.ts';
import { placeOf, roleOf } from '../resolve/place.ts';
import type { Resolver } from '../resolve/resolver.ts';
import { COUNT, COUNT_WIDTH, COUNTED, FLOW, FLOW_WIDTH, OPENED, OPENED_WIDTH, OUTCOMES, PERFORMED, PERFORMED_WIDTH, PHASES, PROTOCOLS, SIGHTING, SIGHTING_WIDTH, VERDICTS, type Columns } from './columns.ts';

/** Beyond so many of a kind, what rows name is told anew: what was named long ago is seldom named again. */
const MAX_NAMES = 100_000;

/** Rows of numbers, as a growing list. */
class Rows {
  numbers = new Float64Array(1 << 12);
  #length = 0;

  /** Room for a row; gives where it begins. */
  add(width: number): number {
    const at = this.#length;
    this.#length += width;
    if (this.#length > this.numbers.length) {
      const larger = new Float64Array(2 * this.numbers.length);
      larger.set(this.numbers);
      this.numbers = larger;
    }
    return at;
  }

  take(): Float64Array {
    const taken = this.numbers.slice(0, this.#length);
    this.numbers = new Float64Array(1 << 12);
    this.#length = 0;
    return taken;
  }
}

/** Numbers for values, and those that were not told yet. */
class Numbers<T> {
  #known = new Map<T, number>();
  #untold: T[] = [];

  of(value: T): number {
    let number = this.#known.get(value);
    if (number === undefined) {
      this.#known.set(value, (number = this.#known.size));
      this.#untold.push(value);
    }
    return number;
  }

  get size(): number {
    return this.#known.size;
  }

  tell(): readonly T[] {
    const told = this.#untold;
    this.#untold = [];
    return told;
  }

  forget(): void {
    this.#known = new Map();
  }
}

/** Takes what a decoder says as columns, for a thread that adds it up. */
export class ColumnSink implements BundleSink {
  readonly #resolver: Resolver;
  readonly #endpoints = new Numbers<Endpoint>();
  readonly #witnesses = new Numbers<Witness>();
  readonly #operations = new Numbers<Operation>();
  readonly #nodes = new Numbers<string>();
  readonly #flows = new Rows();
  readonly #performed = new Rows();
  readonly #opened = new Rows();
  readonly #counts = new Rows();
  readonly #sightings = new Rows();
  /** Of the latest count, and its hour. */
  #last = -1;
  #hour = 0;
  #records = 0;
  #unsure = 0;

  constructor(resolver: Resolver) {
    this.#resolver = resolver;
  }

  get knowledge(): object {
    return this.#resolver;
  }

  roleOf(end: Endpoint, time: number): Role {
    return roleOf(end, time, this.#resolver);
  }

  place(flow: Flow): Window & { readonly as: CountedAs } {
    return placeOf(flow, this.#resolver);
  }

  flow(flow: Flow): void {
    this.bundle(flow, performedBy(flow), null);
    this.count(this.place(flow).as, flow.node, flow.until, flow.records);
  }

  also(flow: Flow): void {
    this.bundle(flow, performedBy(flow), null);
  }

  bundle(flow: Flow, performed: readonly Performed[], opened: readonly Opened[] | null): void {
    const at = this.#flows.add(FLOW_WIDTH);
    const { numbers } = this.#flows;
    numbers[at + FLOW.time] = flow.time;
    numbers[at + FLOW.until] = flow.until;
    numbers[at + FLOW.records] = flow.records;
    numbers[at + FLOW.source] = this.#endpoints.of(flow.source);
    numbers[at + FLOW.destination] = this.#endpoints.of(flow.destination);
    numbers[at + FLOW.protocol] = PROTOCOLS.indexOf(flow.protocol);
    numbers[at + FLOW.port] = flow.port;
    numbers[at + FLOW.phase] = PHASES.indexOf(flow.phase);
    numbers[at + FLOW.verdict] = VERDICTS.indexOf(flow.verdict);
    numbers[at + FLOW.outcome] = OUTCOMES.indexOf(flow.outcome);
    numbers[at + FLOW.count] = flow.count;
    numbers[at + FLOW.bytesOut] = flow.bytesOut ?? NaN;
    numbers[at + FLOW.bytesIn] = flow.bytesIn ?? NaN;
    numbers[at + FLOW.witness] = this.#witnesses.of(flow.witness);
    numbers[at + FLOW.performed] = performed.length;
    numbers[at + FLOW.slots] = flow.slots;
    numbers[at + FLOW.opened] = opened === null ? NaN : opened.length;
    for (const { operation, count } of performed) {
      const place = this.#performed.add(PERFORMED_WIDTH);
      this.#performed.numbers[place + PERFORMED.operation] = this.#operations.of(operation);
      this.#performed.numbers[place + PERFORMED.count] = count;
    }
    for (const { end, time, count } of opened ?? []) {
      const place = this.#opened.add(OPENED_WIDTH);
      this.#opened.numbers[place + OPENED.end] = this.#endpoints.of(end);
      this.#opened.numbers[place + OPENED.time] = time;
      this.#opened.numbers[place + OPENED.count] = count;
    }
  }

  skip(reason: SkipReason, time: number | null, node: string): void {
    this.count(reason, node, time, 1);
  }

  count(as: CountedAs, node: string, until: number | null, records: number): void {
    this.#records += records;
    this.#count(COUNTED.indexOf(as), node, until, records);
  }

  unsure(records: number): void {
    this.#unsure += records;
  }

  lost(events: number, time: number | null, node: string): void {
    this.#count(COUNTED.indexOf('lost'), node, time, events);
  }

  #count(as: number, nodeName: string, until: number | null, n: number): void {
    const node = this.#nodes.of(nodeName);
    const hour = until === null ? NaN : Math.floor(until / HOUR);
    const { numbers } = this.#counts;
    const last = this.#last;
    // Records of one log mostly say the same as the one before.
    if (last >= 0 && numbers[last + COUNT.as] === as && numbers[last + COUNT.node] === node && Object.is(this.#hour, hour)) {
      numbers[last + COUNT.records]! += n;
      if (until !== null && until > numbers[last + COUNT.until]!) numbers[last + COUNT.until] = until;
      return;
    }
    const at = this.#counts.add(COUNT_WIDTH);
    this.#last = at;
    this.#hour = hour;
    this.#counts.numbers.set([as, node, until ?? NaN, n], at);
  }

  see(end: Endpoint, first: number, last: number): void {
    const at = this.#sightings.add(SIGHTING_WIDTH);
    const { numbers } = this.#sightings;
    numbers[at + SIGHTING.end] = this.#endpoints.of(end);
    numbers[at + SIGHTING.first] = first;
    numbers[at + SIGHTING.last] = last;
  }

  /** All since this was asked last. */
  take(): Columns {
    const numbered = [this.#endpoints, this.#witnesses, this.#operations, this.#nodes];
    const forgets = numbered.some(({ size }) => size > MAX_NAMES);
    const columns: Columns = {
      names: { endpoints: this.#endpoints.tell(), witnesses: this.#witnesses.tell(), operations: this.#operations.tell(), nodes: this.#nodes.tell() },
      forgets,
      records: this.#records,
      unsure: this.#unsure,
      flows: this.#flows.take(),
      performed: this.#performed.take(),
      opened: this.#opened.take(),
      counts: this.#counts.take(),
      sightings: this.#sightings.take(),
    };
    this.#records = 0;
    this.#unsure = 0;
    this.#last = -1;
    if (forgets) for (const numbers of numbered) numbers.forget();
    return columns;
  }
}
