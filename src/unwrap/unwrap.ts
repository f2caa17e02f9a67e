import type { Records } from '../collector.ts';
import type { Origin, OriginPod } from '../model/origin.ts';
import type { Run } from '../source.ts';
import { JsonFields } from '../scan/json.ts';
import { JsonEnvelope, openTextEnvelope, type Opened } from './envelope.ts';

/** Longer records are skipped without being held. */
export const MAX_RECORD = 1 << 20;

const MAX_OWNERS = 10_000;

/** How a line without its line end is taken. */
export type Ended =
  | 'no' // more may come: it waits
  | 'finished' // the end of a file that may grow: it counts only if it is whole JSON
  | 'final'; // the end for good (stdin, a compressed file): it counts

export interface Framed {
  readonly runs: readonly Run[];
  readonly tooLong: number;
  /** Bytes up to here need not be given again. */
  readonly consumed: number;
}

/** Parts of a record that is not whole yet. */
interface Parts {
  readonly pieces: Buffer[];
  length: number;
}

/** Records of one owner within one memory, as growing lists. */
class RunList {
  readonly origin: Origin;
  starts = new Int32Array(1 << 10);
  ends = new Int32Array(1 << 10);
  count = 0;
  /** Count up to which everything is whole. */
  settled = 0;

  constructor(origin: Origin) {
    this.origin = origin;
  }

  push(start: number, end: number): void {
    if (this.count === this.starts.length) {
      const grow = (old: Int32Array): Int32Array<ArrayBuffer> => {
        const larger = new Int32Array(old.length * 2);
        larger.set(old);
        return larger;
      };
      this.starts = grow(this.starts);
      this.ends = grow(this.ends);
    }
    this.starts[this.count] = start;
    this.ends[this.count++] = end;
  }
}

/**
 * Cuts one log into records and takes their envelopes off. `frame` depends on the bytes it is given and on the kind of
 * envelope that the log turned out to have, not on where a read happened to end: what is not whole yet is given again.
 */
export class Unwrapper {
  readonly #origin: Origin;
  readonly #envelope = new JsonEnvelope();
  readonly #whole = new JsonFields([]);
  readonly #opened: Opened = { start: 0, end: 0, text: null, partial: false, stream: '', owner: null };
  #inJson: boolean | null;
  #direct = new Map<string, RunList>();
  #copied = new Map<string, RunList>();
  #scratch = Buffer.alloc(1 << 16);
  #scratchUsed = 0;

  constructor(origin: Origin, inJson: boolean | null = null) {
    this.#origin = origin;
    this.#inJson = inJson;
  }

  /** Whether lines of JSON are envelopes, as the first of the log was or was not; null while none was seen. */
  get inJson(): boolean | null {
    return this.#inJson;
  }

  frame(b: Buffer, from: number, to: number, ended: Ended): Framed {
    for (const lists of [this.#direct, this.#copied]) {
      // Prefixes come from the log: a log that invents them cannot fill the memory.
      if (lists.size > MAX_OWNERS) lists.clear();
      for (const list of lists.values()) list.count = list.settled = 0;
    }
    this.#scratchUsed = 0;
    /** Parts of records that are not whole yet, by stream. */
    const parts = new Map<string, Parts>();
    let tooLong = 0;
    let consumed = from;
    let p = from;
    while (p < to) {
      let newline = b.indexOf(0x0a, p);
      if (newline < 0 || newline >= to) {
        if (ended === 'no' || (ended === 'finished' && !this.#whole.scan(b, p, to))) break;
        newline = to;
      }
      const next = Math.min(newline + 1, to);
      if (newline - p > MAX_RECORD) tooLong++;
      else tooLong += this.#line(b, p, newline, parts);
      p = next;
      if (parts.size === 0) consumed = p;
    }
    if (parts.size > 0 && (ended === 'final' || p - consumed > 2 * MAX_RECORD)) {
      for (const { pieces } of parts.values()) this.#copy(pieces, this.#origin.owner);
      parts.clear();
      consumed = p;
    }
    if (parts.size === 0) this.#settle();
    return { runs: this.#runs(b), tooLong, consumed };
  }

  /** Takes one line; returns 1 if it made a record too long. */
  #line(b: Buffer, lineStart: number, lineEnd: number, parts: Map<string, Parts>): number {
    let start = lineStart;
    let end = lineEnd;
    // A crash leaves NULs, Windows a carriage return, editors a byte order mark.
    while (start < end && b[start] === 0) start++;
    if (b[start] === 0xef && b[start + 1] === 0xbb && b[start + 2] === 0xbf) start += 3;
    if (end > start && b[end - 1] === 0x0d) end--;
    while (start < end && (b[start] === 0x20 || b[start] === 0x09)) start++;
    if (start >= end) return 0;
    const opened = this.#opened;
    openTextEnvelope(b, start, end, opened);
    if (b[opened.start] === 0x7b && this.#inJson !== false) {
      const isEnvelope = this.#envelope.open(b, opened.start, opened.end, opened);
      // Whether JSON lines are envelopes is a property of the log: later lines of another one are not looked at.
      this.#inJson ??= isEnvelope;
    }
    const open = parts.get(opened.stream);
    if (opened.partial || open !== undefined) {
      const part = opened.text === null ? b.subarray(opened.start, opened.end) : Buffer.from(opened.text);
      const all = open ?? { pieces: [], length: 0 };
      all.pieces.push(part);
      all.length += part.length;
      if (all.length > MAX_RECORD) {
        parts.delete(opened.stream);
        return 1;
      }
      if (opened.partial) {
        // What came before the first open part is whole; what follows is given again if the part stays open.
        if (parts.size === 0) this.#settle();
        parts.set(opened.stream, all);
      } else {
        parts.delete(opened.stream);
        this.#copy(all.pieces, this.#origin.owner ?? opened.owner);
      }
    } else if (opened.text === null) {
      if (opened.start < opened.end) this.#list(this.#direct, this.#origin.owner ?? opened.owner).push(opened.start, opened.end);
    } else if (opened.text !== '') this.#copy([Buffer.from(opened.text)], this.#origin.owner ?? opened.owner);
    return 0;
  }

  #copy(pieces: readonly Buffer[], owner: OriginPod | null): void {
    const start = this.#scratchUsed;
    for (const piece of pieces) {
      if (this.#scratchUsed + piece.length > this.#scratch.length) {
        const larger = Buffer.alloc(Math.max(this.#scratch.length * 2, this.#scratchUsed + piece.length));
        this.#scratch.copy(larger, 0, 0, this.#scratchUsed);
        this.#scratch = larger;
      }
      this.#scratchUsed += piece.copy(this.#scratch, this.#scratchUsed);
    }
    if (this.#scratchUsed > start) this.#list(this.#copied, owner).push(start, this.#scratchUsed);
  }

  #list(lists: Map<string, RunList>, owner: OriginPod | null): RunList {
    const key = owner === null ? '' : `${owner.namespace}/${owner.pod}/${owner.container}`;
    let list = lists.get(key);
    if (list === undefined) {
      list = new RunList({ source: this.#origin.source, owner });
      lists.set(key, list);
    }
    return list;
  }

  #settle(): void {
    for (const lists of [this.#direct, this.#copied]) for (const list of lists.values()) list.settled = list.count;
  }

  #runs(b: Buffer): Run[] {
    const runs: Run[] = [];
    const take = (lists: Map<string, RunList>, bytes: Buffer): void => {
      for (const { origin, starts, ends, settled } of lists.values()) {
        const records: Records = { bytes, starts, ends, count: settled };
        if (settled > 0) runs.push({ records, origin });
      }
    };
    take(this.#direct, b);
    take(this.#copied, this.#scratch);
    return runs;
  }
}
