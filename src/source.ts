import type { Records } from './collector.ts';
import type { Origin } from './model/origin.ts';

/**
 * A source says where records come from. It knows nothing of formats. It ends when its input ends or when `signal` aborts,
 * holds a bounded amount of memory, and reads the next batch only when it is asked for.
 */
export interface Source {
  readonly name: string;
  open(signal: AbortSignal): AsyncIterable<Batch>;
}

/** Records with the one position that stands for all of them. The memory belongs to the source: valid until the next batch. */
export interface Batch {
  readonly runs: readonly Run[];
  /** Records that the framing itself had to skip: lines over the limit. */
  readonly tooLong: number;
  /** Records that were gone before they could be read. */
  readonly lost?: number;
  /** Bytes of input that the batch covers, as they lie in the file. */
  readonly bytes: number;
  /** Written in the transaction of the counts; null for input that cannot be read again. */
  readonly position: Position | null;
  /** Called once the batch is committed. */
  readonly ack: () => void;
}

/** Records of one origin, in the order of the input. */
export interface Run {
  readonly records: Records;
  readonly origin: Origin;
}

export type Position = FilePosition | PartitionPosition;

/**
 * How far a file has been read. A file is the same file if its head and the bytes before the offset are the same, whatever
 * its name: rotation and compression change the name, not these. Offsets and heads count decompressed bytes.
 */
export interface FilePosition {
  /** The stored position of this file; the store fills the id in when it first writes it. Shared by the file's batches. */
  readonly file: { id: number | null };
  readonly headLength: number;
  readonly headHash: string;
  /** Kubelet's pod in the path, '' elsewhere: two pods may begin their logs alike. */
  readonly owner: string;
  readonly offset: number;
  /** Hash of the last 1 KiB before the offset. */
  readonly tailHash: string;
  /** Hashes of what lies before fixed places up to the offset (see `Marks`): by them a copy that ends before the offset is known. */
  readonly marks: string;
  /** Size and modification time at which the file was read to its end; null while it is not. */
  readonly done: { readonly size: number; readonly mtimeMs: number } | null;
}

/**
 * How far a partition of a Kafka topic has been read. It is the same log if the last message before `next` is the same: a topic
 * that was deleted and made anew has other messages at its offsets.
 */
export interface PartitionPosition {
  /** Shared by the partition's batches. */
  readonly partition: Partition;
  /** Which reader this is (see `PartitionTable.claim`): once there is a later one, this one's positions are refused. */
  readonly epoch: number;
  /** Offset of the first message that was not read. */
  readonly next: number;
  readonly last: Mark;
}

export interface Partition {
  /** Kafka's own id of its cluster, '' where it has none. */
  readonly cluster: string;
  readonly topic: string;
  readonly partition: number;
  /** The `next` that is stored, null before the first; its reader sets it when a batch is acknowledged. Another one's is refused. */
  committed: number | null;
}

/** A message by its offset and the hash of its key, value and time. */
export interface Mark {
  readonly offset: number;
  readonly hash: string;
}
