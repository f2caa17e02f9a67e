import type { KafkaMessage } from 'kafkajs';
import type { Batch, Partition, PartitionPosition } from '../../source.ts';
import { Unwrapper } from '../../unwrap/unwrap.ts';
import { hashOf } from '../position.ts';
import { placeOnAssignment, type Fetched, type Place, type Read, type Step } from './place.ts';

/** What kafkajs hands over; the offset that was asked for is no part of its types. */
export interface KafkaBatch {
  readonly partition: number;
  readonly messages: readonly KafkaMessage[];
  readonly fetchedOffset: string;
  lastOffset(): string;
}

/** A partition as it is read here, over all losses of the connection: where reading stands, and how its messages are unwrapped. */
export class PartitionReader {
  readonly #partition: Partition;
  readonly #epoch: number;
  readonly #unwrapper: Unwrapper;
  place: Place;

  constructor(partition: Partition, epoch: number, read: Read | null) {
    this.#partition = partition;
    this.#epoch = epoch;
    this.#unwrapper = new Unwrapper({ source: `${partition.topic}/${partition.partition}`, owner: null });
    this.place = placeOnAssignment(read, 0);
  }

  /** The offset that is committed in the database, null before the first. */
  get committed(): number | null {
    return this.#partition.committed;
  }

  /** Takes messages as `decide` said: from now on they are read. The memory of what it gives is the caller's. */
  take({ messages }: KafkaBatch, { index, lost, place }: Step & { readonly kind: 'take' }, onCommit: () => void): Batch {
    this.place = place;
    const bytes = joined(messages.slice(index));
    const { runs, tooLong } = this.#unwrapper.frame(bytes, 0, bytes.length, 'final');
    const position = place.read === null ? null : { partition: this.#partition, epoch: this.#epoch, ...place.read };
    const ack = (): void => {
      if (position === null) return;
      this.#partition.committed = position.next;
      onCommit();
    };
    return { runs, tooLong, lost, bytes: bytes.length, position, ack };
  }
}

/** One message is one record or several lines; a message without a value is none. */
function joined(messages: readonly KafkaMessage[]): Buffer {
  const size = messages.reduce((sum, { value }) => sum + (value === null ? 0 : value.length + 1), 0);
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  for (const { value } of messages) {
    if (value === null) continue;
    at += value.copy(bytes, at);
    bytes[at++] = 0x0a;
  }
  return bytes;
}

export function fetchedOf(batch: KafkaBatch): Fetched {
  const { messages } = batch;
  return {
    from: Number(batch.fetchedOffset),
    last: Number(batch.lastOffset()),
    offsets: Float64Array.from(messages, ({ offset }) => Number(offset)),
    hash: (i) => (messages[i] === undefined ? '' : hashOfMessage(messages[i])),
  };
}

function hashOfMessage({ key, value, timestamp }: KafkaMessage): string {
  return hashOf(Buffer.concat([Buffer.from(`${timestamp} ${key?.length ?? -1} ${value?.length ?? -1} `), key ?? Buffer.alloc(0), value ?? Buffer.alloc(0)]));
}

/** All partitions that one source reads or has read. */
export class PartitionReaders {
  readonly #topic: string;
  readonly #epoch: number;
  readonly #positions: readonly PartitionPosition[];
  readonly #readers = new Map<string, PartitionReader>();

  constructor(topic: string, { epoch, positions }: { readonly epoch: number; readonly positions: readonly PartitionPosition[] }) {
    this.#topic = topic;
    this.#epoch = epoch;
    this.#positions = positions;
  }

  of(cluster: string, partition: number): PartitionReader {
    const key = `${partition} ${cluster}`;
    let reader = this.#readers.get(key);
    if (reader === undefined) {
      const known = this.#positions.find(({ partition: own }) => own.cluster === cluster && own.topic === this.#topic && own.partition === partition);
      reader = new PartitionReader(
        { cluster, topic: this.#topic, partition, committed: known?.next ?? null },
        this.#epoch,
        known === undefined ? null : { next: known.next, last: known.last },
      );
      this.#readers.set(key, reader);
    }
    return reader;
  }
}
