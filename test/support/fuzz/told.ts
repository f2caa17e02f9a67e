import type { BundleSink } from '../../../src/collector.ts';
import { HOUR, SLOT } from '../../../src/model/edge.ts';
import { countedAs, performedBy, type CountedAs, type Endpoint, type Flow, type Opened, type Performed, type Role, type SkipReason, type Window, type Witness } from '../../../src/model/flow.ts';
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

/** Milliseconds within which everybody stays who he is. */
const ROLE_HOLDS = 11_000;

/** Adds up all that a decoder says, flow by flow and count by count: what is told in one go and what is told one by one are the same here. */
export class Told implements BundleSink {
  readonly knowledge = {};
  readonly #flows = new Map<string, Sum>();
  readonly #performed = new Map<string, number>();
  readonly #opened = new Map<string, number>();
  readonly #seen = new Map<string, { first: number; last: number }>();
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

  bundle(flow: Flow, performed: readonly Performed[], opened: readonly Opened[] | null): void {
    this.#add(flow, performed, opened);
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

  /** Addresses are those of a few workloads' pods, each of them at some times. */
  roleOf({ address, reserved }: Endpoint, time: number): Role {
    if (address === null || reserved !== null) return { workload: null, from: -Infinity, until: Infinity };
    const [number, turn] = [address.charCodeAt(address.length - 1), Math.floor(time / ROLE_HOLDS)];
    return { workload: (number + turn) % 4 === 0 ? null : `workload ${number % 3}`, from: turn * ROLE_HOLDS, until: (turn + 1) * ROLE_HOLDS - 1 };
  }

  unsure(): void {
    // How they were decoded is not what they say.
  }

  see(end: Endpoint, first: number, last: number): void {
    const text = this.#text(end);
    const seen = this.#seen.get(text);
    if (seen === undefined) this.#seen.set(text, { first, last });
    else [seen.first, seen.last] = [Math.min(seen.first, first), Math.max(seen.last, last)];
  }

  /** Windows of any length within which both ends stay who they are, so that records come behind and before them. */
  place(flow: Flow): Window & { readonly as: CountedAs } {
    const { time, port, source, destination } = flow;
    const unit = port % 2 === 0 ? HOUR : 7_000;
    const from = Math.floor(time / unit) * unit;
    const as = countedAs(flow, source.address !== null && source.address === destination.address ? 'self' : null);
    const ends = [source, destination].map((end) => this.roleOf(end, time));
    return { from: Math.max(from, ...ends.map((end) => end.from)), until: Math.min(from + unit - 1, ...ends.map((end) => end.until)), as };
  }

  #add(flow: Flow, performed = performedBy(flow), opened: readonly Opened[] | null = null): void {
    const { time, phase, verdict, outcome, protocol, port, bytesOut, bytesIn } = flow;
    const key = `${Math.floor(time / HOUR)} ${this.#ends(flow)} ${port}/${protocol} ${phase} ${verdict} ${outcome} ${this.#text(flow.witness)}`;
    let sum = this.#flows.get(key);
    if (sum === undefined) this.#flows.set(key, (sum = { records: 0, count: 0, first: Infinity, last: -Infinity, slots: 0, bytesOut: null, bytesIn: null }));
    sum.records += flow.records;
    sum.count += flow.count;
    sum.first = Math.min(sum.first, time);
    sum.slots |= flow.slots === 0 ? 1 << (Math.floor(time / SLOT) % 6) : flow.slots;
    sum.last = Math.max(sum.last, flow.until);
    if (bytesOut !== null) sum.bytesOut = (sum.bytesOut ?? 0) + bytesOut;
    if (bytesIn !== null) sum.bytesIn = (sum.bytesIn ?? 0) + bytesIn;
    for (const { operation: { method, path }, count } of performed) add(this.#performed, `${key} ${method} ${path}`, count);
    const own = [{ end: flow.source, time, count: flow.count }];
    if (phase === 'open') for (const { end, time: at, count } of opened ?? own) add(this.#opened, `${key} ${this.#text(end)} as ${this.roleOf(end, at).workload}`, count);
    if (opened !== null || this.place(flow).as === 'self') return;
    this.see(flow.source, time, flow.until);
    this.see(flow.destination, time, flow.until);
  }

  /** Between two workloads any of their pods stands for all; names are those of addresses outside. */
  #ends({ source, destination, time }: Flow): string {
    const ends = [source, destination];
    const workloads = ends.map((end) => this.roleOf(end, time).workload);
    const areRoles = workloads.every((workload) => workload !== null) && workloads[0] !== workloads[1];
    return (areRoles ? ends.map(({ principal }, i) => JSON.stringify([workloads[i], principal])) : ends.map((end) => this.#text(end))).join(' -> ');
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
    const opened = [...this.#opened].map(([key, count]) => `opened ${key} ${count}`);
    const seen = [...this.#seen].map(([end, { first, last }]) => `seen ${end} ${first} ${last}`);
    const texts = [...flows, ...performed, ...opened, ...seen, ...counts];
    this.#flows.clear();
    this.#performed.clear();
    this.#opened.clear();
    this.#seen.clear();
    this.#counts.clear();
    return texts.toSorted();
  }
}

function add(sums: Map<string, number>, key: string, n: number): void {
  sums.set(key, n + (sums.get(key) ?? 0));
}
