import type { PartitionPosition, Source } from '../../source.ts';
import type { KafkaSourceConfig } from './config.ts';
import { PartitionReaders } from './partition.ts';
import { Session, type SessionOptions } from './session.ts';

export interface KafkaSourceOptions extends SessionOptions {
  /** As `claimPartitions` of the store gives it. */
  readonly known: { readonly epoch: number; readonly positions: readonly PartitionPosition[] };
}

/**
 * The messages of a topic, each once: a partition goes on from its position in the database whatever the group thinks, and from
 * its log's start where there is none. Others in the group may take partitions away and give them back. When the brokers are lost,
 * the source ends with an error; opened again, it goes on from what it has given out.
 */
export function kafkaSource(name: string, config: KafkaSourceConfig, options: KafkaSourceOptions): Source {
  const readers = new PartitionReaders(config.topic, options.known);
  return { name, open: (signal) => new Session(config, readers, options).batches(signal) };
}
