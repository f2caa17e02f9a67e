import type { Database } from 'better-sqlite3';
import type { FilePosition, Position } from '../source.ts';
import { PartitionTable, type Claim } from './partitions.ts';

interface Row {
  readonly id: number;
  readonly head_length: number;
  readonly head_hash: string;
  readonly owner: string;
  readonly offset: number;
  readonly tail_hash: string;
  readonly marks: string;
  readonly done_size: number | null;
  readonly done_mtime: number | null;
}

/** How far each file and partition was read; written in the transaction of the counts. */
export class PositionTable {
  readonly #insert;
  readonly #update;
  readonly #all;
  readonly #partitions: PartitionTable;

  constructor(db: Database, path: string) {
    this.#partitions = new PartitionTable(db, path);
    this.#insert = db.prepare<unknown[], { id: number }>(
      'INSERT INTO positions (head_length, head_hash, owner, "offset", tail_hash, marks, done_size, done_mtime) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id',
    );
    this.#update = db.prepare(
      'UPDATE positions SET head_length = ?, head_hash = ?, owner = ?, "offset" = ?, tail_hash = ?, marks = ?, done_size = ?, done_mtime = ? WHERE id = ?',
    );
    this.#all = db.prepare<[], Row>('SELECT * FROM positions');
  }

  write(position: Position): void {
    if ('file' in position) this.#writeFile(position);
    else this.#partitions.write(position);
  }

  /** Gives a new file its row. */
  #writeFile({ file, headLength, headHash, owner, offset, tailHash, marks, done }: FilePosition): void {
    const values = [headLength, headHash, owner, offset, tailHash, marks, done?.size ?? null, done?.mtimeMs ?? null];
    if (file.id !== null && this.#update.run(...values, file.id).changes === 1) return;
    file.id = this.#insert.get(...values)?.id ?? null;
  }

  /** Those of files. */
  read(): FilePosition[] {
    return this.#all.all().map((row) => ({
      file: { id: row.id },
      headLength: row.head_length,
      headHash: row.head_hash,
      owner: row.owner,
      offset: row.offset,
      tailHash: row.tail_hash,
      marks: row.marks,
      done: row.done_size === null || row.done_mtime === null ? null : { size: row.done_size, mtimeMs: row.done_mtime },
    }));
  }

  /** Begins a reader of partitions, from where the earlier ones came to. */
  claimPartitions(): Claim {
    return this.#partitions.claim();
  }

  /** From where the reader of this epoch goes on. */
  readPartitions(epoch: number): Claim {
    return this.#partitions.read(epoch);
  }
}
