import type { BundleSink, Records } from './collector.ts';
import type { Origin, OriginPod } from './model/origin.ts';

/**
 * A source says where records come from. It knows nothing of formats. It ends when its input ends or when `signal` aborts,
 * holds a bounded amount of memory, and reads the next batch only when it is asked for.
 */
export interface Source {
  readonly name: string;
  /** `readStripes` may be given to a source that is read to its end; it is asked for nothing before the first batch with records was taken. */
  open(signal: AbortSignal, readStripes?: StripeReader): AsyncIterable<Batch>;
}

/** Records with the one position that stands for all of them. The memory belongs to the source: valid until the next batch. */
export interface Batch {
  readonly runs: readonly Run[];
  /** What other threads made of records that they read themselves, beside the runs. */
  readonly decoded?: Decoded;
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

/** A part of a plain file, from the beginning of a line to the end of one. A plain value, for another thread. */
export interface Stripe {
  /** Descriptor of the open file: the threads of a process share it. */
  readonly file: number;
  readonly source: string;
  readonly owner: OriginPod | null;
  readonly from: number;
  readonly to: number;
  /** The file's first bytes. */
  readonly head: Uint8Array;
  /** Whether the log's JSON lines are envelopes; null while none was seen. */
  readonly inJson: boolean | null;
}

/** How far a stripe was read, and what that took for granted of the bytes before it. */
export interface StripeEnd {
  /** Up to here all records are whole. */
  readonly offset: number;
  /** The last bytes before the stripe and before the offset, at most 1 KiB. */
  readonly before: Uint8Array;
  readonly tail: Uint8Array;
  /** Of places within it. */
  readonly marks: string;
  readonly inJson: boolean | null;
  readonly tooLong: number;
}

/** What records were found to say. Nothing is known of what becomes of it before it is handed on. */
export interface Decoded {
  readonly records: number;
  /** How much it takes to hand it on. */
  readonly rows: number;
  handOn(sink: BundleSink): void;
}

/** Reads and decodes stripes of one source, several at once. What they say is told of all of them together. */
export type StripeReader = (stripes: readonly Stripe[]) => Promise<{ readonly ends: readonly StripeEnd[]; readonly decoded: Decoded }>;

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
