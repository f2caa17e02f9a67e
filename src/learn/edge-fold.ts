import { DAY, emptyTally, failedInSlot, HOUR, SLOT, SLOTS_IN_HOUR, type EdgeKey } from '../model/edge.ts';
import type { Flow, Witness } from '../model/flow.ts';
import { within } from '../model/group.ts';
import type { Peer } from '../model/peer.ts';
import { count, isAnswer, isOpening } from './count.ts';
import type { DayDelta, EdgeDelta, OperationCount, PodCount, Violation, ViolationDay, WitnessDelta } from './delta.ts';
import { classAddress, type FoldEnd } from './fold-end.ts';
import type { FoldSums } from './fold-sums.ts';

/** What people's choices make of an edge at the time of a batch. */
export interface Judgement {
  readonly watching: boolean;
  readonly violates: boolean;
  readonly epoch: number;
}

/** How many rows a fold has come to, all together, its sums apart. */
export interface Held {
  rows: number;
}

/** Most edges have few addresses and certificates, and few fail: what is empty is shared. */
const NOTHING = new Set<never>();

/** Of a witness that has none yet. */
const NO_DAY: DayDelta = { hours: 0, opened: 0, bytesOut: 0, bytesIn: 0 };

class WitnessFold implements WitnessDelta {
  readonly tally = emptyTally();
  readonly days = new Map<number, DayDelta>();
  /** Times come in order, more or less: most flows are of the day of the one before. */
  #latest = Number.NaN;
  #day: DayDelta = NO_DAY;
  #tried: Set<number> = NOTHING;

  dayOf(time: number, held: Held): DayDelta {
    const number = Math.floor(time / DAY);
    if (number === this.#latest) return this.#day;
    this.#latest = number;
    return (this.#day = within(this.days, number, (): DayDelta => {
      held.rows++;
      return { hours: 0, opened: 0, bytesOut: 0, bytesIn: 0 };
    }));
  }

  /** After the flow was counted: a slot in which it had been answered will not have failed, whatever comes. */
  tried(slot: number, held: Held): void {
    if (!failedInSlot(slot, this.tally.firstAnswered) || this.#tried.has(slot)) return;
    if (this.#tried === NOTHING) this.#tried = new Set();
    this.#tried.add(slot);
    held.rows++;
  }

  get failedSlots(): readonly number[] {
    return this.#tried.size === 0 ? [] : [...this.#tried].filter((slot) => failedInSlot(slot, this.tally.firstAnswered));
  }
}

/** What one batch tells of an edge. */
export class EdgeFold implements EdgeDelta, EdgeKey {
  readonly source: Peer;
  readonly destination: Peer;
  readonly protocol: EdgeKey['protocol'];
  readonly port: number;
  readonly witnesses = new Map<Witness, WitnessFold>();
  records = 0;
  addresses: Set<string> = NOTHING;
  principals: Set<string> = NOTHING;
  /** Among the edges of its fold. */
  readonly number: number;
  readonly #sums: FoldSums;
  readonly #judgement: Judgement;
  readonly #held: Held;
  #violations: Map<Witness, Map<number, ViolationDay>> | null = null;

  constructor(edge: EdgeKey, number: number, sums: FoldSums, judgement: Judgement, held: Held) {
    this.source = edge.source;
    this.destination = edge.destination;
    this.protocol = edge.protocol;
    this.port = edge.port;
    this.number = number;
    this.#sums = sums;
    this.#judgement = judgement;
    this.#held = held;
    held.rows++;
  }

  get watching(): boolean {
    return this.#judgement.watching;
  }

  get violation(): Violation | null {
    return this.#violations === null ? null : { epoch: this.#judgement.epoch, witnesses: this.#violations };
  }

  get pods(): readonly PodCount[] {
    return this.#sums.podsOf(this.number);
  }

  get operations(): readonly OperationCount[] {
    return this.#sums.operationsOf(this.number);
  }

  add(source: FoldEnd, destination: FoldEnd, flow: Readonly<Flow>): void {
    const { witness, time } = flow;
    const held = this.#held;
    // Without `within`, whose closure is made for each flow.
    let own = this.witnesses.get(witness);
    if (own === undefined) {
      this.witnesses.set(witness, (own = new WitnessFold()));
      held.rows++;
    }
    count(own.tally, flow);
    if (!isAnswer(flow)) this.records += flow.records;
    const opening = isOpening(flow);
    if (flow.phase !== 'lost-answer') {
      const day = own.dayOf(time, held);
      day.hours |= 1 << (Math.floor(time / HOUR) % 24);
      if (opening) day.opened += flow.count;
      day.bytesOut += flow.bytesOut ?? 0;
      day.bytesIn += flow.bytesIn ?? 0;
      if (flow.slots === 0) own.tried(Math.floor(time / SLOT), held);
      for (let i = 0; flow.slots >>> i !== 0; i++) if ((flow.slots >>> i) & 1) own.tried(Math.floor(time / HOUR) * SLOTS_IN_HOUR + i, held);
    }
    this.#addAddress(source);
    this.#addAddress(destination);
    this.#addPrincipal(flow);
    const denied = flow.verdict === 'dropped' && flow.outcome === 'rejected';
    const { violates, watching } = this.#judgement;
    if ((violates || (watching && denied)) && flow.phase !== 'lost-answer') this.#addViolation(flow);
  }

  /** The class stands for many addresses: which ones were used is evidence. */
  #addAddress(end: FoldEnd): void {
    const address = classAddress(end);
    if (address === null || this.addresses.has(address)) return;
    if (this.addresses === NOTHING) this.addresses = new Set();
    this.addresses.add(address);
    this.#held.rows++;
  }

  /** A certificate that was turned away says nothing of those that are let in. */
  #addPrincipal({ source: { principal }, verdict, outcome }: Readonly<Flow>): void {
    if (principal === null || verdict !== 'forwarded' || outcome !== 'established' || this.principals.has(principal)) return;
    if (this.principals === NOTHING) this.principals = new Set();
    this.principals.add(principal);
    this.#held.rows++;
  }

  #addViolation(flow: Readonly<Flow>): void {
    this.#violations ??= new Map();
    const days = within(this.#violations, flow.witness, () => new Map<number, ViolationDay>());
    const day = within(days, Math.floor(flow.time / DAY), (): ViolationDay => {
      this.#held.rows++;
      return { hours: 0, tally: emptyTally() };
    });
    day.hours |= 1 << (Math.floor(flow.time / HOUR) % 24);
    count(day.tally, flow);
  }
}
