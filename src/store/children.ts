/** Rows of a child table in the order of their parents, taken parent by parent: a join that holds one row. */
export class Children<T> {
  readonly #rows: Iterator<T>;
  readonly #parentOf: (row: T) => number;
  #next: IteratorResult<T>;

  constructor(rows: Iterator<T>, parentOf: (row: T) => number) {
    this.#rows = rows;
    this.#parentOf = parentOf;
    this.#next = rows.next();
  }

  /** The rows of a parent; parents are asked for in growing order. */
  of(parent: number): readonly T[] {
    const own: T[] = [];
    while (this.#next.done !== true && this.#parentOf(this.#next.value) <= parent) {
      if (this.#parentOf(this.#next.value) === parent) own.push(this.#next.value);
      this.#next = this.#rows.next();
    }
    return own;
  }

  /** Ends the query, also before its last row: the database is busy as long as one is open. */
  close(): void {
    this.#rows.return?.();
  }
}
