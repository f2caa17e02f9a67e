import type { Collector, CollectorSettings, Decoder } from './collector.ts';
import { Intake } from './intake.ts';
import type { Admission } from './learn/admission.ts';
import { Fold, type Judge } from './learn/fold.ts';
import type { Endpoint } from './model/flow.ts';
import type { Resolver } from './resolve/resolver.ts';
import type { Batch, Position, Run, Source } from './source.ts';
import type { Store, Written } from './store/store.ts';

/** Input is committed in portions of about this many bytes; what a crash interrupts is read again from the last one. */
const PORTION_BYTES = 32 << 20;
const PORTION_BATCHES = 2_000;

export interface Observation {
  readonly store: Store;
  readonly resolver: Resolver;
  readonly admission: Admission;
  /** Names of sources that the database knows. */
  readonly sources: Set<string>;
  readonly settings: CollectorSettings;
  /** People's choices, as they are when a portion begins. */
  readonly judge: () => Judge;
  /** Who understands these first records of a source; null leaves the source out. */
  readonly collectorFor: (source: Source, records: readonly Run[]) => Collector | null;
  readonly signal: AbortSignal;
  readonly onBatch?: (batch: Batch) => void;
  readonly onCommit?: (written: Written, totals: ReadonlyMap<string, number>) => void;
}

/** Reads sources to their end: bytes to records, records to flows, flows to edges; edges and positions in one transaction. */
export async function observe(sources: Iterable<Source>, observation: Observation): Promise<void> {
  const { settings, signal, collectorFor, onBatch } = observation;
  const decoders = new Map<Collector, Decoder>();
  let portion = new Portion(observation, new WeakSet());
  for (const source of sources) {
    let collector: Collector | null = null;
    for await (const batch of source.open(signal)) {
      if (collector === null && batch.runs.length > 0) collector = collectorFor(source, batch.runs);
      if (collector === null && batch.runs.length > 0) break;
      const decoder = collector === null ? null : (decoders.get(collector) ?? collector.decoder(settings));
      if (collector !== null && decoder !== null) decoders.set(collector, decoder);
      portion.take(batch, collector?.name ?? 'unknown', decoder);
      onBatch?.(batch);
      if (portion.isFull) portion = portion.commit();
    }
    if (signal.aborted) break;
  }
  portion.commit();
}

/** What is read between two commits. */
class Portion {
  readonly #observation: Observation;
  readonly #described: WeakSet<Endpoint>;
  readonly #intake: Intake;
  readonly #positions = new Map<Position['file'], Position>();
  readonly #acks: (() => void)[] = [];
  #bytes = 0;

  /** `described` are the endpoints of which everything that records say of them is stored. */
  constructor(observation: Observation, described: WeakSet<Endpoint>) {
    const { admission, judge, resolver, sources } = observation;
    this.#observation = observation;
    this.#described = described;
    this.#intake = new Intake({ resolver, fold: new Fold(admission, judge()), described, sources });
  }

  get isFull(): boolean {
    return this.#bytes >= PORTION_BYTES || this.#acks.length >= PORTION_BATCHES;
  }

  take({ runs, tooLong, bytes, position, ack }: Batch, collector: string, decoder: Decoder | null): void {
    this.#intake.collector = collector;
    for (const { records, origin } of runs) decoder?.decode(records, origin, this.#intake);
    for (let i = 0; i < tooLong; i++) this.#intake.skip('too-long', null, '');
    if (position !== null) this.#positions.set(position.file, position);
    this.#acks.push(ack);
    this.#bytes += bytes;
  }

  commit(): Portion {
    const { store, onCommit } = this.#observation;
    const written = store.transaction(() => store.add(this.#intake.delta(), [...this.#positions.values()]));
    for (const ack of this.#acks) ack();
    onCommit?.(written, this.#intake.totals());
    return new Portion(this.#observation, this.#described);
  }
}
