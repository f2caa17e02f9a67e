import { emptyTally, serviceNumber, type EdgeKey } from '../model/edge.ts';
import { type Flow, type Operation, performedBy, type Witness, witnessKey } from '../model/flow.ts';
import { within } from '../model/group.ts';
import type { Peer } from '../model/peer.ts';
import { Triples } from '../model/triples.ts';
import type { Admission } from './admission.ts';
import { count, isAnswer, isOpening } from './count.ts';
import type { EdgeDelta, PendingDelta, PodHour } from './delta.ts';
import { EdgeFold, type Held, type Judgement } from './edge-fold.ts';
import { classAddress, type FoldEnd } from './fold-end.ts';
import { FoldSums } from './fold-sums.ts';
import { Numbered } from './numbered.ts';

export interface Judge {
  readonly revision: number;
  judge(edge: EdgeKey): Judgement;
}

/** How many connections an end opened. */
export interface OpenedBy {
  readonly end: FoldEnd;
  readonly count: number;
}

/** Adds the flows of one batch up. An edge that did not fit into the graph's caps is counted by the caller. */
export class Fold {
  readonly #admission: Admission;
  readonly #judge: Judge;
  readonly #edges: EdgeFold[] = [];
  readonly #held: Held = { rows: 0 };
  readonly #peers = new Map<Peer, number>();
  /**
   * What a flow of a port is added to, by whether it was answered: answered flows may have room where others have none. A place in `#edges`, or NO_ROOM.
   */
  readonly #byService = new Triples();
  readonly #pending = new Map<Peer, Map<Peer, Map<string, PendingDelta & { readonly operations: Map<Operation, number> }>>>();

  /** One object for one witness: decoders that read a log together each have their own. */
  readonly #witnesses = new Numbered<Witness>();
  readonly #sums = new FoldSums(this.#witnesses);
  readonly #kept = new Map<Peer, Map<Operation, boolean>>();

  constructor(admission: Admission, judge: Judge) {
    this.#admission = admission;
    this.#judge = judge;
  }

  get revision(): number {
    return this.#judge.revision;
  }

  /** How many rows it holds, roughly: what its memory grows with. */
  get size(): number {
    return this.#held.rows + this.#sums.size;
  }

  /** False if there was no room for the edge. Both ends are known. */
  add(source: FoldEnd, destination: FoldEnd, port: number, told: Readonly<Flow>, performed = performedBy(told), opened: readonly OpenedBy[] = [{ end: source, count: told.count }]): boolean {
    const number = this.#witnesses.alike(told.witness, witnessKey);
    const witness = this.#witnesses.at(number);
    const flow = witness === told.witness ? told : { ...told, witness };
    const edge = this.#edge(source.peer, destination.peer, port, flow);
    if (edge === null) return false;
    edge.add(source, destination, flow);
    if (isOpening(flow)) for (const { end, count: n } of opened) if (end.pod !== '') this.#sums.open(edge.number, end, number, flow.time, n);
    for (const { operation, count: n } of performed) if (this.#keeps(destination.peer, operation)) this.#sums.perform(edge.number, operation, number, n);
    return true;
  }

  /** Operations are few objects: each is asked about once. */
  #keeps(destination: Peer, operation: Operation): boolean {
    const kept = within(this.#kept, destination, () => new Map<Operation, boolean>());
    let known = kept.get(operation);
    if (known === undefined) kept.set(operation, (known = this.#admission.admitsOperation(destination, operation)));
    return known;
  }

  /** Keeps a flow with an unknown end by its minute, until its owner is known. */
  hold(source: FoldEnd, destination: FoldEnd, port: number, flow: Readonly<Flow>, performed = performedBy(flow)): void {
    const bySource = within(this.#pending, source.peer, () => new Map());
    const byDestination = within(bySource, destination.peer, () => new Map());
    const minute = Math.floor(flow.time / 60_000);
    const { collector, side, point } = flow.witness;
    const address = classAddress(source) ?? classAddress(destination) ?? '';
    const principal = flow.source.principal ?? '';
    const key = `${minute} ${port} ${flow.protocol} ${source.pod} ${destination.pod} ${address} ${principal} ${collector} ${side} ${point}`;
    const row = within(byDestination, key, () => {
      this.#held.rows++;
      return {
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
      };
    });
    count(row.tally, flow);
    if (!isAnswer(flow)) row.records += flow.records;
    for (const { operation, count: n } of performed) if (this.#keeps(destination.peer, operation)) row.operations.set(operation, (row.operations.get(operation) ?? 0) + n);
  }

  podHours(): PodHour[] {
    return this.#sums.podHours();
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
    const isAnswered = outcome === 'established';
    const [from, to] = [this.#number(source), this.#number(destination)];
    const service = serviceNumber(port, protocol) * 2;
    const known = this.#byService.get(from, to, isAnswered ? service + 1 : service);
    if (known !== undefined) return this.#edges[known] ?? null;
    const admitted = this.#admission.admit({ source, destination, protocol, port }, isAnswered);
    const edge = admitted === null ? null : new EdgeFold(admitted, this.#edges.length, this.#sums, this.#judge.judge(admitted), this.#held);
    const place = edge === null ? NO_ROOM : this.#edges.push(edge) - 1;
    // An edge that is in has room for every flow of its own.
    const isItself = edge !== null && edge.port === port && edge.source === source && edge.destination === destination;
    for (const of of isItself ? [service, service + 1] : [isAnswered ? service + 1 : service]) this.#byService.set(from, to, of, place);
    return edge;
  }

  #number(peer: Peer): number {
    const known = this.#peers.get(peer);
    if (known === undefined) this.#peers.set(peer, this.#peers.size);
    return known ?? this.#peers.size - 1;
  }
}

const NO_ROOM = -1;
