import type { Database } from 'better-sqlite3';
import { witnessKey, type Side, type Witness } from '../model/flow.ts';

/** Who reported: a small dictionary. */
export class WitnessTable {
  readonly #upsert;
  readonly #all;
  readonly #ids = new Map<string, number>();
  /** By the object, of which a decoder makes one for each witness. */
  #byObject = new WeakMap<Witness, number>();

  constructor(db: Database) {
    this.#upsert = db.prepare<[string, string, string], { id: number }>(
      'INSERT INTO witnesses (collector, side, point) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET point = point RETURNING id',
    );
    this.#all = db.prepare<[], { id: number; collector: string; side: Side; point: string }>('SELECT * FROM witnesses');
  }

  reset(): void {
    this.#ids.clear();
    this.#byObject = new WeakMap();
  }

  id(witness: Witness): number {
    let id = this.#byObject.get(witness);
    if (id !== undefined) return id;
    const key = witnessKey(witness);
    id = this.#ids.get(key) ?? this.#upsert.get(witness.collector, witness.side, witness.point)?.id ?? 0;
    this.#ids.set(key, id);
    this.#byObject.set(witness, id);
    return id;
  }

  read(): ReadonlyMap<number, Witness> {
    return new Map(this.#all.all().map(({ id, ...witness }) => [id, witness]));
  }
}
