import type { Database } from 'better-sqlite3';

/** A row whose first value is the number of the parent, which is itself or the one that it belongs to. */
type Parent = readonly [number, ...unknown[]];

const NONE: readonly never[] = [];

/** So many parents are read with their children at once: a busy week leaves thousands of rows of each. */
const BLOCK = 100;

/** Gives the rows of a query as tuples. */
export type Query<Row> = (...parameters: readonly number[]) => readonly Row[];

/**
 * The columns of what `from` names, in its order. SQLite writes the rows as one JSON array, since one that it hands over by itself weighs more than what is
 * done with it: a row of `edge_slots` takes 0.2 µs, as an array 0.4 and as an object 0.9; one of `edge_witnesses` 0.7, 1.0 and 2.
 */
export function query<Row>(db: Database, columns: string, from: string): Query<Row> {
  const statement = db.prepare<number[], string>(`SELECT json_group_array(json_array(${columns})) FROM (SELECT ${columns} FROM ${from})`).pluck();
  return (...parameters) => JSON.parse(statement.get(...parameters) ?? '[]') as readonly Row[];
}

/** Rows in the order of their `id`, which comes first in each, a block after the other. What `condition` asks for follows in `parameters`. */
export function* blocks<Row extends Parent>(db: Database, table: string, columns: string, condition = '', ...parameters: readonly number[]): Generator<readonly Row[]> {
  const next = query<Row>(db, `id, ${columns}`, `${table} WHERE id > ? ${condition} ORDER BY id LIMIT ${BLOCK}`);
  let block = next(0, ...parameters);
  for (let last = block.at(-1); last !== undefined; last = block.at(-1)) {
    yield block;
    block = next(last[0], ...parameters);
  }
}

/** Rows of a child table, block by block of their parents: a join that holds a block. */
export class Children<Row extends Parent> {
  readonly #query: Query<Row>;
  #rows: readonly Row[] = NONE;
  #next = 0;

  /** Each row has the number of its parent before its columns. */
  constructor(db: Database, table: string, parent: string, columns: string) {
    this.#query = query(db, `${parent}, ${columns}`, `${table} WHERE ${parent} BETWEEN ? AND ? ORDER BY ${parent}`);
  }

  /** Those of these parents are asked for next. */
  read(parents: readonly Parent[]): void {
    this.#rows = this.#query(parents[0]?.[0] ?? 0, parents.at(-1)?.[0] ?? 0);
    this.#next = 0;
  }

  /** What is made of each row of a parent; parents are asked for in growing order. */
  of<T>(parent: number, make: (row: Row) => T): readonly T[] {
    const rows = this.#rows;
    let at = this.#next;
    while ((rows[at]?.[0] ?? parent) < parent) at++;
    const first = at;
    while (rows[at]?.[0] === parent) at++;
    this.#next = at;
    return at === first ? NONE : rows.slice(first, at).map(make);
  }
}
