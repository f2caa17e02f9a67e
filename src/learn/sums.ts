import { Triples } from '../model/triples.ts';

/**
 * Sums by their owner and by two more numbers: what was counted, and who counted it. One weighs 36 to 72 bytes; maps of maps weigh ten times that, and whoever collects garbage has
 * to walk through them.
 */
export class Sums {
  readonly #places = new Triples();
  #sums = new Float64Array(512);
  /** Of each sum, its owner's one before it, counted from 1; 0 for none. */
  #before = new Int32Array(512);
  /** Of each owner the latest, counted from 1. */
  #latest = new Int32Array(512);

  get size(): number {
    return this.#places.size;
  }

  add(owner: number, what: number, by: number, n: number): void {
    const known = this.#places.get(owner, what, by);
    if (known !== undefined) {
      this.#sums[known] = (this.#sums[known] ?? 0) + n;
      return;
    }
    const place = this.#places.size;
    if (place === this.#sums.length) {
      this.#sums = larger(this.#sums, new Float64Array(2 * place));
      this.#before = larger(this.#before, new Int32Array(2 * place));
    }
    if (owner >= this.#latest.length) this.#latest = larger(this.#latest, new Int32Array(Math.max(2 * this.#latest.length, owner + 1)));
    this.#places.set(owner, what, by, place);
    this.#sums[place] = n;
    this.#before[place] = this.#latest[owner] ?? 0;
    this.#latest[owner] = place + 1;
  }

  /** What is made of each of an owner's, in the order in which they came. */
  of<T>(owner: number, make: (what: number, by: number, sum: number) => T): readonly T[] {
    const all: T[] = [];
    for (let place = (this.#latest[owner] ?? 0) - 1; place >= 0; place = (this.#before[place] ?? 0) - 1) {
      const [, what, by] = this.#places.at(place);
      all.push(make(what, by, this.#sums[place] ?? 0));
    }
    return all.toReversed();
  }
}

function larger<T extends Float64Array | Int32Array>(values: T, room: T): T {
  room.set(values);
  return room;
}
