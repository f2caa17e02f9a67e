import { cidrSize, type Cidr } from '../../model/address.ts';

/** Ranges of which no two share an address, each with what it stands for, found in logarithmic time. */
export class RangeIndex<T> {
  readonly #entries: readonly (readonly [Cidr, T])[];

  constructor(disjoint: Iterable<readonly [Cidr, T]>) {
    this.#entries = [...disjoint].toSorted(([a], [b]) => order(a, b.family, b.base));
  }

  /** What one of the ranges that share an address with `range` stands for; null if there is none. */
  overlapping(range: Cidr): T | null {
    const last = range.base + cidrSize(range) - 1n;
    // The last that begins no later than `range` ends: those before it end before it begins.
    let [from, to] = [0, this.#entries.length];
    while (from < to) {
      const middle = (from + to) >>> 1;
      const entry = this.#entries[middle];
      if (entry !== undefined && order(entry[0], range.family, last) <= 0) from = middle + 1;
      else to = middle;
    }
    const found = this.#entries[from - 1];
    if (found === undefined) return null;
    const [cidr, value] = found;
    return cidr.family === range.family && cidr.base + cidrSize(cidr) > range.base ? value : null;
  }
}

function order({ family, base }: Cidr, otherFamily: 4 | 6, other: bigint): number {
  return family - otherFamily || (base < other ? -1 : base > other ? 1 : 0);
}
