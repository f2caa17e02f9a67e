import type { Collector, CollectorSettings } from './collector.ts';
import type { Run } from './source.ts';

/** A proxy's log may begin with pages of its own messages before the first record. */
const SAMPLE = 2_000;

/** The collector that knows the most of the first records; null if none knows any. */
export function recognise(runs: readonly Run[], collectors: readonly Collector[], settings: CollectorSettings): Collector | null {
  let best: { readonly collector: Collector; readonly known: number } | null = null;
  for (const collector of collectors) {
    let known = 0;
    let asked = 0;
    for (const { records } of runs) {
      for (let i = 0; i < records.count && asked < SAMPLE && known < 50; i++, asked++) {
        if (collector.detect(records.bytes, records.starts[i] ?? 0, records.ends[i] ?? 0, settings)) known++;
      }
    }
    if (known > (best?.known ?? 0)) best = { collector, known };
  }
  return best?.collector ?? null;
}

/** The beginning of the first record, for a person who is told that nobody knows it. */
export function firstRecord(runs: readonly Run[]): string {
  const [run] = runs;
  if (run === undefined || run.records.count === 0) return '';
  const { bytes, starts, ends } = run.records;
  const start = starts[0] ?? 0;
  return bytes.toString('utf8', start, Math.min(ends[0] ?? 0, start + 60));
}
