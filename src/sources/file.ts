import { open, type FileHandle } from 'node:fs/promises';
import { OperationError } from '../errors.ts';
import type { Batch, Position, Source } from '../source.ts';
import { ownerFromPath } from '../unwrap/owner.ts';
import { Unwrapper, type Ended } from '../unwrap/unwrap.ts';
import { compressionOf, inflated, PIECE, type Compression, type Damage } from './compression.ts';
import { Cutter } from './cutter.ts';
import type { LogFile } from './expand.ts';
import { HEAD, hashOf, TAIL, type KnownPositions } from './position.ts';

/** Records are framed in pieces of about this size. */
const CHUNK = 1 << 20;

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
  const input = compression === null ? plainChunks(file, start.offset) : compressedChunks(path, compression, start.offset);
  const cutter = new Cutter(unwrapper, start.offset, start.tail);
  let inputBytes = 0;
  for (;;) {
    const piece = await input.next();
    const ended: Ended = piece.done !== true ? 'no' : compression === null ? 'finished' : piece.value.damage === 'cut' ? 'finished' : 'final';
    if (piece.done === true && piece.value.damage !== null) onDamage(path, piece.value.damage);
    inputBytes += piece.value.inputBytes;
    const batch = cutter.take(piece.done === true ? Buffer.alloc(0) : piece.value.bytes, ended);
    if (batch !== null || piece.done === true) {
      const { runs, tooLong } = batch ?? { runs: [], tooLong: 0 };
      const position = { file: handle, ...identity, offset: cutter.offset, tailHash: hashOf(cutter.tail), done: piece.done === true ? done : null };
      yield { runs, tooLong, bytes: inputBytes, position, ack: () => undefined };
      inputBytes = 0;
    }
    if (piece.done === true || signal.aborted) return;
  }
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

interface Piece {
  readonly bytes: Buffer;
  readonly inputBytes: number;
}
interface End {
  readonly damage: Damage;
  readonly inputBytes: number;
}

async function* plainChunks(file: FileHandle, offset: number): AsyncGenerator<Piece, End> {
  const buffer = Buffer.alloc(CHUNK);
  for (let at = offset; ; ) {
    const { bytesRead } = await file.read(buffer, 0, CHUNK, at);
    if (bytesRead === 0) return { damage: null, inputBytes: 0 };
    yield { bytes: Buffer.from(buffer.subarray(0, bytesRead)), inputBytes: bytesRead };
    at += bytesRead;
  }
}

async function* compressedChunks(path: string, compression: Compression, offset: number): AsyncGenerator<Piece, End> {
  let inputBytes = 0;
  let toSkip = offset;
  let gathered: Buffer[] = [];
  let size = 0;
  const chunks = inflated(pieces(path, (bytes) => (inputBytes += bytes)), compression);
  for (;;) {
    const next = await chunks.next();
    if (next.done !== true) {
      const skip = Math.min(toSkip, next.value.length);
      toSkip -= skip;
      gathered.push(next.value.subarray(skip));
      size += next.value.length - skip;
      if (size < CHUNK) continue;
    }
    if (size > 0) yield { bytes: Buffer.concat(gathered), inputBytes };
    gathered = [];
    size = 0;
    if (next.done === true) return { damage: next.value, inputBytes: 0 };
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
