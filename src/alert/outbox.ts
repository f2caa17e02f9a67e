import type { Alert, Severity } from '../model/alert.ts';
import type { Notification } from '../notifier.ts';
import { tellings, type Told, type Telling } from './telling.ts';

/** What waits for targets, and what they were told; the store keeps it. Methods that write want a transaction around them. */
export interface Outbox {
  readTold(target: string): ReadonlyMap<string, Told>;
  /** Keeps what the target is told; what has an event waits from now on, once and for all under one id. */
  write(target: string, tellings: readonly Telling[], now: number): void;
  /** The oldest that are due, at most so many, and after them what has failed often; never one before an earlier one of the same alert. */
  due(target: string, now: number, limit: number): readonly Waiting[];
  /** For a target that forgets: all that fires, all that was over no longer ago than `endedAfter`, and all that waits, as of now. */
  standing(target: string, endedAfter: number): readonly Notification[];
  delivered(rows: readonly number[]): void;
  retry(rows: readonly number[], due: number, reason: string): void;
  /** Never tried again; kept with the reason. */
  bury(rows: readonly number[], now: number, reason: string): void;
}

export interface Waiting {
  readonly row: number;
  readonly notification: Notification;
  /** How often its delivery has failed. */
  readonly attempts: number;
}

export interface TargetTerms {
  readonly name: string;
  readonly minSeverity: Severity;
}

export interface AlertsNow {
  readonly alerts: readonly Alert[];
  /** Wall-clock time in milliseconds. */
  readonly now: number;
  /** DNS name of an outside address, where records gave one. */
  readonly nameOf: (address: string) => string | null;
}

/**
 * Puts into the outbox what each target has to be told of the alerts as they are now. Called in the transaction in which they were
 * worked out: a crash later loses none, one before it leaves all to be worked out again. Returns how many wait that did not before.
 */
export function tell(outbox: Outbox, targets: readonly TargetTerms[], { alerts, now, nameOf }: AlertsNow): number {
  let events = 0;
  for (const { name, minSeverity } of targets) {
    const found = tellings(outbox.readTold(name), alerts, { minSeverity, now, nameOf });
    outbox.write(name, found, now);
    events += found.filter(({ event }) => event !== null).length;
  }
  return events;
}
