import type { Stats } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import type { Batch } from '../source.ts';
import { Unwrapper, type Ended } from '../unwrap/unwrap.ts';
import { Cutter } from './cutter.ts';
import { identify, startOf, type Identity } from './identity.ts';
import { plainInput } from './input.ts';
import { hashOf, type KnownPositions } from './position.ts';

/** A file whose name is gone is read on for so many looks after it last grew: its writer may still hold it. */
const LOOKS_WHEN_GONE = 40;
/** A file that begins like a known one, and is shorter, may be a copy that is still being made: it is left alone for so many looks. */
const LOOKS_OF_A_COPY = 40;

/**
 * A file that is read as it grows. It stays open, so that what is renamed or deleted is still read to its end. Where reading
 * goes on is asked of the known positions every time: a copy of a log that was truncated goes on where the log was left.
 */
export class Followed {
  path: string;
  /** No name that is searched for leads to it any more. */
  isGone = false;
  /** It is gone, and read to its end. */
  isOver = false;
  isCompressed = false;
  readonly #file: FileHandle;
  #size = -1;
  #mtimeMs = -1;
  #idle = 0;
  #looksOfACopy = 0;

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
  }

  /** Throws what opening it throws. */
  static async open(path: string): Promise<Followed> {
    return new Followed(path, await open(path));
  }

  /** What has come since the last time, up to the last line end. */
  async *read(known: KnownPositions): AsyncGenerator<Batch> {
    const { size, mtimeMs } = await this.#file.stat();
    const isStill = size === this.#size && mtimeMs === this.#mtimeMs;
    if (isStill && !this.isGone) return;
    if (isStill && ++this.#idle < LOOKS_WHEN_GONE) return;
    const identity = await identify(this.#file, this.path);
    this.isCompressed = identity.compression !== null;
    if (this.isCompressed) return;
    // What is left of a file that is gone is the last line without its end: it counts if it is whole.
    if (!isStill) this.#idle = 0;
    if (identity.head.length > 0 && !this.#mayBeACopy(identity, size, known)) yield* this.#readOn(identity, size, isStill ? 'finished' : 'no', known);
    else if (identity.head.length > 0) return;
    this.isOver = isStill;
    this.#size = size;
    this.#mtimeMs = mtimeMs;
  }

  #mayBeACopy({ owner, head }: Identity, size: number, known: KnownPositions): boolean {
    const candidates = known.candidates(owner, head);
    const isShorter = candidates.length > 0 && candidates.every(({ offset }) => offset > size);
    return isShorter && ++this.#looksOfACopy < LOOKS_OF_A_COPY;
  }

  async *#readOn(identity: Identity, size: number, ended: Ended, known: KnownPositions): AsyncGenerator<Batch> {
    const { owner, headLength, headHash, podOwner } = identity;
    const start = await startOf(this.#file, this.path, identity, known);
    const file = start.position?.file ?? { id: null };
    const cutter = new Cutter(new Unwrapper({ source: this.path, owner: podOwner }), start.offset, start.tail);
    const input = plainInput(this.#file, start.offset, cutter, size);
    for (let bytes = 0; ; ) {
      const next = await input.next();
      bytes += next.done === true ? 0 : next.value.inputBytes;
      const taken = cutter.take(next.done === true ? 0 : next.value.added, next.done === true ? ended : 'no');
      if (taken !== null) {
        const position = { file, headLength, headHash, owner, offset: cutter.offset, tailHash: hashOf(cutter.tail), done: null };
        known.note(position);
        yield { ...taken, bytes, position, ack: () => undefined };
        bytes = 0;
      }
      if (next.done === true) return;
    }
  }

  async stat(): Promise<Stats> {
    return this.#file.stat();
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
