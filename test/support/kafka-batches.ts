import type { EachBatchPayload, KafkaMessage } from 'kafkajs';
import type { KafkaBatch } from '../../src/sources/kafka/partition.ts';

export function kafkaMessage(offset: number, value: string | null, more: Partial<KafkaMessage> = {}): KafkaMessage {
  return { offset: String(offset), value: value === null ? null : Buffer.from(value), key: null, timestamp: '1772452800000', attributes: 0, headers: {}, ...more } as KafkaMessage;
}

/** Messages of a partition as the client hands them over, fetched from an offset on. */
export function kafkaBatch(partition: number, values: readonly (string | null)[], from = 0): KafkaBatch {
  return {
    partition,
    fetchedOffset: String(from),
    messages: values.map((value, i) => kafkaMessage(from + i, value)),
    lastOffset: () => String(from + values.length - 1),
  };
}

/** What the client calls with: `resolved` is what it was told to have been read. */
export class Payload {
  readonly resolved: string[] = [];
  heartbeats = 0;
  isRunning = true;
  isStale = false;
  /** What a heartbeat fails with. */
  failure: Error | null = null;
  readonly #batch: KafkaBatch;

  constructor(batch: KafkaBatch) {
    this.#batch = batch;
  }

  get value(): EachBatchPayload {
    return {
      batch: this.#batch,
      resolveOffset: (offset: string) => void this.resolved.push(offset),
      heartbeat: () => {
        this.heartbeats++;
        return this.failure === null ? Promise.resolve() : Promise.reject(this.failure);
      },
      isRunning: () => this.isRunning,
      isStale: () => this.isStale,
    } as unknown as EachBatchPayload;
  }
}
