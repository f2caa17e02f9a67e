import { UsageError } from '../errors.ts';

/** The number that `--jobs` is given. */
export function jobsOf(text: string): number {
  const jobs = Number(text);
  if (!/^[0-9]{1,6}$/.test(text) || jobs < 1) throw new UsageError(`--jobs ${text}: is no number of cores; give 1 or more`);
  return jobs;
}
