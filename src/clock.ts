/** Time and chance, given from outside so that tests decide about both. */
export interface Clock {
  /** Wall-clock time in milliseconds. */
  readonly now: () => number;
  /** Waits so many milliseconds, or until the signal aborts. Never rejects. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** At least 0, under 1. */
  readonly random: () => number;
}
