import type { BundleSink, Collector, Decoder } from './collector.ts';
import { Decoders } from './decode/decoders.ts';
import { OperationError } from './errors.ts';
import type { Observation } from './observe.ts';
import { patiently } from './patiently.ts';
import { Portion } from './portion.ts';
import type { Batch, Source } from './source.ts';
import type { Written } from './store/store.ts';

/** How long a record may wait for its commit, in milliseconds. */
const COMMIT_EVERY = 1_000;
const FIRST_RETRY = 500;
const LAST_RETRY = 30_000;
/** Trying costs little, and whoever made room wants to see that it helped. */
const LAST_DATABASE_RETRY = 5_000;

export interface LiveObservation extends Observation {
  /** Waits so many milliseconds, or until the signal aborts. Never rejects. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Until the cluster's inventory has caught up with what is read now. */
  readonly caughtUp?: () => Promise<void>;
  /** The database takes nothing (full disk, locked, read-only): reading waits. Null once it does again. */
  readonly onBlocked?: (error: OperationError | null) => void;
  /** A source ended with an error and is opened again later; null once it gives something. */
  readonly onSourceLost?: (source: Source, error: Error | null) => void;
}

/**
 * Reads sources that never end, side by side, and commits what came at least once a second. Nothing is lost while the database
 * or a source is out of order: the portion is kept, reading waits, and both are tried again. Ends once the signal aborts, with
 * everything that was read committed; throws if the database would not take that.
 */
export async function observeLive(sources: readonly Source[], given: LiveObservation): Promise<void> {
  const failed = new AbortController();
  const live = { ...given, signal: AbortSignal.any([given.signal, failed.signal]) };
  const { signal, sleep } = live;
  const committer = new Committer(live);
  const ticking = (async () => {
    while (!signal.aborted) {
      await sleep(COMMIT_EVERY, signal);
      await committer.commit();
    }
  })();
  const decoders = new Decoders(live.settings);
  const reading = sources.map((source) => readForGood(source, committer, live, decoders));
  const all = [ticking, ...reading];
  try {
    await Promise.all(all);
  } catch (error) {
    // Whoever fails for good ends all, and nothing of it runs on: the process is to be started again.
    failed.abort();
    await Promise.allSettled(all);
    throw error;
  }
  await committer.commit();
}

async function readForGood(source: Source, committer: Committer, live: LiveObservation, decoders: Decoders): Promise<void> {
  const { signal, sleep, onSourceLost } = live;
  const understand = understanding(source, live, decoders);
  let lost = false;
  for (let delay = FIRST_RETRY; !signal.aborted; delay = Math.min(2 * delay, LAST_RETRY)) {
    try {
      for await (const batch of source.open(signal)) {
        if (lost) onSourceLost?.(source, null);
        lost = false;
        delay = FIRST_RETRY;
        const known = understand(batch);
        if (known === null) continue;
        await live.caughtUp?.();
        await committer.take(batch, known);
        live.onBatch?.(batch, source);
        // A file may have gigabytes yet: they are read next time.
        if (signal.aborted) return;
      }
      return;
    } catch (error) {
      // What the database would not take at the end is not the source's fault.
      if (!(error instanceof OperationError) || error === committer.failure) throw error;
      lost = true;
      onSourceLost?.(source, error);
    }
    await sleep(delay, signal);
  }
}

interface Understanding {
  readonly collector: string;
  readonly decoder: Decoder<BundleSink> | null;
}

const NOTHING_TO_UNDERSTAND: Understanding = { collector: 'unknown', decoder: null };

/** A source may bring several files or topics, each in a format of its own. Null for records that nobody understands (yet). */
function understanding(source: Source, { collectorFor }: LiveObservation, decoders: Decoders): (batch: Batch) => Understanding | null {
  const collectors = new Map<string, Collector>();
  return ({ runs }) => {
    const [first] = runs;
    if (first === undefined) return NOTHING_TO_UNDERSTAND;
    const name = first.origin.source;
    const collector = collectors.get(name) ?? collectorFor(source, runs);
    if (collector === null) return null;
    collectors.set(name, collector);
    return { collector: collector.name, decoder: decoders.of(collector) };
  };
}

class Committer {
  readonly #live: LiveObservation;
  #portion: Portion;
  #committing: Promise<void> | null = null;
  /** Why the last portion could not be written, when the end had come. */
  failure: unknown = null;

  constructor(live: LiveObservation) {
    this.#live = live;
    this.#portion = new Portion(live);
  }

  /** Decodes at once: the memory of a batch is its source's again when this returns. */
  async take(batch: Batch, { collector, decoder }: Understanding): Promise<void> {
    // Another source may have begun the next commit meanwhile.
    while (this.#committing !== null) await this.#committing;
    this.#portion.take(batch, collector, decoder);
    if (this.#portion.isFull) await this.commit();
  }

  /** Returns once everything that was taken so far is written. */
  async commit(): Promise<void> {
    if (this.#committing === null) {
      if (this.#portion.isEmpty) return;
      this.#committing = this.#write().finally(() => (this.#committing = null));
    }
    await this.#committing;
  }

  async #write(): Promise<void> {
    const { sleep, signal, onBlocked } = this.#live;
    let written: Written | null = null;
    for (let delay = FIRST_RETRY, blocked = false; written === null; delay = Math.min(2 * delay, LAST_DATABASE_RETRY)) {
      try {
        const write = (): Written => this.#portion.write();
        // At the end it was waited for already.
        written = blocked && signal.aborted ? write() : await patiently(write, sleep);
        if (blocked) onBlocked?.(null);
      } catch (error) {
        if (!(error instanceof OperationError) || signal.aborted) throw (this.failure = error);
        blocked = true;
        onBlocked?.(error);
        await sleep(delay, signal);
      }
    }
    this.#portion = this.#portion.next(written);
  }
}
