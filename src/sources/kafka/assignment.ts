import type { Consumer, EachBatchPayload } from 'kafkajs';
import type { Batch } from '../../source.ts';
import type { Handoff } from './handoff.ts';
import { fetchedOf, type KafkaBatch, type PartitionReader } from './partition.ts';
import { decide, placeOnAssignment, type Ends, type Step } from './place.ts';

export interface AssignmentOptions {
  readonly consumer: Pick<Consumer, 'seek'>;
  readonly topic: string;
  readonly readerOf: (partition: number) => PartitionReader;
  /** Ends of the logs as they were before the group was joined. */
  readonly ends: ReadonlyMap<number, Ends>;
  /** And as they are now. */
  readonly endsNow: () => Promise<ReadonlyMap<number, Ends>>;
  readonly handoff: Handoff<Batch>;
  readonly onCommit: (partition: number) => void;
  readonly onAnotherLog: (partition: number) => void;
  readonly heartbeatEvery: number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
}

/** The partitions that the group gives us, and what becomes of what is fetched of them. */
export class Assignment {
  readonly #options: AssignmentOptions;
  /** Counts the assignments: what was fetched under an earlier one is let go. */
  #generation = 0;
  #partitions: ReadonlySet<number> = new Set();
  /** Those that had more than was taken, when they were last looked at. */
  readonly #behind = new Set<number>();

  constructor(options: AssignmentOptions) {
    this.#options = options;
  }

  has(partition: number): boolean {
    return this.#partitions.has(partition);
  }

  /** Whether all that its partitions had at the last look was taken. */
  get isCaughtUp(): boolean {
    return this.#behind.size === 0;
  }

  /** What the client says of a batch that it is done with, also of one that held no message. */
  processed({ partition, batchSize, lastOffset, highWatermark }: { readonly partition: number; readonly batchSize: number; readonly lastOffset: string; readonly highWatermark: string }): void {
    if (!this.has(partition)) return;
    const isTaken = batchSize === 0 || this.#options.readerOf(partition).place.expected > Number(lastOffset);
    if (isTaken && Number(lastOffset) + 1 >= Number(highWatermark)) this.#behind.delete(partition);
    else this.#behind.add(partition);
  }

  /** To be called before the first fetch under a new assignment: the client must not ask the group where to begin. */
  assign(partitions: readonly number[]): void {
    const { readerOf, ends } = this.#options;
    this.#generation++;
    this.#partitions = new Set(partitions);
    this.#behind.clear();
    for (const partition of partitions) {
      const reader = readerOf(partition);
      reader.place = placeOnAssignment(reader.place.read, ends.get(partition)?.start ?? 0);
      if ((reader.place.read?.next ?? reader.place.expected) < (ends.get(partition)?.end ?? 0)) this.#behind.add(partition);
      this.#seek(partition, reader);
    }
  }

  /** Returns once the batch was taken, or is not to be taken; throws if the group is to be joined again. */
  async each(payload: EachBatchPayload): Promise<void> {
    const batch = payload.batch as unknown as KafkaBatch;
    const generation = this.#generation;
    const isCurrent = (): boolean => payload.isRunning() && !payload.isStale() && generation === this.#generation && this.has(batch.partition);
    if (!isCurrent()) return;
    // Until the client says that it is done with this.
    this.#behind.add(batch.partition);
    const reader = this.#options.readerOf(batch.partition);
    const fetched = fetchedOf(batch);
    let step = decide(reader.place, fetched, null);
    if (step.kind === 'ask') {
      const ends = (await this.#options.endsNow()).get(batch.partition);
      if (ends === undefined || !isCurrent()) return;
      step = decide(reader.place, fetched, ends);
    }
    if (step.kind === 'seek') {
      if (step.why === 'another log') this.#options.onAnotherLog(batch.partition);
      reader.place = step.place;
      this.#seek(batch.partition, reader);
      return;
    }
    if (step.kind === 'skip') reader.place = step.place;
    if (step.kind === 'take' && !(await this.#hand(batch, step, () => payload.heartbeat(), isCurrent))) return;
    if (isCurrent()) payload.resolveOffset(batch.lastOffset());
  }

  /** Waits, as a living member of the group, until the batch is asked for. False if it is no longer to be read. */
  async #hand(batch: KafkaBatch, step: Step & { readonly kind: 'take' }, heartbeat: () => Promise<void>, isCurrent: () => boolean): Promise<boolean> {
    const { readerOf, handoff, onCommit, heartbeatEvery, sleep, signal } = this.#options;
    const offer = handoff.offer(() => readerOf(batch.partition).take(batch, step, () => onCommit(batch.partition)));
    const done = new AbortController();
    const waking = AbortSignal.any([done.signal, signal]);
    try {
      for (;;) {
        await Promise.race([offer.taken, sleep(heartbeatEvery, waking)]);
        if (offer.isTaken) return true;
        if (signal.aborted || !isCurrent()) return false;
        await heartbeat();
      }
    } finally {
      done.abort();
      offer.withdraw();
    }
  }

  #seek(partition: number, { place }: PartitionReader): void {
    const { consumer, topic } = this.#options;
    consumer.seek({ topic, partition, offset: String(place.expected) });
  }
}
