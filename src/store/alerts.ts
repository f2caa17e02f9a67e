import type { Database } from 'better-sqlite3';
import type { Signature } from '../model/decision.ts';

export interface AlertWord extends Signature {
  readonly id: string;
  readonly state: 'acknowledged' | 'accepted' | 'rejected' | 'muted';
  /** The revision that the word was said at. */
  readonly since: number;
  readonly mutedUntil: number | null;
}

/** What people said of alerts. Which alerts there are is worked out. */
export class AlertTable {
  readonly #upsert;
  readonly #delete;
  readonly #all;

  constructor(db: Database) {
    this.#upsert = db.prepare(
      `INSERT INTO alerts VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET state = excluded.state, since = excluded.since,
       muted_until = excluded.muted_until, by = excluded.by, at = excluded.at, comment = excluded.comment`,
    );
    this.#delete = db.prepare<[string]>('DELETE FROM alerts WHERE id = ?');
    this.#all = db.prepare<[], Omit<AlertWord, 'mutedUntil'> & { muted_until: number | null }>('SELECT * FROM alerts');
  }

  say({ id, state, since, mutedUntil, by, at, comment }: AlertWord): void {
    this.#upsert.run(id, state, since, mutedUntil, by, at, comment);
  }

  /** As if nobody had said anything of it. */
  unsay(id: string): void {
    this.#delete.run(id);
  }

  read(): ReadonlyMap<string, AlertWord> {
    return new Map(this.#all.all().map(({ muted_until: mutedUntil, ...word }) => [word.id, { ...word, mutedUntil }]));
  }
}
