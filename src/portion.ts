import type { BundleSink, Decoder } from './collector.ts';
import { Intake } from './intake.ts';
import type { Admission } from './learn/admission.ts';
import { Fold, type Judge } from './learn/fold.ts';
import type { Resolved, Resolver } from './resolve/resolver.ts';
import type { Batch, Position } from './source.ts';
import type { Store, Written } from './store/store.ts';

/** Input is committed in portions of about this many bytes; what a crash interrupts is read again from the last one. */
const PORTION_BYTES = 32 << 20;
const PORTION_BATCHES = 2_000;
/** A portion ends, too, when it holds so many rows to be written: they weigh 270 bytes each. */
const PORTION_ROWS = 250_000;

/**
 * Of input that is read to its end, each portion is so many times as large as the one before, up to a limit: a commit writes nearly every edge anew. Of 2.38 GB
 * with 19,000 edges, three commits instead of four save 0.9 s of 6.8. A crash costs at most eight ninths of what was read.
 */
export const GROWTH = 8;
const MAX_PORTION_BYTES = 2 ** 31;

export interface Learning {
  readonly store: Store;
  /** Who is at an address, as it is known when a portion begins. */
  readonly resolver: () => Resolver;
  readonly admission: Admission;
  /** Names of sources that the database knows. */
  readonly sources: Set<string>;
  /** People's choices, as they are when a portion begins. */
  readonly judge: () => Judge;
  /** Milliseconds: how long a transaction took. */
  readonly now: () => number;
  readonly onCommit?: (written: Written, totals: ReadonlyMap<string, number>, timing: Timing) => void;
}

/** Of a portion that was committed. */
export interface Timing {
  /** When its first batch came, in milliseconds. */
  readonly began: number;
  /** What the transaction took. */
  readonly seconds: number;
}

const NOTHING_WRITTEN: Written = { edges: new Map(), pending: new Map(), overflow: 0 };

/** What is read between two commits. */
export class Portion {
  readonly #learning: Learning;
  readonly #described: WeakSet<Resolved>;
  /** Made when the first batch comes: what people have decided by then counts. */
  #intake: Intake | null = null;
  /** The latest of each file and partition. */
  readonly #positions = new Map<object, Position>();
  readonly #acks: (() => void)[] = [];
  /** Those that may hold something back, with the names of their collectors. */
  readonly #decoders = new Map<Decoder<BundleSink>, string>();
  readonly #maxBytes: number;
  #bytes = 0;
  #began = 0;
  #seconds = 0;

  /** `described` are the ends of which everything that records say of them is stored. */
  constructor(learning: Learning, described: WeakSet<Resolved> = new WeakSet(), maxBytes = PORTION_BYTES) {
    this.#learning = learning;
    this.#described = described;
    this.#maxBytes = maxBytes;
  }

  #begin(): Intake {
    const { admission, judge, resolver, sources, now } = this.#learning;
    this.#began = now();
    return new Intake({ resolver: resolver(), fold: new Fold(admission, judge()), described: this.#described, sources });
  }

  get isFull(): boolean {
    return this.#bytes >= this.#maxBytes || this.#acks.length >= PORTION_BATCHES || (this.#intake?.size ?? 0) >= PORTION_ROWS;
  }

  get isEmpty(): boolean {
    return this.#acks.length === 0;
  }

  take({ runs, decoded, tooLong, lost = 0, bytes, position, ack }: Batch, collector: string, decoder: Decoder<BundleSink> | null): void {
    const intake = (this.#intake ??= this.#begin());
    intake.collector = collector;
    if (decoder !== null) this.#decoders.set(decoder, collector);
    for (const { records, origin } of runs) decoder?.decode(records, origin, intake);
    decoded?.handOn(intake);
    for (let i = 0; i < tooLong; i++) intake.skip('too-long', null, '');
    if (lost > 0) intake.lost(lost, null, '');
    if (position !== null) this.#positions.set('file' in position ? position.file : position.partition, position);
    this.#acks.push(ack);
    this.#bytes += bytes;
  }

  /** Writes it in one transaction. If it throws, nothing is written, and it may be tried again. */
  write(): Written {
    const { store, now } = this.#learning;
    const intake = this.#intake;
    if (intake === null) return NOTHING_WRITTEN;
    for (const [decoder, collector] of this.#decoders) {
      intake.collector = collector;
      decoder.flush?.(intake);
    }
    const started = now();
    const written = store.transaction(() => store.add(intake.delta(), [...this.#positions.values()]));
    this.#seconds = (now() - started) / 1000;
    return written;
  }

  /** After it was written: tells everybody, and gives the next one, which is so many times as large. */
  next(written: Written, growth = 1): Portion {
    for (const ack of this.#acks) ack();
    if (this.#intake !== null) this.#learning.onCommit?.(written, this.#intake.totals(), { began: this.#began, seconds: this.#seconds });
    return new Portion(this.#learning, this.#described, Math.min(growth * this.#maxBytes, MAX_PORTION_BYTES));
  }
}
