import { createHash } from 'node:crypto';
import type { FilePosition, Position } from '../source.ts';

/** How much of a file's beginning tells it from others, and how much before an offset. */
export const HEAD = 4_096;
export const TAIL = 1_024;

export function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 32);
}

/** The positions of files that were read before, found by a file's head. */
export class KnownPositions {
  readonly #byOwner = new Map<string, Map<FilePosition['file'], FilePosition>>();

  constructor(positions: readonly FilePosition[]) {
    for (const position of positions) this.note(position);
  }

  /** A file has been read so far by now. */
  note(position: Position): void {
    if (!('file' in position)) return;
    let own = this.#byOwner.get(position.owner);
    if (own === undefined) this.#byOwner.set(position.owner, (own = new Map()));
    own.set(position.file, position);
  }

  /**
   * Positions of files that began like this one, the furthest first. Whether one of them is this file, the bytes before its
   * offset must tell.
   */
  candidates(owner: string, head: Buffer): readonly FilePosition[] {
    const hashes = new Map<number, string>();
    return [...(this.#byOwner.get(owner)?.values() ?? [])]
      .filter(({ headLength, headHash }) => {
        if (headLength > head.length) return false;
        let hash = hashes.get(headLength);
        if (hash === undefined) hashes.set(headLength, (hash = hashOf(head.subarray(0, headLength))));
        return hash === headHash;
      })
      .toSorted((a, b) => b.offset - a.offset);
  }
}
