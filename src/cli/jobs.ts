import { UsageError } from '../errors.ts';
import type { LogFile } from '../sources/expand.ts';

/** Smaller files are read before other threads have begun. */
const LARGE = 64 << 20;
/** More are faster than what one thread can add up; and each learns the forms of records anew, which costs half as much again and 130 MB: with few cores that gains nothing. */
const ENOUGH = 4;

/** The number that `--jobs` is given. */
export function jobsOf(text: string): number {
  const jobs = Number(text);
  if (!/^[0-9]{1,6}$/.test(text) || jobs < 1) throw new UsageError(`--jobs ${text}: is no number of cores; give 1 or more`);
  return jobs;
}

/** On how many cores to read: as many as were asked for and there are, else several if it is worth it. */
export function jobsFor(inputs: readonly (LogFile | '-')[], asked: number | null, cores: number): number {
  if (asked !== null) return Math.min(asked, cores);
  return inputs.some((input) => input !== '-' && input.isRegular && input.size >= LARGE) && cores >= ENOUGH ? ENOUGH : 1;
}
