import type { Batch } from '../source.ts';
import { MAX_RECORD, type Ended, type Unwrapper } from '../unwrap/unwrap.ts';
import { TAIL } from './position.ts';

/** Holds what is not a whole record yet, and knows up to where everything was given out. */
export class Cutter {
  readonly #unwrapper: Unwrapper;
  #held: Buffer = Buffer.alloc(0);
  /** Within a line over the limit, whose bytes are let go. */
  #skipping = false;
  #skipped = 0;
  #skippedTail: Buffer = Buffer.alloc(0);
  offset: number;
  /** The bytes before the offset, at most 1 KiB. */
  tail: Buffer;

  constructor(unwrapper: Unwrapper, offset: number, tail: Buffer) {
    this.#unwrapper = unwrapper;
    this.offset = offset;
    this.tail = tail;
  }

  /** Null while nothing new is whole; the position stays where it was. */
  take(more: Buffer, ended: Ended): Pick<Batch, 'runs' | 'tooLong'> | null {
    let bytes = this.#held.length === 0 ? more : Buffer.concat([this.#held, more]);
    let tooLong = 0;
    if (this.#skipping) {
      const newline = bytes.indexOf(0x0a);
      const end = newline < 0 ? bytes.length : newline + 1;
      this.#skipped += end;
      this.#skippedTail = tailOf(this.#skippedTail, bytes.subarray(0, end));
      bytes = bytes.subarray(end);
      if (newline < 0 && ended !== 'final') {
        this.#held = Buffer.alloc(0);
        return null;
      }
      this.#skipping = false;
      this.offset += this.#skipped;
      this.tail = this.#skippedTail;
      tooLong++;
    }
    const framed = this.#unwrapper.frame(bytes, 0, bytes.length, ended);
    this.tail = tailOf(this.tail, bytes.subarray(0, framed.consumed));
    this.offset += framed.consumed;
    this.#held = bytes.subarray(framed.consumed);
    if (framed.consumed === 0 && this.#held.length > MAX_RECORD && this.#held.indexOf(0x0a) < 0) {
      this.#skipping = true;
      this.#skipped = this.#held.length;
      this.#skippedTail = tailOf(this.tail, this.#held);
      this.#held = Buffer.alloc(0);
    }
    tooLong += framed.tooLong;
    return framed.consumed === 0 && tooLong === 0 ? null : { runs: framed.runs, tooLong };
  }
}

function tailOf(before: Buffer, bytes: Buffer): Buffer {
  return bytes.length >= TAIL ? Buffer.from(bytes.subarray(-TAIL)) : Buffer.concat([before, bytes]).subarray(-TAIL);
}
