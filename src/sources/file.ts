import { open, type FileHandle } from 'node:fs/promises';
import { OperationError } from '../errors.ts';
import type { Batch, FilePosition, Source, StripeReader } from '../source.ts';
import { Unwrapper, type Ended } from '../unwrap/unwrap.ts';
import type { Compression, Damage } from './compression.ts';
import { CHUNK, Cutter } from './cutter.ts';
import type { LogFile } from './expand.ts';
import { FROM_THE_BEGINNING, identify, startOfCompressed, startOfPlain } from './identity.ts';
import { compressedInput, plainInput } from './input.ts';
import { hashOf, type KnownPositions } from './position.ts';
import { readStriped, STRIPES, type Place, type StripeSizes } from './striped.ts';

export interface FileOptions {
  readonly known: KnownPositions;
  /** Said once a file turns out to be damaged; everything before the damage counts. */
  readonly onDamage: (path: string, damage: 'cut' | 'corrupt') => void;
  readonly stripes?: StripeSizes;
}

/** One file, from where it was left to its end. Gzip and zstd are told by their first bytes. */
export function fileSource({ path }: LogFile, options: FileOptions): Source {
  return {
    name: path,
    async *open(signal, readStripes) {
      let file: FileHandle;
      try {
        file = await open(path);
      } catch (error) {
        throw unreadable(path, error);
      }
      try {
        yield* readFile(file, path, options, signal, readStripes);
      } catch (error) {
        throw isOfSystem(error) ? unreadable(path, error) : error;
      } finally {
        await file.close();
      }
    },
  };
}

/** Whether the system or a library gave it. All others are our own words, or mistakes in the program. */
function isOfSystem(error: unknown): boolean {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).code === 'string';
}

export function unreadable(path: string, error: unknown): OperationError {
  return new OperationError(`${path}: cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`, { cause: error });
}

async function* readFile(file: FileHandle, path: string, { known, onDamage, stripes = STRIPES }: FileOptions, signal: AbortSignal, readStripes?: StripeReader): AsyncGenerator<Batch> {
  const { size, mtimeMs } = await file.stat();
  const identity = await identify(file.fd, path);
  const { compression, owner, head, headLength, headHash, podOwner } = identity;
  if (head.length === 0) {
    if (identity.damage !== null) onDamage(path, identity.damage);
    return;
  }
  const isDone = ({ done }: FilePosition): boolean => done?.size === size && done.mtimeMs === mtimeMs;
  // Decompressing takes long: what was read to this very end is not looked into.
  if (compression !== null && known.candidates(owner, head).some(isDone)) return;
  const told = compression === null ? startOfPlain(file.fd, size, identity, known) : await startOfCompressed(path, compression, identity, known);
  if (told === 'read before') return;
  const start = told === 'untold' ? FROM_THE_BEGINNING : told;
  if (compression === null && start.position !== null && isDone(start.position)) return;

  const handle = { id: start.position?.file.id ?? null };
  const positionOf = ({ offset, tail, marks }: Place, done: FilePosition['done'] = null): FilePosition => ({
    file: handle,
    headLength,
    headHash,
    owner,
    offset,
    // Of most positions nobody asks for it: the next one takes their place.
    get tailHash() {
      return hashOf(tail);
    },
    marks,
    done,
  });

  /** Reads on in one piece: to the end, or until there are records. Null at the end. */
  async function* readOn(from: Place, until: 'end' | 'records'): AsyncGenerator<Batch, Place | null> {
    const cutter = new Cutter(new Unwrapper({ source: path, owner: podOwner }, from.inJson), from.offset, from.tail, from.marks);
    // Nobody else is waiting while a file is read to its end: of 2.4 GB, turns took 0.5 s.
    const input = compression === null ? plainInput(file.fd, { ...from, head }, cutter, { atOnce: CHUNK, chunk: until === 'end' ? CHUNK : Math.min(CHUNK, stripes.stripe) }) : compressedInput(path, compression, from.offset, cutter);
    let inputBytes = 0;
    let { offset } = from;
    try {
      for (;;) {
        const next = await input.next();
        const ended = next.done === true ? endOf(compression, next.value) : 'no';
        if (next.done === true && next.value !== null) onDamage(path, next.value);
        inputBytes += next.done === true ? 0 : next.value.inputBytes;
        const taken = cutter.take(next.done === true ? 0 : next.value.added, ended);
        const isOver = next.done !== true && until === 'records' && taken !== null && taken.runs.length > 0;
        if (taken !== null || next.done === true) {
          // What is left over is read again by whoever reads on.
          const bytes = isOver ? cutter.offset - offset : inputBytes;
          yield { runs: taken?.runs ?? [], tooLong: taken?.tooLong ?? 0, bytes, position: positionOf(cutter, next.done === true ? { size, mtimeMs } : null), ack: () => undefined };
          inputBytes = 0;
          ({ offset } = cutter);
        }
        if (next.done === true || signal.aborted) return null;
        if (isOver) return { offset: cutter.offset, tail: cutter.tail, marks: cutter.marks, inJson: cutter.inJson };
      }
    } finally {
      await input.return(null);
    }
  }

  const beginning: Place = { ...start, inJson: null };
  if (compression !== null || readStripes === undefined || size - start.offset < stripes.least) {
    yield* readOn(beginning, 'end');
    return;
  }
  // Who understands the records is known after the first of them.
  const place = yield* readOn(beginning, 'records');
  if (place === null) return;
  const reached = yield* readStriped({ file: file.fd, path, owner: podOwner, head, size }, place, stripes, readStripes, positionOf, signal);
  if (!signal.aborted) yield* readOn(reached, 'end');
}

/** A plain file may grow, and so may one whose compressed data breaks off; whole compressed data does not. */
function endOf(compression: Compression | null, damage: Damage): Ended {
  return compression === null || damage === 'cut' ? 'finished' : 'final';
}
