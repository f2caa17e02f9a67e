const FIRST = 1_000;
const LONGEST = 60_000;
/** A target that asks for more is asked again anyway. */
const LONGEST_ASKED = 3_600_000;

/** Whole milliseconds to wait after so many failures in a row, the first being 1. `chance` is from 0 to 1, and keeps many clients apart. */
export function backOff(failures: number, chance: number, asked = 0): number {
  const delay = Math.min(LONGEST, FIRST * 2 ** Math.min(failures - 1, 16)) * (0.5 + chance / 2);
  // Never sooner than the target asks.
  return Math.ceil(Math.max(delay, Math.min(asked, LONGEST_ASKED) * (1 + chance / 10)));
}
