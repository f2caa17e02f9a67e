import type { Collector, CollectorSettings } from './collector.ts';
import { Decoders } from './decode/decoders.ts';
import { GROWTH, Portion, type Learning } from './portion.ts';
import type { Batch, Run, Source, StripeReader } from './source.ts';

export interface Observation extends Learning {
  readonly settings: CollectorSettings;
  /** Who understands these first records of a source; null leaves the source out. */
  readonly collectorFor: (source: Source, records: readonly Run[]) => Collector | null;
  readonly signal: AbortSignal;
  /** Reads what a collector understands on other threads; absent where there are none. */
  readonly stripesFor?: (collector: () => string) => StripeReader;
  readonly onBatch?: (batch: Batch, source: Source) => void;
}

/** Reads sources to their end: bytes to records, records to flows, flows to edges; edges and positions in one transaction. */
export async function observe(sources: Iterable<Source>, observation: Observation): Promise<void> {
  const { settings, signal, collectorFor, stripesFor, onBatch } = observation;
  const decoders = new Decoders(settings);
  let portion = new Portion(observation);
  for (const source of sources) {
    let collector: Collector | null = null;
    const nameOfCollector = (): string => collector?.name ?? 'unknown';
    for await (const batch of source.open(signal, stripesFor?.(nameOfCollector))) {
      if (collector === null && batch.runs.length > 0) collector = collectorFor(source, batch.runs);
      if (collector === null && batch.runs.length > 0) break;
      portion.take(batch, nameOfCollector(), collector === null ? null : decoders.of(collector));
      onBatch?.(batch, source);
      if (portion.isFull) portion = portion.next(portion.write(), GROWTH);
    }
    if (signal.aborted) break;
  }
  portion.next(portion.write());
}
