import { createHash } from 'node:crypto';
import { groupBy } from '../model/group.ts';
import type { Position } from '../source.ts';

/** How much of a file's beginning tells it from others, and how much before an offset. */
export const HEAD = 4_096;
export const TAIL = 1_024;

export function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 32);
}

/** The positions of files that were read before, found by a file's head. */
export class KnownPositions {
  readonly #byOwner: ReadonlyMap<string, readonly Position[]>;

  constructor(positions: readonly Position[]) {
    this.#byOwner = groupBy(positions, ({ owner }) => owner);
  }

  /**
   * Positions of files that began like this one, the furthest first. Whether one of them is this file, the bytes before its
   * offset must tell.
   */
  candidates(owner: string, head: Buffer): readonly Position[] {
    const hashes = new Map<number, string>();
    return (this.#byOwner.get(owner) ?? [])
      .filter(({ headLength, headHash }) => {
        if (headLength > head.length) return false;
        let hash = hashes.get(headLength);
        if (hash === undefined) hashes.set(headLength, (hash = hashOf(head.subarray(0, headLength))));
        return hash === headHash;
      })
      .toSorted((a, b) => b.offset - a.offset);
  }
}
