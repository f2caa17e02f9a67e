import type { Clock } from '../clock.ts';
import { RetriableError } from '../errors.ts';
import { RefusedError, type Notification, type Notifier } from '../notifier.ts';

/** No target is waited for longer, in milliseconds, whatever its notifier does. */
const LONGEST_CALL = 60_000;

/** What became of notifications that were handed to a target. */
export interface Attempt {
  readonly delivered: readonly Notification[];
  readonly refused: readonly { readonly notification: Notification; readonly reason: string }[];
  /** Not taken yet; `error` says why. */
  readonly failed: readonly Notification[];
  readonly error: unknown;
}

/**
 * Hands notifications over in order. Some that are refused together are handed over by halves, until the one that is to blame
 * stands alone: the others are taken, some of them twice. Ends at the first error that may pass.
 */
export async function attempt(notifier: Notifier, notifications: readonly Notification[], clock: Clock, signal: AbortSignal): Promise<Attempt> {
  const delivered: Notification[] = [];
  const refused: { notification: Notification; reason: string }[] = [];
  const parts = chunks(notifications, notifier.batch);
  for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
    const now = part;
    try {
      await inTime(clock, signal, (own) => notifier.notify(now, own));
      delivered.push(...now);
    } catch (error) {
      if (!(error instanceof RefusedError)) return { delivered, refused, failed: [...now, ...parts.flat()], error };
      const [first, second] = now;
      if (first !== undefined && second === undefined) refused.push({ notification: first, reason: error.message });
      else parts.unshift(...chunks(now, Math.ceil(now.length / 2)));
    }
  }
  return { delivered, refused, failed: [], error: null };
}

function chunks<T>(items: readonly T[], size: number): (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}

/** A call that ends when its time is over or the signal aborts, even if it listens to neither. */
async function inTime(clock: Clock, signal: AbortSignal, call: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const own = new AbortController();
  const stop = (): void => own.abort();
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  const late = async (): Promise<never> => {
    await clock.sleep(LONGEST_CALL, own.signal);
    throw new RetriableError(signal.aborted ? 'ended before it was delivered' : `no answer within ${LONGEST_CALL / 1_000} seconds`);
  };
  try {
    await Promise.race([call(own.signal), late()]);
  } finally {
    signal.removeEventListener('abort', stop);
    own.abort();
  }
}
