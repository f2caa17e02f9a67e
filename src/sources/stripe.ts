import { readSync } from 'node:fs';
import type { Run, Stripe, StripeEnd } from '../source.ts';
import { openTextEnvelope, type Opened } from '../unwrap/envelope.ts';
import { Unwrapper } from '../unwrap/unwrap.ts';
import { CHUNK, Cutter, CutterMemory } from './cutter.ts';
import { isStill, readAt } from './input.ts';
import { MARK_DIGITS, placesUpTo, TAIL, tailOf } from './position.ts';

/** Most lines end within so many bytes; behind longer ones than the last look no stripe ends. */
const LOOK = 1 << 14;
const LAST_LOOK = 1 << 22;

/**
 * Where a stripe may end that should get to an offset: behind the first line that begins there or later, or behind the last part of it (runtimes cut long lines into
 * parts). Null if no such line ends.
 */
export function stripeEnd(file: number, offset: number): number | null {
  for (let look = LOOK; look <= LAST_LOOK; look *= 4) {
    const bytes = readAt(file, offset - 1, look);
    const end = endOfWhole(bytes, bytes.indexOf(0x0a));
    if (end !== null) return offset - 1 + end;
    if (bytes.length < look) return null;
  }
  return null;
}

/** The end of the first whole line behind a newline. */
function endOfWhole(bytes: Buffer, newline: number): number | null {
  const opened: Opened = { start: 0, end: 0, text: null, partial: false, stream: '', owner: null };
  for (let before = newline; before >= 0; ) {
    const end = bytes.indexOf(0x0a, before + 1);
    if (end < 0) return null;
    openTextEnvelope(bytes, before + 1, end, opened);
    if (!opened.partial) return end + 1;
    before = end;
  }
  return null;
}

/**
 * Reads one stripe as if all before it had been read to where it begins; `take` is given its records. It does not come to the
 * stripe's end where a record goes on beyond that, where the file is another one by now, and where it cannot be read: whoever
 * reads on from there learns why.
 */
export function readStripe({ file, source, owner, from, to, head, inJson }: Stripe, take: (runs: readonly Run[]) => void, memory = new CutterMemory()): StripeEnd {
  const unwrapper = new Unwrapper({ source, owner }, inJson);
  const before = orNothing(() => readAt(file, Math.max(0, from - TAIL), Math.min(TAIL, from)));
  // Which place comes next depends on how many marks there are, not on what they are.
  const marked = placesUpTo(from) * MARK_DIGITS;
  const cutter = new Cutter(unwrapper, from, before, ' '.repeat(marked), memory);
  let tooLong = 0;
  let tail = before;
  for (let at = from; at < to; ) {
    const room = cutter.room(Math.min(CHUNK, to - at));
    const piece = orNothing(() => {
      const read = room.subarray(0, readSync(file, room, 0, room.length, at));
      return isStill(file, at, { head, before: tail }, read) ? read : room.subarray(0, 0);
    });
    if (piece.length === 0) break;
    tail = tailOf(tail, piece);
    at += piece.length;
    const taken = cutter.take(piece.length, 'no');
    if (taken === null) continue;
    tooLong += taken.tooLong;
    take(taken.runs);
  }
  return { offset: cutter.offset, before, tail: cutter.tail, marks: cutter.marks.slice(marked), inJson: unwrapper.inJson, tooLong };
}

function orNothing(read: () => Buffer): Buffer {
  try {
    return read();
  } catch {
    return Buffer.alloc(0);
  }
}
