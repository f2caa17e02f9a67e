import { LockedError } from './errors.ts';

/** How often the database is asked for while another process holds it, and how long after each time, in milliseconds: five seconds, with what asking takes. */
const TIMES = 33;
const ASK_EVERY = 100;
const NEVER = new AbortController().signal;

/** Does it, again and again while another process holds the database; throws what it threw last if that lasts. */
export async function patiently<T>(work: () => T, sleep: (ms: number, signal: AbortSignal) => Promise<void>): Promise<T> {
  for (let times = 1; ; times++) {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof LockedError) || times >= TIMES) throw error;
    }
    // An end that was asked for meanwhile waits as well: most often what holds the database is done by then.
    await sleep(ASK_EVERY, NEVER);
  }
}
