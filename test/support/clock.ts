import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from '../../src/clock.ts';

interface Sleeper {
  readonly until: number;
  readonly ms: number;
  readonly wake: () => void;
}

/** A clock that stands still until a test moves it. */
export class HandClock implements Clock {
  #now: number;
  #sleepers: Sleeper[] = [];
  /** What `random` answers. */
  chance = 0;

  constructor(now: number) {
    this.#now = now;
  }

  readonly now = (): number => this.#now;
  readonly random = (): number => this.chance;

  readonly sleep = (ms: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal.aborted) {
        resolve();
        return;
      }
      const wake = (): void => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      const sleeper = { until: this.#now + ms, ms, wake };
      this.#sleepers.push(sleeper);
      signal.addEventListener('abort', wake, { once: true });
    });

  /** How long those who sleep now want to sleep in all, shortest first. */
  get sleeping(): readonly number[] {
    return this.#sleepers.map(({ ms }) => ms).toSorted((a, b) => a - b);
  }

  /** Milliseconds until the next of them wakes up; null if nobody sleeps. */
  get nextIn(): number | null {
    return this.#sleepers.length === 0 ? null : Math.max(0, Math.min(...this.#sleepers.map(({ until }) => until)) - this.#now);
  }

  /** Lets so much time pass, in steps from one who wakes up to the next, with what they do then. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      // Whatever was begun goes on until all of it sleeps or waits.
      for (let i = 0; i < 3; i++) await new Promise((resolve) => void setImmediate(resolve));
      const next = this.nextIn;
      if (next === null || this.#now + next > end) break;
      this.advance(next);
    }
    this.advance(end - this.#now);
  }

  advance(ms: number): void {
    this.#now += ms;
    for (const { wake } of this.#sleepers.filter(({ until }) => until <= this.#now)) wake();
  }
}

/** Looks again and again, for as long as sockets need, until something holds. */
export async function eventually<T>(look: () => T | false | null | undefined, what: string): Promise<T> {
  for (let i = 0; i < 2_000; i++) {
    const found = look();
    if (found !== false && found !== null && found !== undefined) return found;
    await wait(5);
  }
  throw new Error(`it never came to be that ${what}`);
}
