import type { BundleSink } from '../../../src/collector.ts';
import { HOUR, SLOT } from '../../../src/model/edge.ts';
import { performedBy, type CountedAs, type Endpoint, type Flow, type Performed, type Role, type SkipReason, type Window, type Witness } from '../../../src/model/flow.ts';
import { formatLabels } from '../../../src/model/labels.ts';

interface Sum {
  records: number;
  count: number;
  first: number;
  last: number;
  slots: number;
  bytesOut: number | null;
  bytesIn: number | null;
}

/** Adds up all that a decoder says, flow by flow and count by count: what is told in one go and what is told one by one are the same here. */
export class Told implements BundleSink {
  readonly knowledge = {};
  readonly #flows = new Map<string, Sum>();
  readonly #performed = new Map<string, number>();
  readonly #counts = new Map<string, { records: number; last: number }>();
  readonly #texts = new WeakMap<Endpoint | Witness, string>();

  flow(flow: Flow): void {
    this.#add(flow);
    this.count(this.place(flow).as, flow.node, flow.until, flow.records);
  }

  also(flow: Flow): void {
    // Its record was counted with the first flow.
    this.#add({ ...flow, records: 0 });
  }

  bundle(flow: Flow, performed: readonly Performed[]): void {
    this.#add(flow, performed);
  }

  skip(reason: SkipReason, time: number | null, node: string): void {
    this.count(reason, node, time, 1);
  }

  lost(events: number, time: number | null, node: string): void {
    const sum = this.#counted(`lost ${node} ${time}`);
    sum.records += events;
  }

  count(as: CountedAs, node: string, until: number | null, records: number): void {
    const sum = this.#counted(`${as} ${node} ${until === null ? null : Math.floor(until / HOUR)}`);
    sum.records += records;
    if (until !== null && until > sum.last) sum.last = until;
  }

  /** Nobody has a role: each flow has its own ends. */
  roleOf(): Role {
    return { workload: null, from: -Infinity, until: Infinity };
  }

  unsure(): void {
    // How they were decoded is not what they say.
  }

  see(): void {
    throw new Error('nobody has a role');
  }

  /** Windows of any length, so that records come behind and before them. */
  place({ time, port, phase, source, destination }: Flow): Window & { readonly as: CountedAs } {
    const unit = port % 2 === 0 ? HOUR : 7_000;
    const from = Math.floor(time / unit) * unit;
    const as = source.address !== null && source.address === destination.address ? 'self' : phase === 'answer' ? 'reply' : 'flows';
    return { from, until: from + unit - 1, as };
  }

  #add(flow: Flow, performed = performedBy(flow)): void {
    const { time, phase, verdict, outcome, protocol, port, bytesOut, bytesIn } = flow;
    const key = `${Math.floor(time / HOUR)} ${this.#text(flow.source)} -> ${this.#text(flow.destination)} ${port}/${protocol} ${phase} ${verdict} ${outcome} ${this.#text(flow.witness)}`;
    let sum = this.#flows.get(key);
    if (sum === undefined) this.#flows.set(key, (sum = { records: 0, count: 0, first: Infinity, last: -Infinity, slots: 0, bytesOut: null, bytesIn: null }));
    sum.records += flow.records;
    sum.count += flow.count;
    sum.first = Math.min(sum.first, time);
    sum.slots |= flow.slots === 0 ? 1 << (Math.floor(time / SLOT) % 6) : flow.slots;
    sum.last = Math.max(sum.last, flow.until);
    if (bytesOut !== null) sum.bytesOut = (sum.bytesOut ?? 0) + bytesOut;
    if (bytesIn !== null) sum.bytesIn = (sum.bytesIn ?? 0) + bytesIn;
    for (const { operation: { method, path }, count } of performed) {
      const own = `${key} ${method} ${path}`;
      this.#performed.set(own, count + (this.#performed.get(own) ?? 0));
    }
  }

  #counted(key: string): { records: number; last: number } {
    let sum = this.#counts.get(key);
    if (sum === undefined) this.#counts.set(key, (sum = { records: 0, last: -Infinity }));
    return sum;
  }

  #text(of: Endpoint | Witness): string {
    let text = this.#texts.get(of);
    if (text === undefined) {
      text = JSON.stringify('labels' in of ? { ...of, labels: of.labels === null ? null : formatLabels(of.labels) } : of);
      this.#texts.set(of, text);
    }
    return text;
  }

  /** A text a flow and count, sorted; then everything is forgotten. */
  take(): readonly string[] {
    const flows = [...this.#flows].map(([key, sum]) => `flow ${key} ${JSON.stringify(sum)}`);
    const performed = [...this.#performed].map(([key, count]) => `performed ${key} ${count}`);
    const counts = [...this.#counts].map(([key, { records, last }]) => `count ${key} ${records} until ${last}`);
    const texts = [...flows, ...performed, ...counts];
    this.#flows.clear();
    this.#performed.clear();
    this.#counts.clear();
    return texts.toSorted();
  }
}
