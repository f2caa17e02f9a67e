import type { Database } from 'better-sqlite3';
import type { Outbox, Waiting } from '../alert/outbox.ts';
import { tellingId, type Told, type Telling } from '../alert/telling.ts';
import type { AlertEvent, Notification, ToldAlert } from '../notifier.ts';

/** Dead letters that are kept of a target. */
const DEAD_LETTERS = 1_000;
/** What has failed so often may be to blame itself, and lets others go before it. */
const PATIENCE = 5;
/** What was over for so long is forgotten, in milliseconds: if it comes again, it is told as new in any case. */
const TOLD_FOR = 30 * 24 * 3_600_000;

interface ToldRow {
  readonly alert: string;
  readonly firing: 0 | 1;
  readonly since: number;
  readonly ended: number | null;
  readonly tellings: number;
  readonly last_due: number;
  readonly alert_json: string;
}

interface WaitingRow {
  readonly id: number;
  readonly notification: string;
  readonly attempts: number;
}

/** How a target does. */
export interface TargetState {
  readonly waiting: number;
  readonly dead: number;
  /** Why the newest dead letter died, or the oldest that waits was not taken. */
  readonly reason: string | null;
}

export interface DeadLetter {
  readonly notification: Notification;
  readonly reason: string;
  /** Wall-clock time. */
  readonly at: number;
}

/** What targets were told, and what waits for them. */
export class OutboxTable implements Outbox {
  readonly #told;
  readonly #keep;
  readonly #forget;
  readonly #insert;
  readonly #supersede;
  readonly #due;
  readonly #standing;
  readonly #delete;
  readonly #retry;
  readonly #bury;
  readonly #prune;
  readonly #state;
  readonly #deadLetters;

  constructor(db: Database) {
    this.#told = db.prepare<[string], ToldRow>('SELECT * FROM told WHERE target = ?');
    this.#keep = db.prepare(
      `INSERT INTO told VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET firing = excluded.firing, since = excluded.since,
       ended = excluded.ended, tellings = excluded.tellings, last_due = excluded.last_due, alert_json = excluded.alert_json`,
    );
    this.#forget = db.prepare('DELETE FROM told WHERE target = ? AND firing = 0 AND ended < ? AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.target = told.target AND outbox.alert = told.alert AND dead IS NULL)');
    this.#insert = db.prepare('INSERT INTO outbox (target, alert, event, notification, due) VALUES (?, ?, ?, ?, ?)');
    this.#supersede = db.prepare("DELETE FROM outbox WHERE target = ? AND alert = ? AND event = 'changed' AND dead IS NULL");
    this.#due = db.prepare<[{ target: string; now: number; limit: number; patience: number }], WaitingRow>(
      `SELECT id, notification, attempts FROM outbox AS own WHERE target = @target AND dead IS NULL AND due <= @now AND NOT EXISTS
         (SELECT 1 FROM outbox AS earlier WHERE earlier.target = own.target AND earlier.alert = own.alert AND earlier.id < own.id AND earlier.dead IS NULL
           AND (earlier.due > @now OR (earlier.attempts >= @patience AND own.attempts < @patience)))
       ORDER BY attempts >= @patience, id LIMIT @limit`,
    );
    this.#standing = db.prepare<[string, number], ToldRow>(
      `SELECT * FROM told WHERE target = ? AND (firing = 1 OR ended >= ? OR EXISTS
         (SELECT 1 FROM outbox WHERE outbox.target = told.target AND outbox.alert = told.alert AND dead IS NULL))
       ORDER BY since, alert`,
    );
    this.#delete = db.prepare('DELETE FROM outbox WHERE id = ?');
    this.#retry = db.prepare('UPDATE outbox SET attempts = attempts + 1, due = ?, reason = ? WHERE id = ?');
    this.#bury = db.prepare<[number, string, number], { readonly target: string }>('UPDATE outbox SET attempts = attempts + 1, dead = ?, reason = ? WHERE id = ? RETURNING target');
    this.#prune = db.prepare(
      'DELETE FROM outbox WHERE target = @target AND dead IS NOT NULL AND id <= (SELECT id FROM outbox WHERE target = @target AND dead IS NOT NULL ORDER BY id DESC LIMIT 1 OFFSET @kept)',
    );
    this.#state = db.prepare<[{ target: string }], { readonly waiting: number; readonly dead: number; readonly reason: string | null }>(
      `SELECT count(*) FILTER (WHERE dead IS NULL) AS waiting, count(*) FILTER (WHERE dead IS NOT NULL) AS dead,
         (SELECT reason FROM outbox WHERE target = @target AND reason IS NOT NULL ORDER BY dead IS NOT NULL, id LIMIT 1) AS reason
       FROM outbox WHERE target = @target`,
    );
    this.#deadLetters = db.prepare<[string], { readonly notification: string; readonly reason: string; readonly dead: number }>(
      'SELECT notification, reason, dead FROM outbox WHERE target = ? AND dead IS NOT NULL ORDER BY id',
    );
  }

  readTold(target: string): ReadonlyMap<string, Told> {
    return new Map(this.#told.all(target).map((row) => [row.alert, toldOf(row)]));
  }

  write(target: string, tellings: readonly Telling[], now: number): void {
    for (const { told, event, due } of tellings) {
      const { alert, firing, since, ended, tellings: n, lastDue } = told;
      this.#keep.run(target, alert.id, firing ? 1 : 0, since, ended, n, lastDue, JSON.stringify(alert));
      if (event === null) continue;
      // A change that was not delivered yet is told by what follows it.
      if (event !== 'firing') this.#supersede.run(target, alert.id);
      const notification: Notification = { id: tellingId(told), event, at: now, since, alert };
      this.#insert.run(target, alert.id, event, JSON.stringify(notification), due);
    }
    this.#forget.run(target, now - TOLD_FOR);
  }

  due(target: string, now: number, limit: number): readonly Waiting[] {
    return this.#due.all({ target, now, limit, patience: PATIENCE }).map(({ id, notification, attempts }) => ({ row: id, notification: JSON.parse(notification) as Notification, attempts }));
  }

  standing(target: string, endedAfter: number): readonly Notification[] {
    return this.#standing.all(target, endedAfter).map((row) => {
      const told = toldOf(row);
      const event: AlertEvent = told.firing ? 'firing' : 'resolved';
      return { id: tellingId(told), event, at: told.ended ?? told.since, since: told.since, alert: told.alert };
    });
  }

  delivered(rows: readonly number[]): void {
    for (const row of rows) this.#delete.run(row);
  }

  retry(rows: readonly number[], due: number, reason: string): void {
    for (const row of rows) this.#retry.run(due, reason, row);
  }

  bury(rows: readonly number[], now: number, reason: string): void {
    for (const row of rows) {
      const buried = this.#bury.get(now, reason, row);
      if (buried !== undefined) this.#prune.run({ target: buried.target, kept: DEAD_LETTERS });
    }
  }

  state(target: string): TargetState {
    return this.#state.get({ target }) ?? { waiting: 0, dead: 0, reason: null };
  }

  deadLetters(target: string): readonly DeadLetter[] {
    return this.#deadLetters.all(target).map(({ notification, reason, dead }) => ({ notification: JSON.parse(notification) as Notification, reason, at: dead }));
  }
}

function toldOf({ firing, since, ended, tellings, last_due: lastDue, alert_json: alert }: ToldRow): Told {
  return { firing: firing === 1, since, ended, tellings, lastDue, alert: JSON.parse(alert) as ToldAlert };
}
