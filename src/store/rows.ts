import type { Database, Statement } from 'better-sqlite3';

type Value = number | string | null;

/**
 * Calling SQLite takes 0.5 µs, as long as its work on a short row does: sixteen rows a call bring a row of `edge_witnesses` from 1.7 µs to 1.2, one of
 * `edge_days` from 1.1 to 0.65; 64 gain no more. Values that are arguments, and not in an array, bring the former to 1.0.
 */
const ROWS_PER_CALL = 16;

/**
 * Upserts into one table that may wait: nobody reads the rows before `flush`, which comes before the end of the transaction. They are written in the
 * order in which they came.
 */
export class Rows {
  readonly #columns: number;
  readonly #many: Statement<Value[]>;
  readonly #one: Statement<Value[]>;
  readonly #waiting: Value[];
  #used = 0;

  /** `insert` goes before VALUES, `conflict` says after them how a row that is there takes another one in. */
  constructor(db: Database, insert: string, columns: number, conflict: string) {
    const row = `(${Array(columns).fill('?').join(', ')})`;
    this.#columns = columns;
    this.#waiting = Array<Value>(ROWS_PER_CALL * columns).fill(0);
    this.#one = db.prepare(`${insert} VALUES ${row} ON CONFLICT ${conflict}`);
    this.#many = db.prepare(`${insert} VALUES ${Array(ROWS_PER_CALL).fill(row).join(', ')} ON CONFLICT ${conflict}`);
  }

  add(...row: readonly Value[]): void {
    for (const value of row) this.put(value);
    this.end();
  }

  /** The next value of a row. */
  put(value: Value): this {
    this.#waiting[this.#used++] = value;
    return this;
  }

  /** After its last value. */
  end(): void {
    if (this.#used < this.#waiting.length) return;
    this.#many.run(...this.#waiting);
    this.#used = 0;
  }

  flush(): void {
    for (let i = 0; i < this.#used; i += this.#columns) this.#one.run(...this.#waiting.slice(i, i + this.#columns));
    this.#used = 0;
  }

  /** Gives up what waits: its transaction was rolled back. */
  discard(): void {
    this.#used = 0;
  }
}
