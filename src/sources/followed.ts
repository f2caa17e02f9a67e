import { closeSync, constants, fstatSync, openSync, statSync, type Stats } from 'node:fs';
import type { Batch, FilePosition } from '../source.ts';
import { Unwrapper, type Ended } from '../unwrap/unwrap.ts';
import { Cutter } from './cutter.ts';
import { statIfAny } from './expand.ts';
import { fileSource, type FileOptions } from './file.ts';
import { FROM_THE_BEGINNING, identify, startOfPlain, type Identity, type Start } from './identity.ts';
import { plainInput } from './input.ts';
import { hashOf } from './position.ts';

/** A file whose name is gone is read on for so many looks after it last grew: its writer may still hold it. */
const LOOKS_WHEN_GONE = 40;
/** A file that begins like a known one, and is shorter, may be a copy that is still being made: it is left alone for so many looks. */
const LOOKS_OF_A_COPY = 40;
/** A file that grew within so many looks is asked for its name: it is rotated while it grows. */
const LOOKS_AFTER_GROWTH = 4;
/** A file that has not grown for so many looks is looked at less often where there are many. */
const LOOKS_WHILE_LIVELY = 40;

interface Reading {
  readonly file: number;
  readonly identity: Identity;
  readonly start: Start;
  readonly until: number;
  readonly ended: Ended;
}

/** Which file it is, while it is there. */
export function keyOf({ dev, ino }: { readonly dev: number; readonly ino: number }): string {
  return `${dev}:${ino}`;
}

/**
 * A file that is read as it grows. While it is open, what is renamed or deleted is still read to its end; while it rests it is
 * known by its name. Where reading goes on is asked of the known positions every time: a copy of a log that was truncated goes
 * on where the log was left.
 */
export class Followed {
  readonly key: string;
  path: string;
  /** No name that is searched for leads to it any more. */
  isGone = false;
  /** It is gone, and read to its end. */
  isOver = false;
  /** The last look found something new. */
  hasGrown = false;
  /** Its descriptor; null while it rests. */
  #file: number | null;
  #size = -1;
  #mtimeMs = -1;
  /** Looks that found nothing new: since it last grew, and since its name is gone as well. */
  #quiet = 0;
  #quietWhenGone = 0;
  #isCompressed = false;
  /** It is compressed, and was read as it stands. */
  #isRead = false;
  #copy = { size: -1, looks: 0 };
  /** What it was read as. */
  #own: FilePosition['file'] | null = null;

  /** Throws what opening it throws. */
  constructor(path: string) {
    this.path = path;
    this.#file = openToRead(path);
    this.key = keyOf(fstatSync(this.#file));
  }

  get isOpen(): boolean {
    return this.#file !== null;
  }

  get isLively(): boolean {
    return this.isGone || this.#quiet < LOOKS_WHILE_LIVELY;
  }

  /** It grew a moment ago, and its name leads to another file by now, or to none. */
  hasLostItsName(): boolean {
    if (this.isGone || this.#quiet >= LOOKS_AFTER_GROWTH) return false;
    const stats = statIfAny(this.path);
    return stats === undefined || keyOf(stats) !== this.key;
  }

  /** What has come since the last time, up to the last line end. */
  async *look(options: FileOptions): AsyncGenerator<Batch> {
    const stats = this.#stats();
    // It rests, and its name leads elsewhere: what became of it, a search finds.
    if (stats === null) this.isOver = true;
    if (stats === null) return;
    const isStill = stats.size === this.#size && stats.mtimeMs === this.#mtimeMs;
    this.hasGrown = !isStill;
    this.#quiet = isStill ? this.#quiet + 1 : 0;
    if (this.#isCompressed && isStill) yield* this.#readCompressed(stats.size, options);
    else yield* this.#lookPlain(stats, isStill, options);
  }

  async *#lookPlain({ size, mtimeMs }: Stats, isStill: boolean, options: FileOptions): AsyncGenerator<Batch> {
    if (isStill && !this.isGone) return;
    if (isStill && ++this.#quietWhenGone < LOOKS_WHEN_GONE) return;
    if (!isStill) this.#quietWhenGone = 0;
    const file = (this.#file ??= this.#openAgain());
    if (file === null) return;
    const identity = await identify(file, this.path);
    if (identity.compression !== null) {
      this.#isCompressed = true;
      this.#isRead = false;
      this.#size = size;
      this.#mtimeMs = mtimeMs;
      return this.rest();
    }
    // What rested as a compressed file may have left its inode to a plain one.
    this.#isCompressed = false;
    if (identity.head.length > 0) {
      const own = this.#own === null ? null : options.known.latest(this.#own);
      const told = startOfPlain(file, size, identity, options.known, own);
      if (told === 'untold' && this.#mayBecomeLonger(size)) return;
      const start = told === 'untold' ? FROM_THE_BEGINNING : told;
      // What is left of a file that is gone is the last line without its end: it counts if it is whole.
      if (start !== 'read before') yield* this.#readOn({ file, identity, start, until: size, ended: isStill ? 'finished' : 'no' }, options);
    }
    this.isOver = isStill;
    this.#size = size;
    this.#mtimeMs = mtimeMs;
  }

  #mayBecomeLonger(size: number): boolean {
    if (this.#copy.size !== size) this.#copy = { size, looks: 0 };
    return ++this.#copy.looks < LOOKS_OF_A_COPY;
  }

  async *#readOn({ file, identity, start, until, ended }: Reading, { known }: FileOptions): AsyncGenerator<Batch> {
    const { owner, head, headLength, headHash, podOwner } = identity;
    const own = (this.#own = start.position?.file ?? { id: null });
    const cutter = new Cutter(new Unwrapper({ source: this.path, owner: podOwner }), start.offset, start.tail, start.marks);
    const input = plainInput(file, { ...start, head }, cutter, { until });
    for (let bytes = 0; ; ) {
      const next = await input.next();
      bytes += next.done === true ? 0 : next.value.inputBytes;
      const taken = cutter.take(next.done === true ? 0 : next.value.added, next.done === true ? ended : 'no');
      if (taken !== null) {
        const position = { file: own, headLength, headHash, owner, offset: cutter.offset, tailHash: hashOf(cutter.tail), marks: cutter.marks, done: null };
        known.note(position);
        yield { ...taken, bytes, position, ack: () => undefined };
        bytes = 0;
      }
      if (next.done === true) return;
    }
  }

  /** Once it stands still. */
  async *#readCompressed(size: number, options: FileOptions): AsyncGenerator<Batch> {
    if (this.#isRead) return;
    for await (const batch of fileSource({ path: this.path, size, isRegular: true, named: false }, options).open(new AbortController().signal)) {
      if (batch.position !== null) options.known.note(batch.position);
      yield batch;
    }
    this.#isRead = true;
  }

  /** Null if it rests, and its name leads to another file by now, or to none. */
  #stats(): Stats | null {
    if (this.#file !== null) return fstatSync(this.#file);
    const stats = statSync(this.path, { throwIfNoEntry: false });
    return stats !== undefined && keyOf(stats) === this.key ? stats : null;
  }

  #openAgain(): number | null {
    const file = openToRead(this.path);
    if (keyOf(fstatSync(file)) === this.key) return file;
    closeSync(file);
    return null;
  }

  /** Gives its descriptor back until it grows. */
  rest(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }
}

/** Does not wait for the writer of what has become a pipe since it was found. */
function openToRead(path: string): number {
  return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
}
