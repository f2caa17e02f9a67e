import type { Consumer } from 'kafkajs';

const TOGETHER = 500;

export interface LagOptions {
  readonly consumer: Pick<Consumer, 'commitOffsets'>;
  readonly topic: string;
  /** The offset up to which a partition is committed in the database, if it is ours to tell. */
  readonly committed: (partition: number) => number | null;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
}

/** Tells the group how far its partitions were read, for people who look at its lag. Nobody here reads that. */
export class Lag {
  readonly #options: LagOptions;
  readonly #untold = new Set<number>();
  #isTelling = false;

  constructor(options: LagOptions) {
    this.#options = options;
  }

  /** More of a partition has been committed. */
  tell(partition: number): void {
    this.#untold.add(partition);
    if (!this.#isTelling) void this.#tellAll();
  }

  async #tellAll(): Promise<void> {
    const { consumer, topic, committed, sleep, signal } = this.#options;
    this.#isTelling = true;
    while (this.#untold.size > 0 && !signal.aborted) {
      // What comes together is told together.
      await sleep(TOGETHER, signal);
      const offsets = [...this.#untold].flatMap((partition) => {
        const offset = committed(partition);
        return offset === null ? [] : [{ topic, partition, offset: String(offset) }];
      });
      this.#untold.clear();
      if (offsets.length === 0 || signal.aborted) continue;
      // It is told again with the next ones.
      await consumer.commitOffsets(offsets).catch(() => undefined);
    }
    this.#isTelling = false;
  }
}
