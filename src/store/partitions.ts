import type { Database } from 'better-sqlite3';
import { SupersededError } from '../errors.ts';
import type { PartitionPosition } from '../source.ts';

/** What a reader of partitions begins with. */
export interface Claim {
  readonly epoch: number;
  readonly positions: readonly PartitionPosition[];
}

interface Row {
  readonly cluster: string;
  readonly topic: string;
  readonly partition: number;
  readonly next_offset: number;
  readonly last_offset: number;
  readonly last_hash: string;
}

/** How far each partition was read; written in the transaction of the counts. */
export class PartitionTable {
  readonly #path: string;
  readonly #begin;
  readonly #epoch;
  readonly #next;
  readonly #upsert;
  readonly #all;

  constructor(db: Database, path: string) {
    this.#path = path;
    this.#begin = db.prepare<[], { epoch: number }>('UPDATE partition_epoch SET epoch = epoch + 1 RETURNING epoch');
    this.#epoch = db.prepare<[], { epoch: number }>('SELECT epoch FROM partition_epoch');
    this.#next = db.prepare<unknown[], { next_offset: number }>('SELECT next_offset FROM partitions WHERE cluster = ? AND topic = ? AND partition = ?');
    this.#upsert = db.prepare('INSERT OR REPLACE INTO partitions VALUES (?, ?, ?, ?, ?, ?)');
    this.#all = db.prepare<[], Row>('SELECT * FROM partitions');
  }

  /**
   * Begins a reader of partitions, from where the earlier ones came to. From now on theirs are refused: one that was frozen and
   * wakes up, or that runs on another machine, cannot count what this one counts.
   */
  claim(): Claim {
    return this.read(this.#begin.get()?.epoch ?? 0);
  }

  /** From where the reader of this epoch goes on. */
  read(epoch: number): Claim {
    const positions = this.#all.all().map(({ cluster, topic, partition, next_offset, last_offset, last_hash }) => ({
      partition: { cluster, topic, partition, committed: next_offset },
      epoch,
      next: next_offset,
      last: { offset: last_offset, hash: last_hash },
    }));
    return { epoch, positions };
  }

  /** Refuses a position that does not go on from the stored one: what came with it may have been counted by another reader. */
  write({ partition: { cluster, topic, partition, committed }, epoch, next, last }: PartitionPosition): void {
    const stored = this.#next.get(cluster, topic, partition)?.next_offset ?? null;
    if (this.#epoch.get()?.epoch !== epoch || stored !== committed) {
      throw new SupersededError(
        `${this.#path}: partition ${partition} of topic ${topic} has been read into it by another process, or by another source of this one; ` +
          'what was not committed is left to it; see that there is one, and start again',
      );
    }
    this.#upsert.run(cluster, topic, partition, next, last.offset, last.hash);
  }
}
