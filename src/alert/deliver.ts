import type { Clock } from '../clock.ts';
import { groupBy } from '../model/group.ts';
import { BusyError, type Notification, type Notifier } from '../notifier.ts';
import { patiently } from '../patiently.ts';
import { attempt, type Attempt } from './attempt.ts';
import { backOff } from './back-off.ts';
import type { Outbox, Waiting } from './outbox.ts';

/** How often is looked for what waits, in milliseconds. */
const LOOK_EVERY = 500;
/** What a target has not taken for so long, in milliseconds, and after so many attempts, it never will. */
const GIVE_UP_AFTER = 3 * 24 * 3_600_000;
const GIVE_UP_ATTEMPTS = 3;
/** A target that forgets is told of an end for so long: it may have been away. */
const RESOLVED_FOR = 15 * 60_000;
const ALL = 1_000_000;

export interface Delivery {
  readonly target: string;
  readonly outcome: 'delivered' | 'retried' | 'dead';
  /** The alerts that it was about. */
  readonly alerts: readonly string[];
  /** What the target took for its answer. */
  readonly seconds: number;
  /** Null if it was delivered. */
  readonly reason: string | null;
}

export interface Delivering {
  readonly outbox: Outbox;
  /** Runs `work` in one transaction. */
  readonly transaction: <T>(work: () => T) => T;
  readonly clock: Clock;
  readonly onDelivery?: (delivery: Delivery) => void;
}

/**
 * Delivers what waits in the outbox until the signal aborts, each target by itself: none waits for another. Everything is
 * delivered at least once: a row goes when its target has taken it, so what a crash interrupts is delivered again, under the
 * same id. Never rejects.
 */
export async function deliver(notifiers: readonly Notifier[], delivering: Delivering, signal: AbortSignal): Promise<void> {
  await Promise.all(notifiers.map((notifier) => new Lane(notifier, delivering).run(signal)));
}

/** The way to one target. */
class Lane {
  readonly #notifier: Notifier;
  readonly #delivering: Delivering;
  readonly #forgets: boolean;
  /** In a row. */
  #failures = 0;
  /** Of the last attempt. */
  #seconds = 0;
  #resendAt = 0;
  /** Ids of what a target that forgets has refused: it is not told again. */
  #refused = new Set<string>();

  constructor(notifier: Notifier, delivering: Delivering) {
    this.#notifier = notifier;
    this.#delivering = delivering;
    this.#forgets = notifier.resendEvery !== null;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#delivering;
    while (!signal.aborted) {
      let pause: number;
      try {
        pause = await this.#step(signal);
      } catch (error) {
        // The database takes nothing: what was delivered meanwhile is delivered again.
        pause = this.#failed(error, []);
      }
      await clock.sleep(pause, signal);
    }
    this.#notifier.close?.();
  }

  /** Delivers what is due. Returns how long to wait before the next look. */
  async #step(signal: AbortSignal): Promise<number> {
    const { outbox, clock, transaction } = this.#delivering;
    const { name, batch, spacing, resendEvery } = this.#notifier;
    const started = clock.now();
    const rows = outbox.due(name, started, this.#forgets ? ALL : batch);
    if (rows.length === 0 && (resendEvery === null || started < this.#resendAt)) return LOOK_EVERY;
    const told = this.#forgets ? this.#standing(started) : rows.map(({ notification }) => notification);
    const result = await attempt(this.#notifier, told, clock, signal);
    this.#seconds = (clock.now() - started) / 1_000;
    await this.#written(() => transaction(() => this.#settle(rows, result, signal.aborted)), signal);
    for (const { notification, reason } of result.refused) {
      this.#refused.add(notification.id);
      this.#report('dead', [notification], reason);
    }
    if (result.delivered.length > 0) this.#report('delivered', result.delivered);
    if (result.error !== null && !signal.aborted) return Math.max(spacing, this.#failed(result.error, result.failed));
    this.#failures = 0;
    if (resendEvery !== null) this.#resendAt = started + resendEvery;
    return spacing;
  }

  /** What a target has taken is not sent again because the database takes nothing; one that forgets is told of all anyway. */
  async #written(work: () => void, signal: AbortSignal): Promise<void> {
    const { clock } = this.#delivering;
    for (;;) {
      try {
        return await patiently(work, clock.sleep);
      } catch (error) {
        if (this.#forgets || signal.aborted) throw error;
        await clock.sleep(this.#failed(error, []), signal);
      }
    }
  }

  /** All that holds, whatever of it waits: a target that forgets is told of things as they are. */
  #standing(now: number): readonly Notification[] {
    const all = this.#delivering.outbox.standing(this.#notifier.name, now - RESOLVED_FOR);
    const known = this.#refused;
    this.#refused = new Set(all.map(({ id }) => id).filter((id) => known.has(id)));
    return all.filter(({ id }) => !this.#refused.has(id));
  }

  #settle(rows: readonly Waiting[], { delivered, refused, failed, error }: Attempt, isEnding: boolean): void {
    const { outbox, clock } = this.#delivering;
    const waiting = groupBy(rows, ({ notification }) => this.#keyOf(notification));
    const of = (notification: Notification): readonly Waiting[] => waiting.get(this.#keyOf(notification)) ?? [];
    outbox.delivered(delivered.flatMap(of).map(({ row }) => row));
    for (const { notification, reason } of refused) outbox.bury(of(notification).map(({ row }) => row), clock.now(), reason);
    if (isEnding) return;
    for (const { row, attempts, notification } of failed.flatMap(of)) {
      const isOld = clock.now() - notification.at >= GIVE_UP_AFTER && attempts + 1 >= GIVE_UP_ATTEMPTS;
      if (isOld) {
        outbox.bury([row], clock.now(), reasonOf(error));
        this.#report('dead', [notification], reasonOf(error));
      } else outbox.retry([row], clock.now() + backOff(attempts + 1, clock.random()), reasonOf(error));
    }
  }

  /** A target that forgets takes an alert as it is now for all that waited of it. */
  #keyOf({ id, alert }: Notification): string {
    return this.#forgets ? alert.id : id;
  }

  #failed(error: unknown, notifications: readonly Notification[]): number {
    this.#failures++;
    this.#report('retried', notifications, reasonOf(error));
    return backOff(this.#failures, this.#delivering.clock.random(), error instanceof BusyError ? error.retryAfter : 0);
  }

  #report(outcome: Delivery['outcome'], notifications: readonly Notification[], reason: string | null = null): void {
    this.#delivering.onDelivery?.({ target: this.#notifier.name, outcome, alerts: notifications.map(({ alert }) => alert.id), seconds: this.#seconds, reason });
  }
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 500);
}
