import { FootpathError, RetriableError } from './errors.ts';
import type { Alert, AlertKind } from './model/alert.ts';

/**
 * A notifier delivers to one target. Retry, back-off, order, digests and resolving live once, in `alert/`, not here: it says
 * what the target is told, and whether it has taken it.
 */
export interface Notifier {
  /** As the configuration calls it; one of several members has its address behind it. */
  readonly name: string;
  readonly kind: string;
  /** Where it delivers to, for people. No secret is in it. */
  readonly where: string;
  /** The most that one call takes. */
  readonly batch: number;
  /** The shortest time between two calls, in milliseconds. */
  readonly spacing: number;
  /** For targets that forget: what still holds is told again after so many milliseconds. Null for all others. */
  readonly resendEvery: number | null;
  /**
   * Resolves once the target has taken all of them, which are in the order in which they came to be. Throws a `RefusedError` if
   * it will never take one of them; anything else means that it may take them later, all or some.
   */
  notify(notifications: readonly Notification[], signal: AbortSignal): Promise<void>;
  /** Lets go of what it holds open; a later call opens it again. */
  close?(): void;
}

/** A target is told of an alert when it begins to fire, when it has become a greater one, and when it is over. */
export const EVENTS = ['firing', 'changed', 'resolved'] as const;
export type AlertEvent = (typeof EVENTS)[number];

export interface Notification {
  /** The same however often it is delivered; no other has it. */
  readonly id: string;
  readonly event: AlertEvent;
  /** Wall-clock time in milliseconds at which it came to be. */
  readonly at: number;
  /** Wall-clock time at which the target was first to be told that it fires. */
  readonly since: number;
  readonly alert: ToldAlert;
}

/** An alert as others see it. */
export interface ToldAlert extends Pick<Alert, 'id' | 'class' | 'severity' | 'state' | 'source' | 'destination' | 'protocol' | 'port' | 'firstSeen' | 'lastSeen' | 'count' | 'reason' | 'evidence'> {
  readonly kind: AlertKind | 'test';
  /** DNS names of outside addresses, where records gave one. */
  readonly sourceName: string | null;
  readonly destinationName: string | null;
  /** Edges that a decision on it decides. */
  readonly edges: number;
  /** Why it is over; null while it fires. */
  readonly over: string | null;
}

/** The target understood, and will never take this. */
export class RefusedError extends FootpathError {
  readonly exitCode = 1;
}

/** The target takes nothing before so many milliseconds have passed. */
export class BusyError extends RetriableError {
  readonly retryAfter: number;

  constructor(message: string, retryAfter: number) {
    super(message);
    this.retryAfter = retryAfter;
  }
}
