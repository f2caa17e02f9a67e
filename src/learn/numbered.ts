/** Numbers for things, in the order in which they come. */
export class Numbered<T> {
  readonly #things: T[] = [];
  readonly #numbers = new Map<T, number>();

  of(thing: T): number {
    return this.#numbers.get(thing) ?? this.#add(thing);
  }

  #add(thing: T): number {
    const number = this.#things.push(thing) - 1;
    this.#numbers.set(thing, number);
    return number;
  }

  /** The thing with a number that was given. */
  at(number: number): T {
    const thing = this.#things[number];
    if (thing === undefined) throw new Error(`nothing has the number ${number}`);
    return thing;
  }

  get all(): readonly T[] {
    return this.#things;
  }

  /** Things with one key have one number. */
  alike(thing: T, keyOf: (thing: T) => string): number {
    const known = this.#numbers.get(thing);
    if (known !== undefined) return known;
    const same = this.#things.findIndex((other) => keyOf(other) === keyOf(thing));
    if (same < 0) return this.#add(thing);
    this.#numbers.set(thing, same);
    return same;
  }
}
