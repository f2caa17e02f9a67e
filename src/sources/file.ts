import { open, type FileHandle } from 'node:fs/promises';
import { OperationError } from '../errors.ts';
import type { Batch, Position, Source } from '../source.ts';
import { ownerFromPath } from '../unwrap/owner.ts';
import { Unwrapper, type Ended } from '../unwrap/unwrap.ts';
import { compressionOf, inflated, PIECE, type Compression, type Damage } from './compression.ts';
import { CHUNK, Cutter } from './cutter.ts';
import type { LogFile } from './expand.ts';
import { HEAD, hashOf, TAIL, type KnownPositions } from './position.ts';

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

function unreadable(path: string, error: unknown): OperationError {
  return new OperationError(`${path}: cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`, { cause: error });
}

async function* readFile(file: FileHandle, path: string, { known, onDamage }: FileOptions, signal: AbortSignal): AsyncGenerator<Batch> {
  const { size, mtimeMs } = await file.stat();
  const magic = await readAt(file, 0, 4);
  const compression = compressionOf(magic);
  const head = compression === null ? await readAt(file, 0, HEAD) : await decompressedHead(path, compression);
  if (head.length === 0) return;
  const podOwner = ownerFromPath(path);
  const owner = podOwner === null ? '' : `${podOwner.namespace}/${podOwner.pod}/${podOwner.container}`;
  const identity = { headLength: head.length, headHash: hashOf(head), owner };
  const done = { size, mtimeMs };
  const candidates = known.candidates(owner, head);
  const isDone = ({ done: before }: Position): boolean => before?.size === size && before.mtimeMs === mtimeMs;
  if (compression !== null && candidates.some(isDone)) return;
  const start = compression === null ? await startOfPlain(file, candidates) : await startOfCompressed(path, compression, candidates);
  if (compression === null && start.position !== null && isDone(start.position)) return;

  const handle = { id: start.position?.file.id ?? null };
  const unwrapper = new Unwrapper({ source: path, owner: podOwner });
  const cutter = new Cutter(unwrapper, start.offset, start.tail);
  const input = compression === null ? plainInput(file, start.offset, cutter) : compressedInput(path, compression, start.offset, cutter);
  let inputBytes = 0;
  for (;;) {
    const next = await input.next();
    const ended = next.done === true ? endOf(compression, next.value) : 'no';
    if (next.done === true && next.value !== null) onDamage(path, next.value);
    inputBytes += next.done === true ? 0 : next.value.inputBytes;
    const taken = cutter.take(next.done === true ? 0 : next.value.added, ended);
    if (taken !== null || next.done === true) {
      const position = { file: handle, ...identity, offset: cutter.offset, tailHash: hashOf(cutter.tail), done: next.done === true ? done : null };
      yield { runs: taken?.runs ?? [], tooLong: taken?.tooLong ?? 0, bytes: inputBytes, position, ack: () => undefined };
      inputBytes = 0;
    }
    if (next.done === true || signal.aborted) return;
  }
}

/** A plain file may grow, and so may one whose compressed data breaks off; whole compressed data does not. */
function endOf(compression: Compression | null, damage: Damage): Ended {
  return compression === null || damage === 'cut' ? 'finished' : 'final';
}

interface Start {
  readonly position: Position | null;
  readonly offset: number;
  readonly tail: Buffer;
}

const FROM_THE_BEGINNING: Start = { position: null, offset: 0, tail: Buffer.alloc(0) };

async function startOfPlain(file: FileHandle, candidates: readonly Position[]): Promise<Start> {
  for (const position of candidates) {
    const length = Math.min(TAIL, position.offset);
    const tail = await readAt(file, position.offset - length, length);
    if (tail.length === length && hashOf(tail) === position.tailHash) return { position, offset: position.offset, tail };
  }
  return FROM_THE_BEGINNING;
}

/** The bytes before an offset of a compressed file are known only after all before them were decompressed: once, for all candidates. */
async function startOfCompressed(path: string, compression: Compression, candidates: readonly Position[]): Promise<Start> {
  let offset = 0;
  let tail: Buffer = Buffer.alloc(0);
  let found = FROM_THE_BEGINNING;
  const waiting = candidates.toSorted((a, b) => a.offset - b.offset);
  const chunks = waiting.length === 0 ? null : inflated(pieces(path), compression);
  for await (const chunk of chunks ?? []) {
    for (let next = waiting[0]; next !== undefined && next.offset <= offset + chunk.length; next = waiting[0]) {
      const before = Buffer.concat([tail, chunk.subarray(0, next.offset - offset)]).subarray(-TAIL);
      if (hashOf(before) === next.tailHash) found = { position: next, offset: next.offset, tail: Buffer.from(before) };
      waiting.shift();
    }
    if (waiting.length === 0) break;
    offset += chunk.length;
    tail = Buffer.from(Buffer.concat([tail, chunk]).subarray(-TAIL));
  }
  return found;
}

/** What was put into the cutter's memory, and how many bytes of the file that were. */
interface Piece {
  readonly added: number;
  readonly inputBytes: number;
}

async function* plainInput(file: FileHandle, offset: number, cutter: Cutter): AsyncGenerator<Piece, Damage> {
  for (let at = offset; ; ) {
    const { bytesRead } = await file.read(cutter.room(CHUNK), 0, CHUNK, at);
    if (bytesRead === 0) return null;
    yield { added: bytesRead, inputBytes: bytesRead };
    at += bytesRead;
  }
}

async function* compressedInput(path: string, compression: Compression, offset: number, cutter: Cutter): AsyncGenerator<Piece, Damage> {
  let inputBytes = 0;
  let toSkip = offset;
  const chunks = inflated(pieces(path, (bytes) => (inputBytes += bytes)), compression);
  for (;;) {
    const next = await chunks.next();
    if (next.done === true) return next.value;
    const skip = Math.min(toSkip, next.value.length);
    toSkip -= skip;
    const added = next.value.copy(cutter.room(next.value.length - skip), 0, skip);
    yield { added, inputBytes };
    inputBytes = 0;
  }
}

/** The bytes of a compressed file as they lie there; `onRead` is told how many went by. */
async function* pieces(path: string, onRead?: (bytes: number) => void): AsyncGenerator<Buffer> {
  const file = await open(path);
  try {
    for (;;) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(PIECE), 0, PIECE);
      if (bytesRead === 0) return;
      onRead?.(bytesRead);
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

async function decompressedHead(path: string, compression: Compression): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of inflated(pieces(path), compression)) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= HEAD) break;
  }
  return Buffer.concat(chunks).subarray(0, HEAD);
}

async function readAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
