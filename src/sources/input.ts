import { read, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { inflated, PIECE, type Compression, type Damage } from './compression.ts';
import { CHUNK, type Cutter } from './cutter.ts';
import { tailOf } from './position.ts';

/** So few bytes of a log that was just written lie in memory: reading them takes less than waiting for a turn. */
export const FEW = 1 << 16;
const readLater = promisify(read);

/** What was put into the cutter's memory, and how many bytes of the file that were. */
export interface Piece {
  readonly added: number;
  readonly inputBytes: number;
}

/** What a plain file is known to hold: its beginning, and the bytes before the offset from which it is read. */
export interface Beginning {
  readonly head: Buffer;
  readonly offset: number;
  readonly tail: Buffer;
}

/**
 * The bytes of a plain file from an offset on, up to `until` or its end; pieces of up to `atOnce` bytes are read without waiting for a turn. It ends, too, where the file has become another one: it
 * was truncated, and has grown beyond the place that was reached.
 */
export async function* plainInput(file: number, { head, offset, tail }: Beginning, cutter: Cutter, { until = Infinity, atOnce = FEW, chunk = CHUNK } = {}): AsyncGenerator<Piece, Damage> {
  let before = tail;
  for (let at = offset; at < until; ) {
    const room = cutter.room(Math.min(chunk, until - at));
    const bytesRead = room.length <= atOnce ? readSync(file, room, 0, room.length, at) : (await readLater(file, room, 0, room.length, at)).bytesRead;
    if (bytesRead === 0) return null;
    const piece = room.subarray(0, bytesRead);
    if (!isStill(file, at, { head, before }, piece)) return null;
    before = tailOf(before, piece);
    at += bytesRead;
    yield { added: bytesRead, inputBytes: bytesRead };
  }
  return null;
}

/** Whether the file still is the one that it was when the bytes before this piece were read. Asked after it was read: what was read before a truncation is right. */
export function isStill(file: number, at: number, { head, before }: { readonly head: Uint8Array; readonly before: Buffer }, piece: Buffer): boolean {
  if (at === 0) return piece.subarray(0, head.length).equals(head.subarray(0, piece.length));
  return readAt(file, at - before.length, before.length).equals(before);
}

/** What a compressed file holds from an offset of its plain bytes on. */
export async function* compressedInput(path: string, compression: Compression, offset: number, cutter: Cutter): AsyncGenerator<Piece, Damage> {
  let inputBytes = 0;
  let toSkip = offset;
  const chunks = inflated(pieces(path, (bytes) => (inputBytes += bytes)), compression);
  try {
    for (;;) {
      const next = await chunks.next();
      if (next.done === true) return next.value;
      const skip = Math.min(toSkip, next.value.length);
      toSkip -= skip;
      const added = next.value.copy(cutter.room(next.value.length - skip), 0, skip);
      yield { added, inputBytes };
      inputBytes = 0;
    }
  } finally {
    // Whoever stops early leaves no file open.
    await chunks.return(null);
  }
}

/** The bytes of a compressed file as they lie there; `onRead` is told how many went by. */
export async function* pieces(path: string, onRead?: (bytes: number) => void): AsyncGenerator<Buffer> {
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

/** Up to `length` bytes from an offset on: fewer at the end of the file. For few bytes: it does not wait for its turn. */
export function readAt(file: number, offset: number, length: number): Buffer {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const bytesRead = readSync(file, buffer, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
