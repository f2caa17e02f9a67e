import { createHash } from 'node:crypto';
import type { FilePosition, Position } from '../source.ts';

/** How much of a file's beginning tells it from others, and how much before an offset. */
export const HEAD = 4_096;
export const TAIL = 1_024;

export function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 32);
}

/** The last bytes of these two, at most 1 KiB, in memory of their own. */
export function tailOf(before: Buffer, bytes: Buffer): Buffer {
  return bytes.length >= TAIL ? Buffer.from(bytes.subarray(-TAIL)) : Buffer.concat([before, bytes]).subarray(-TAIL);
}

export const MARK_DIGITS = 16;
/** A line of a log says its time within its first bytes: few logs begin alike. */
const FIRST_PLACE = 64;

/** The first place is near the beginning, the second behind the head, each further one twice as far. */
const placeOf = (n: number): number => (n === 0 ? FIRST_PLACE : (HEAD + TAIL) * 2 ** (n - 1));
const markOf = (tail: Buffer): string => hashOf(tail).slice(0, MARK_DIGITS);

/**
 * Hashes of the last 1 KiB before fixed places of a file, as its bytes go by. A file that ends before a known offset is known
 * by the last mark that it has: it is a copy of what was read already, or another file that begins alike.
 */
export class Marks {
  text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** `bytes` lie at the offset, `tail` before it. */
  pass(offset: number, tail: Buffer, bytes: Buffer): void {
    for (;;) {
      const place = placeOf(this.text.length / MARK_DIGITS);
      // What was read before there were marks has none.
      if (place <= offset || place > offset + bytes.length) return;
      this.text += markOf(tailOf(tail, bytes.subarray(0, place - offset)));
    }
  }
}

/** The last place behind the head that a file of this size has a mark at; null if it is too short to tell. */
export function lastPlace(size: number): { readonly place: number; readonly n: number } | null {
  let n = 0;
  while (placeOf(n + 1) <= size) n++;
  return n === 0 ? null : { place: placeOf(n), n };
}

/** How many places there are up to an offset. */
export function placesUpTo(offset: number): number {
  let n = 0;
  while (placeOf(n) <= offset) n++;
  return n;
}

/** Whether these are the bytes before the nth place of the file that was read so far; null if that is not known. */
export function hasMark({ marks }: FilePosition, n: number, tail: Buffer): boolean | null {
  const mark = marks.slice(n * MARK_DIGITS, (n + 1) * MARK_DIGITS);
  return mark === '' ? null : mark === markOf(tail);
}

/** Whether a file with this head may be the one that was read so far. */
export function beginsAs({ headLength, headHash }: FilePosition, head: Buffer): boolean {
  return headLength <= head.length && hashOf(head.subarray(0, headLength)) === headHash;
}

/** The positions of files that were read before, found by a file's head. */
export class KnownPositions {
  /** By owner and by the first mark, '' for files that have none. */
  readonly #byBeginning = new Map<string, Map<FilePosition['file'], FilePosition>>();
  readonly #latest = new Map<FilePosition['file'], FilePosition>();

  constructor(positions: readonly FilePosition[]) {
    for (const position of positions) this.note(position);
  }

  /** A file has been read so far by now. */
  note(position: Position): void {
    if (!('file' in position)) return;
    const before = this.#latest.get(position.file);
    const key = keyOf(position.owner, position.marks.slice(0, MARK_DIGITS));
    if (before !== undefined) this.#byBeginning.get(keyOf(before.owner, before.marks.slice(0, MARK_DIGITS)))?.delete(before.file);
    this.#latest.set(position.file, position);
    let own = this.#byBeginning.get(key);
    if (own === undefined) this.#byBeginning.set(key, (own = new Map()));
    own.set(position.file, position);
  }

  /** How far this one was read, under whatever name. */
  latest(file: FilePosition['file']): FilePosition | null {
    return this.#latest.get(file) ?? null;
  }

  /**
   * Positions of files that began like this one, the furthest first. Whether one of them is this file, the bytes before its
   * offset must tell.
   */
  candidates(owner: string, head: Buffer): readonly FilePosition[] {
    const hashes = new Map<number, string>();
    return [...this.#beginning(owner, ''), ...this.#marked(owner, head)]
      .filter(({ headLength, headHash }) => {
        if (headLength > head.length) return false;
        let hash = hashes.get(headLength);
        if (hash === undefined) hashes.set(headLength, (hash = hashOf(head.subarray(0, headLength))));
        return hash === headHash;
      })
      .toSorted((a, b) => b.offset - a.offset);
  }

  /** Whether this head, which is not whole, is so far that of a file that was read further. */
  mayBecome(owner: string, head: Buffer): boolean {
    return head.length < HEAD && this.#marked(owner, head).some(({ headLength }) => headLength > head.length);
  }

  #marked(owner: string, head: Buffer): readonly FilePosition[] {
    return head.length < FIRST_PLACE ? [] : this.#beginning(owner, markOf(head.subarray(0, FIRST_PLACE)));
  }

  #beginning(owner: string, mark: string): readonly FilePosition[] {
    return [...(this.#byBeginning.get(keyOf(owner, mark))?.values() ?? [])];
  }
}

function keyOf(owner: string, mark: string): string {
  return `${mark} ${owner}`;
}
