import type { Batch } from '../source.ts';
import { MAX_RECORD, type Ended, type Unwrapper } from '../unwrap/unwrap.ts';
import { Marks, tailOf } from './position.ts';

/** Input is read and framed in pieces of about this size. */
export const CHUNK = 1 << 20;

/** What is smaller is not worth growing for. */
const SMALLEST = 1 << 14;

/** Of a cutter; of another one after it, if there are many. */
export class CutterMemory {
  bytes: Buffer = Buffer.alloc(0);
}

/**
 * Holds what is not a whole record yet, and knows up to where everything was given out. Bytes are read straight into its
 * memory: `room` gives the place, `take` says how much came. What `take` gives is valid until the next `room`.
 */
export class Cutter {
  readonly #unwrapper: Unwrapper;
  readonly #memory: CutterMemory;
  #start = 0;
  #end = 0;
  /** Within a line over the limit, whose bytes are let go. */
  #skipping = false;
  #skipped = 0;
  #skippedTail: Buffer = Buffer.alloc(0);
  offset: number;
  /** The bytes before the offset, at most 1 KiB. */
  tail: Buffer;
  readonly #marks: Marks;

  constructor(unwrapper: Unwrapper, offset: number, tail: Buffer, marks = '', memory = new CutterMemory()) {
    this.#memory = memory;
    this.#unwrapper = unwrapper;
    this.offset = offset;
    this.tail = tail;
    this.#marks = new Marks(marks);
  }

  /** Those up to the offset. */
  get marks(): string {
    return this.#marks.text;
  }

  /** What is known of the log's envelopes by now. */
  get inJson(): boolean | null {
    return this.#unwrapper.inJson;
  }

  /** Memory for so many bytes more. */
  room(size: number): Buffer {
    if (this.#start > 0) {
      this.#memory.bytes.copyWithin(0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
    }
    const needed = this.#end + size;
    if (needed > this.#memory.bytes.length) {
      // Most files have grown by little since they were looked at.
      const larger = Buffer.allocUnsafe(Math.max(needed, Math.min(2 * needed, 2 * CHUNK), SMALLEST));
      this.#memory.bytes.copy(larger, 0, 0, this.#end);
      this.#memory.bytes = larger;
    }
    return this.#memory.bytes.subarray(this.#end, this.#end + size);
  }

  /** Frames what lies there now. Null while nothing new is whole; the position stays where it was. */
  take(added: number, ended: Ended): Pick<Batch, 'runs' | 'tooLong'> | null {
    this.#end += added;
    let tooLong = 0;
    if (this.#skipping) {
      const newline = this.#memory.bytes.subarray(0, this.#end).indexOf(0x0a, this.#start);
      const stop = newline < 0 ? this.#end : newline + 1;
      this.#skip(this.#memory.bytes.subarray(this.#start, stop));
      this.#start = stop;
      if (newline < 0 && ended !== 'final') return null;
      this.#skipping = false;
      this.offset += this.#skipped;
      this.tail = this.#skippedTail;
      tooLong++;
    }
    // Where a log was truncated while its writer goes on where it was, more NULs than a line may have come before a line.
    this.#pass(this.#start + nulsAt(this.#memory.bytes, this.#start, this.#end));
    const framed = this.#unwrapper.frame(this.#memory.bytes, this.#start, this.#end, ended);
    const consumed = framed.consumed - this.#start;
    this.#pass(framed.consumed);
    const held = this.#memory.bytes.subarray(this.#start, this.#end);
    if (consumed === 0 && held.length > MAX_RECORD && held.indexOf(0x0a) < 0) {
      this.#skipping = true;
      this.#skipped = 0;
      this.#skippedTail = this.tail;
      this.#skip(held);
      this.#start = this.#end;
    }
    tooLong += framed.tooLong;
    return consumed === 0 && tooLong === 0 ? null : { runs: framed.runs, tooLong };
  }

  #pass(end: number): void {
    const passed = this.#memory.bytes.subarray(this.#start, end);
    this.#marks.pass(this.offset, this.tail, passed);
    this.tail = tailOf(this.tail, passed);
    this.offset += passed.length;
    this.#start = end;
  }

  #skip(bytes: Buffer): void {
    this.#marks.pass(this.offset + this.#skipped, this.#skippedTail, bytes);
    this.#skippedTail = tailOf(this.#skippedTail, bytes);
    this.#skipped += bytes.length;
  }
}

function nulsAt(bytes: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] === 0) at++;
  return at - start;
}
