import { HOUR } from '../model/edge.ts';
import type { Operation, Witness } from '../model/flow.ts';
import { within } from '../model/group.ts';
import type { Peer } from '../model/peer.ts';
import type { OperationCount, PodCount, PodHour } from './delta.ts';
import { Sums } from './sums.ts';

/** Numbers for objects, in the order in which they come. */
class Numbered<T> {
  readonly all: T[] = [];
  readonly #numbers = new Map<T, number>();

  of(object: T): number {
    const known = this.#numbers.get(object);
    if (known !== undefined) return known;
    this.#numbers.set(object, this.all.length);
    return this.all.push(object) - 1;
  }
}

/** What is counted of pods and of operations, for all edges of a fold together. Edges and witnesses go by their numbers. */
export class FoldSums {
  readonly #witnesses: readonly Witness[];
  readonly #operations = new Numbered<Operation>();
  /** By workload and name: records may take one pod for two workloads'. */
  readonly #podNumbers = new Map<Peer, Map<string, number>>();
  readonly #pods: { readonly peer: Peer; readonly pod: string }[] = [];
  readonly #opened = new Sums();
  readonly #openedByHour = new Sums();
  readonly #performed = new Sums();

  constructor(witnesses: readonly Witness[]) {
    this.#witnesses = witnesses;
  }

  get size(): number {
    return this.#opened.size + this.#openedByHour.size + this.#performed.size;
  }

  open(edge: number, peer: Peer, name: string, witness: number, time: number, count: number): void {
    const ofPeer = within(this.#podNumbers, peer, () => new Map<string, number>());
    let pod = ofPeer.get(name);
    if (pod === undefined) ofPeer.set(name, (pod = this.#pods.push({ peer, pod: name }) - 1));
    this.#opened.add(edge, pod, witness, count);
    this.#openedByHour.add(pod, Math.floor(time / HOUR), witness, count);
  }

  perform(edge: number, operation: Operation, witness: number, count: number): void {
    this.#performed.add(edge, this.#operations.of(operation), witness, count);
  }

  podsOf(edge: number): readonly PodCount[] {
    return this.#opened.of(edge).map(({ what, by, sum }) => ({ pod: this.#pods[what]!.pod, witness: this.#witnesses[by]!, opened: sum }));
  }

  operationsOf(edge: number): readonly OperationCount[] {
    return this.#performed.of(edge).map(({ what, by, sum }) => ({ operation: this.#operations.all[what]!, witness: this.#witnesses[by]!, count: sum }));
  }

  podHours(): PodHour[] {
    return this.#pods.flatMap((pod, number) => this.#openedByHour.of(number).map(({ what, by, sum }): PodHour => ({ ...pod, witness: this.#witnesses[by]!, hour: what, opened: sum })));
  }
}
