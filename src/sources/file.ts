import { open, type FileHandle } from 'node:fs/promises';
import { OperationError } from '../errors.ts';
import type { Batch, FilePosition, Source } from '../source.ts';
import { Unwrapper, type Ended } from '../unwrap/unwrap.ts';
import type { Compression, Damage } from './compression.ts';
import { CHUNK, Cutter } from './cutter.ts';
import type { LogFile } from './expand.ts';
import { FROM_THE_BEGINNING, identify, startOfCompressed, startOfPlain } from './identity.ts';
import { compressedInput, plainInput } from './input.ts';
import { hashOf, type KnownPositions } from './position.ts';

export interface FileOptions {
  readonly known: KnownPositions;
  /** Said once a file turns out to be damaged; everything before the damage counts. */
  readonly onDamage: (path: string, damage: 'cut' | 'corrupt') => void;
}

/** One file, from where it was left to its end. Gzip and zstd are told by their first bytes. */
export function fileSource({ path }: LogFile, options: FileOptions): Source {
  return {
    name: path,
    async *open(signal) {
      let file: FileHandle;
      try {
        file = await open(path);
      } catch (error) {
        throw unreadable(path, error);
      }
      try {
        yield* readFile(file, path, options, signal);
      } catch (error) {
        throw error instanceof OperationError ? error : unreadable(path, error);
      } finally {
        await file.close();
      }
    },
  };
}

export function unreadable(path: string, error: unknown): OperationError {
  return new OperationError(`${path}: cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`, { cause: error });
}

async function* readFile(file: FileHandle, path: string, { known, onDamage }: FileOptions, signal: AbortSignal): AsyncGenerator<Batch> {
  const { size, mtimeMs } = await file.stat();
  const identity = await identify(file.fd, path);
  const { compression, owner, headLength, headHash, podOwner } = identity;
  if (identity.head.length === 0) {
    if (identity.damage !== null) onDamage(path, identity.damage);
    return;
  }
  const isDone = ({ done }: FilePosition): boolean => done?.size === size && done.mtimeMs === mtimeMs;
  // Decompressing takes long: what was read to this very end is not looked into.
  if (compression !== null && known.candidates(owner, identity.head).some(isDone)) return;
  const told = compression === null ? startOfPlain(file.fd, size, identity, known) : await startOfCompressed(path, compression, identity, known);
  if (told === 'read before') return;
  const start = told === 'untold' ? FROM_THE_BEGINNING : told;
  if (compression === null && start.position !== null && isDone(start.position)) return;

  const handle = { id: start.position?.file.id ?? null };
  const cutter = new Cutter(new Unwrapper({ source: path, owner: podOwner }), start.offset, start.tail, start.marks);
  // Nobody else is waiting while a file is read to its end: of 2.4 GB, turns took 0.5 s.
  const input = compression === null ? plainInput(file.fd, { ...start, head: identity.head }, cutter, { atOnce: CHUNK }) : compressedInput(path, compression, start.offset, cutter);
  let inputBytes = 0;
  try {
    for (;;) {
      const next = await input.next();
      const ended = next.done === true ? endOf(compression, next.value) : 'no';
      if (next.done === true && next.value !== null) onDamage(path, next.value);
      inputBytes += next.done === true ? 0 : next.value.inputBytes;
      const taken = cutter.take(next.done === true ? 0 : next.value.added, ended);
      if (taken !== null || next.done === true) {
        const done = next.done === true ? { size, mtimeMs } : null;
        const position = { file: handle, headLength, headHash, owner, offset: cutter.offset, tailHash: hashOf(cutter.tail), marks: cutter.marks, done };
        yield { runs: taken?.runs ?? [], tooLong: taken?.tooLong ?? 0, bytes: inputBytes, position, ack: () => undefined };
        inputBytes = 0;
      }
      if (next.done === true || signal.aborted) return;
    }
  } finally {
    await input.return(null);
  }
}

/** A plain file may grow, and so may one whose compressed data breaks off; whole compressed data does not. */
function endOf(compression: Compression | null, damage: Damage): Ended {
  return compression === null || damage === 'cut' ? 'finished' : 'final';
}
