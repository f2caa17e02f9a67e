import { UsageError } from '../errors.ts';
import type { Graph } from '../learn/graph.ts';
import { TimeReader } from '../scan/time.ts';

/** Time of the newest record: what ages and `--since` count back from, so that an archive reads like yesterday's log. */
export function newest(graph: Graph): number {
  return Math.max(0, ...graph.stored.coverage.map(({ lastRecord }) => lastRecord ?? 0));
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** `2h`, `7d`, `1h30m` in milliseconds, or null. */
export function durationOf(text: string): number | null {
  if (!/^(\d+[smhdw])+$/.test(text)) return null;
  let total = 0;
  for (const [, n = '0', unit = 's'] of text.matchAll(/(\d+)([smhdw])/g)) total += Number(n) * (UNIT_MS[unit] ?? 0);
  return total;
}

/** A moment: a duration before `latest`, or an RFC 3339 time. */
export function sinceOf(text: string, latest: number): number {
  const duration = durationOf(text);
  if (duration !== null) return latest - duration;
  return momentOf(text);
}

/** A moment: a duration after `now`, or an RFC 3339 time. */
export function untilOf(text: string, now: number): number {
  const duration = durationOf(text);
  return duration === null ? momentOf(text) : now + duration;
}

/** An RFC 3339 time, or a date, which is its midnight in UTC. */
function momentOf(text: string): number {
  const bytes = Buffer.from(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text);
  const ms = new TimeReader().read(bytes, 0, bytes.length);
  if (Number.isNaN(ms)) throw new UsageError(`${text}: is no time; write 2h, 7d, or 2026-03-01T12:00:00Z`);
  return ms;
}
