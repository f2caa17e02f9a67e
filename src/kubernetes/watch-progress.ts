import type { Clock } from '../clock.ts';

/** After this long without news somebody who waits asks the watch to hurry. */
const PATIENCE = 500;

/** How far a watch has told what happened, and who waits for that. */
export class Progress {
  readonly #clock: Clock;
  #reached: number | null = null;
  #hopeless = false;
  readonly #waiting = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The latest moment up to which all was told; null before the first list. */
  get reached(): number | null {
    return this.#reached;
  }

  has(time: number): boolean {
    return this.#reached !== null && this.#reached >= time;
  }

  reach(time: number): void {
    if (this.has(time)) return;
    this.#reached = time;
    this.#wake();
  }

  /** Nothing will be told soon. */
  set isHopeless(hopeless: boolean) {
    this.#hopeless = hopeless;
    if (hopeless) this.#wake();
  }

  end(): void {
    this.isHopeless = true;
  }

  /** Waits until a time is reached, `ms` at most. Calls `hurry` again and again while nothing comes. */
  async until(time: number, ms: number, signal: AbortSignal, hurry: () => void): Promise<boolean> {
    const over = new AbortController();
    const end = (): void => over.abort();
    const wake = (): void => {
      if (this.has(time) || this.#hopeless) end();
    };
    wake();
    if (signal.aborted || ms <= 0) end();
    if (over.signal.aborted) return this.has(time);
    signal.addEventListener('abort', end, { once: true });
    this.#waiting.add(wake);
    for (let left = ms; left > 0 && !over.signal.aborted; left -= PATIENCE) {
      await this.#clock.sleep(Math.min(PATIENCE, left), over.signal);
      if (!over.signal.aborted) hurry();
    }
    this.#waiting.delete(wake);
    signal.removeEventListener('abort', end);
    return this.has(time);
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }
}
