import { HOUR } from '../model/edge.ts';
import type { Operation, Witness } from '../model/flow.ts';
import { within } from '../model/group.ts';
import type { Peer } from '../model/peer.ts';
import type { OperationCount, PodCount, PodHour } from './delta.ts';
import type { FoldEnd } from './fold-end.ts';
import { Numbered } from './numbered.ts';
import { Sums } from './sums.ts';

/** A pod of whom records took it for. */
interface Pod {
  readonly peer: Peer;
  readonly pod: string;
}

/** What is counted of pods and of operations, for all edges of a fold together. Edges and witnesses go by their numbers. */
export class FoldSums {
  readonly #witnesses: Numbered<Witness>;
  readonly #operations = new Numbered<Operation>();
  /** By workload and name: records may take one pod for two workloads'. */
  readonly #podsOf = new Map<Peer, Map<string, Pod>>();
  readonly #pods = new Numbered<Pod>();
  /** Whoever was resolved before is known by its object: names are long. */
  readonly #podNumbers = new Map<FoldEnd, number>();
  readonly #opened = new Sums();
  readonly #openedByHour = new Sums();
  readonly #performed = new Sums();

  constructor(witnesses: Numbered<Witness>) {
    this.#witnesses = witnesses;
  }

  get size(): number {
    return this.#opened.size + this.#openedByHour.size + this.#performed.size;
  }

  open(edge: number, end: FoldEnd, witness: number, time: number, count: number): void {
    const pod = this.#podNumbers.get(end) ?? this.#podNumber(end);
    this.#opened.add(edge, pod, witness, count);
    this.#openedByHour.add(pod, Math.floor(time / HOUR), witness, count);
  }

  #podNumber(end: FoldEnd): number {
    const { peer, pod } = end;
    const ofPeer = within(this.#podsOf, peer, () => new Map<string, Pod>());
    const number = this.#pods.of(within(ofPeer, pod, () => ({ peer, pod })));
    this.#podNumbers.set(end, number);
    return number;
  }

  perform(edge: number, operation: Operation, witness: number, count: number): void {
    this.#performed.add(edge, this.#operations.of(operation), witness, count);
  }

  podsOf(edge: number): readonly PodCount[] {
    return this.#opened.of(edge, (pod, witness, opened) => ({ pod: this.#pods.at(pod).pod, witness: this.#witnesses.at(witness), opened }));
  }

  operationsOf(edge: number): readonly OperationCount[] {
    return this.#performed.of(edge, (operation, witness, count) => ({ operation: this.#operations.at(operation), witness: this.#witnesses.at(witness), count }));
  }

  podHours(): PodHour[] {
    return this.#pods.all.flatMap(({ peer, pod }, number) => this.#openedByHour.of(number, (hour, witness, opened): PodHour => ({ peer, pod, witness: this.#witnesses.at(witness), hour, opened })));
  }
}
