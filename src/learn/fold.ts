import { DAY, emptyTally, failedInSlot, HOUR, SLOT, type EdgeKey, type Tally } from '../model/edge.ts';
import type { Flow, Operation, Witness } from '../model/flow.ts';
import type { Peer } from '../model/peer.ts';
import type { Admission } from './admission.ts';
import type { DayDelta, EdgeDelta, PendingDelta, PodHour, Violation, ViolationDay, WitnessDelta } from './delta.ts';

/** What people's choices make of an edge at the time of a batch. */
export interface Judgement {
  readonly watching: boolean;
  readonly violates: boolean;
  readonly epoch: number;
}

export interface Judge {
  readonly revision: number;
  judge(edge: EdgeKey): Judgement;
}

/** An end of a flow, as far as folding needs it. */
export interface FoldEnd {
  readonly peer: Peer;
  readonly pod: string;
  readonly address: string | null;
}

/** Most edges have few addresses, certificates and operations: what is empty is shared. */
const NOTHING = new Set<never>();
const NO_OPERATIONS = new Map<never, never>();

class WitnessFold implements WitnessDelta {
  readonly tally = emptyTally();
  readonly days = new Map<number, DayDelta>();
  readonly #tried = new Set<number>();

  tried(slot: number): void {
    this.#tried.add(slot);
  }

  get failedSlots(): readonly number[] {
    return [...this.#tried].filter((slot) => failedInSlot(slot, this.tally.firstAnswered));
  }
}

class EdgeFold implements EdgeDelta, EdgeKey {
  readonly witnesses = new Map<Witness, WitnessFold>();
  readonly pods = new Map<string, Map<Witness, number>>();
  records = 0;
  addresses: Set<string> = NOTHING;
  principals: Set<string> = NOTHING;
  operations: Map<Operation, Map<Witness, number>> = NO_OPERATIONS;
  readonly source: Peer;
  readonly destination: Peer;
  readonly protocol: EdgeKey['protocol'];
  readonly port: number;
  readonly judgement: Judgement;
  violations: Map<Witness, Map<number, ViolationDay>> | null = null;

  constructor(edge: EdgeKey, judgement: Judgement) {
    this.source = edge.source;
    this.destination = edge.destination;
    this.protocol = edge.protocol;
    this.port = edge.port;
    this.judgement = judgement;
  }

  get watching(): boolean {
    return this.judgement.watching;
  }

  get violation(): Violation | null {
    return this.violations === null ? null : { epoch: this.judgement.epoch, witnesses: this.violations };
  }
}

/** Adds the flows of one batch up. An edge that did not fit into the graph's caps is counted by the caller. */
export class Fold {
  readonly #admission: Admission;
  readonly #judge: Judge;
  readonly #edges: EdgeFold[] = [];
  /** What a flow of a port is added to, by whether it was answered: answered flows may have room where others have none. */
  readonly #byPort = new Map<Peer, Map<Peer, Map<number, EdgeFold | null>>>();
  readonly #pending = new Map<Peer, Map<Peer, Map<string, PendingDelta & { readonly operations: Map<Operation, number> }>>>();

  readonly #kept = new Map<Peer, Map<Operation, boolean>>();
  readonly #podHours = new Map<string, { readonly peer: Peer; readonly counts: Map<Witness, Map<number, number>> }>();

  constructor(admission: Admission, judge: Judge) {
    this.#admission = admission;
    this.#judge = judge;
  }

  get revision(): number {
    return this.#judge.revision;
  }

  /** False if there was no room for the edge. Both ends are known. */
  add(source: FoldEnd, destination: FoldEnd, port: number, flow: Readonly<Flow>): boolean {
    const edge = this.#edge(source.peer, destination.peer, port, flow);
    if (edge === null) return false;
    addFlow(edge, source, destination, flow);
    if (flow.operation !== null && this.#keeps(destination.peer, flow.operation)) addOperation(edge, flow, flow.operation);
    if (source.pod !== '' && isOpening(flow)) this.#addPod(source, flow);
    return true;
  }

  /** Whether `add` would find room for the edge, now and in this batch. */
  hasRoom(source: Peer, destination: Peer, port: number, flow: Readonly<Flow>): boolean {
    return this.#edge(source, destination, port, flow) !== null;
  }

  /** Operations are few objects: each is asked about once. */
  #keeps(destination: Peer, operation: Operation): boolean {
    const known = within(this.#kept, destination, () => new Map<Operation, boolean>());
    return within(known, operation, () => this.#admission.admitsOperation(destination, operation));
  }

  /** Keeps a flow with an unknown end by its minute, until its owner is known. */
  hold(source: FoldEnd, destination: FoldEnd, port: number, flow: Readonly<Flow>): void {
    const bySource = within(this.#pending, source.peer, () => new Map());
    const byDestination = within(bySource, destination.peer, () => new Map());
    const minute = Math.floor(flow.time / 60_000);
    const { collector, side, point } = flow.witness;
    const address = classAddress(source) ?? classAddress(destination) ?? '';
    const principal = flow.source.principal ?? '';
    const key = `${minute} ${port} ${flow.protocol} ${source.pod} ${destination.pod} ${address} ${principal} ${collector} ${side} ${point}`;
    const row = within(byDestination, key, () => ({
      source: source.peer,
      destination: destination.peer,
      protocol: flow.protocol,
      port,
      minute,
      sourcePod: source.pod,
      destinationPod: destination.pod,
      address,
      principal,
      witness: flow.witness,
      tally: emptyTally(),
      records: 0,
      operations: new Map<Operation, number>(),
    }));
    count(row.tally, flow);
    if (!isAnswer(flow)) row.records += flow.records;
    if (flow.operation !== null && this.#keeps(destination.peer, flow.operation)) row.operations.set(flow.operation, (row.operations.get(flow.operation) ?? 0) + flow.count);
  }

  #addPod({ peer, pod }: FoldEnd, { witness, time, count: n }: Readonly<Flow>): void {
    const known = within(this.#podHours, pod, () => ({ peer, counts: new Map<Witness, Map<number, number>>() }));
    const hours = within(known.counts, witness, () => new Map<number, number>());
    const hour = Math.floor(time / HOUR);
    hours.set(hour, (hours.get(hour) ?? 0) + n);
  }

  podHours(): PodHour[] {
    const all: PodHour[] = [];
    for (const [pod, { peer, counts }] of this.#podHours) {
      for (const [witness, hours] of counts) for (const [hour, opened] of hours) all.push({ peer, pod, witness, hour, opened });
    }
    return all;
  }

  edges(): EdgeDelta[] {
    return this.#edges;
  }

  pending(): PendingDelta[] {
    const all: PendingDelta[] = [];
    for (const byDestination of this.#pending.values()) for (const byKey of byDestination.values()) all.push(...byKey.values());
    return all;
  }

  #edge(source: Peer, destination: Peer, port: number, { protocol, outcome }: Readonly<Flow>): EdgeFold | null {
    const bySource = within(this.#byPort, source, () => new Map());
    const byPort = within(bySource, destination, () => new Map());
    const isAnswered = outcome === 'established';
    const key = (port * 8 + PROTOCOL_NUMBER[protocol]) * 2;
    const known = byPort.get(isAnswered ? key + 1 : key);
    if (known !== undefined) return known;
    const admitted = this.#admission.admit({ source, destination, protocol, port }, isAnswered);
    const edge = admitted === null ? null : new EdgeFold(admitted, this.#judge.judge(admitted));
    if (edge !== null) this.#edges.push(edge);
    // An edge that is in has room for every flow of its own.
    const isItself = edge !== null && edge.port === port && edge.source === source && edge.destination === destination;
    for (const of of isItself ? [key, key + 1] : [isAnswered ? key + 1 : key]) byPort.set(of, edge);
    return edge;
  }
}

const PROTOCOL_NUMBER: Readonly<Record<Flow['protocol'], number>> = { TCP: 0, UDP: 1, SCTP: 2, ICMP: 3, ICMPv6: 4 };

function within<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}

/** Adds a flow to what its witness counted. */
function count(tally: Tally, flow: Readonly<Flow>): void {
  const n = flow.count;
  // That an answer was lost is no sign of life.
  if (flow.phase === 'lost-answer') {
    tally.lostAnswers += n;
    return;
  }
  if (flow.time < tally.firstSeen) tally.firstSeen = flow.time;
  if (flow.until > tally.lastSeen) tally.lastSeen = flow.until;
  tally.bytesOut += flow.bytesOut ?? 0;
  tally.bytesIn += flow.bytesIn ?? 0;
  if (flow.verdict === 'dropped') tally[flow.outcome === 'rejected' ? 'denied' : 'failed'] += n;
  else if (flow.phase === 'answer') {
    if (flow.outcome === 'refused') tally.refused += n;
    else answer(tally, n, flow.time);
  } else if (flow.verdict === 'audited') tally.audited += n;
  else if (flow.phase === 'ongoing') tally.ongoing += n;
  else if (!isOpening(flow)) tally.failed += n;
  else {
    tally.opened += n;
    if (flow.outcome === 'established') answer(tally, n, flow.time);
    else if (flow.outcome === 'refused') tally.refused += n;
  }
}

function answer(tally: Tally, n: number, time: number): void {
  tally.answered += n;
  if (time < tally.firstAnswered) tally.firstAnswered = time;
}

/** It belongs to a connection that another record tells of. */
function isAnswer({ phase }: Readonly<Flow>): boolean {
  return phase === 'answer' || phase === 'lost-answer';
}

/** What reached no server opened nothing. */
function isOpening(flow: Readonly<Flow>): boolean {
  return flow.phase === 'open' && flow.verdict === 'forwarded' && flow.outcome !== 'unanswered';
}

function addFlow(edge: EdgeFold, source: FoldEnd, destination: FoldEnd, flow: Readonly<Flow>): void {
  const { witness, time } = flow;
  const delta = within(edge.witnesses, witness, () => new WitnessFold());
  count(delta.tally, flow);
  if (!isAnswer(flow)) edge.records += flow.records;
  const hour = Math.floor(time / HOUR);
  const opening = isOpening(flow);
  if (flow.phase !== 'lost-answer') {
    const day = within(delta.days, Math.floor(time / DAY), (): DayDelta => ({ hours: 0, opened: 0, bytesOut: 0, bytesIn: 0 }));
    day.hours |= 1 << (hour % 24);
    if (opening) day.opened += flow.count;
    day.bytesOut += flow.bytesOut ?? 0;
    day.bytesIn += flow.bytesIn ?? 0;
    delta.tried(Math.floor(time / SLOT));
  }
  if (opening && source.pod !== '') {
    const counts = within(edge.pods, source.pod, () => new Map<Witness, number>());
    counts.set(witness, (counts.get(witness) ?? 0) + flow.count);
  }
  addAddress(edge, source);
  addAddress(edge, destination);
  addPrincipal(edge, flow);
  const denied = flow.verdict === 'dropped' && flow.outcome === 'rejected';
  if ((edge.judgement.violates || (edge.judgement.watching && denied)) && flow.phase !== 'lost-answer') addViolation(edge, flow, hour);
}

function addOperation(edge: EdgeFold, { witness, count: n }: Readonly<Flow>, operation: Operation): void {
  if (edge.operations === NO_OPERATIONS) edge.operations = new Map();
  const counts = within(edge.operations, operation, () => new Map<Witness, number>());
  counts.set(witness, (counts.get(witness) ?? 0) + n);
}

function classAddress({ peer, address }: FoldEnd): string | null {
  return peer.type === 'node' || peer.type === 'apiserver' ? address : null;
}

/** The class stands for many addresses: which ones were used is evidence. */
function addAddress(edge: EdgeFold, end: FoldEnd): void {
  const address = classAddress(end);
  if (address === null) return;
  if (edge.addresses === NOTHING) edge.addresses = new Set();
  edge.addresses.add(address);
}

/** A certificate that was turned away says nothing of those that are let in. */
function addPrincipal(edge: EdgeFold, { source, verdict, outcome }: Readonly<Flow>): void {
  if (source.principal === null || verdict !== 'forwarded' || outcome !== 'established') return;
  if (edge.principals === NOTHING) edge.principals = new Set();
  edge.principals.add(source.principal);
}

function addViolation(edge: EdgeFold, flow: Readonly<Flow>, hour: number): void {
  edge.violations ??= new Map();
  const days = within(edge.violations, flow.witness, () => new Map<number, ViolationDay>());
  const day = within(days, Math.floor(flow.time / DAY), (): ViolationDay => ({ hours: 0, tally: emptyTally() }));
  day.hours |= 1 << (hour % 24);
  count(day.tally, flow);
}
