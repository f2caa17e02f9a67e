import { cidrContains, cidrSize, rangeAround, sharedBits, singleAddressCidr, type Address, type Cidr } from '../../model/address.ts';

/** Many addresses as few ranges, at the least cost. */

export interface Compaction {
  /** Sorted by family and first address; none covers another. */
  readonly ranges: readonly Cidr[];
  /** How many addresses they hold that were not seen. */
  readonly added: bigint;
}

/** No range is wider, whatever it would cost not to have it: a network of one site. */
export const WIDEST: Readonly<Record<4 | 6, number>> = { 4: 16, 6: 48 };

/** A part of the binary trie of the addresses. */
interface Part {
  readonly first: Address;
  /** What its addresses have in common; null where they are of both families. */
  readonly range: Cidr | null;
  readonly halves: readonly [Part, Part] | null;
  /** By number of ranges, from one on: the least that at most so many add; null where so few cannot be had. */
  readonly costs: readonly (bigint | null)[];
  /** By the same number: how many of them the first half gets; 0 where one range holds all of it. */
  readonly splits: readonly number[];
}

/**
 * At most `limit` ranges that hold all `members` and as few addresses beside those of `seen` as any such ranges do (exact: the least cost
 * of each part of the trie is worked out from those of its halves); the fewest ranges of that cost. What holds others is within WIDEST, and
 * `mayHold` was asked about it. Null where there are none. `members` are distinct and not empty, `seen` are distinct and hold them.
 */
export function compact(members: readonly Address[], seen: readonly Address[], limit: number, mayHold: (range: Cidr) => boolean): Compaction | null {
  const known = sorted(seen);
  const priceOf = (range: Cidr): bigint | null => {
    const added = cidrSize(range) - BigInt(countIn(known, range));
    if (added === 0n) return added;
    return range.bits >= WIDEST[range.family] && mayHold(range) ? added : null;
  };
  // Neighbours are joined, the closest first: parts wait on a stack until the next address is farther away.
  const parts: Part[] = [];
  const shared: number[] = [];
  const join = (): void => {
    const [second, first, bits] = [parts.pop(), parts.pop(), shared.pop()];
    if (first === undefined || second === undefined || bits === undefined) return;
    const range = bits < 0 ? null : rangeAround(first.first, bits);
    parts.push(joined(first, second, range, range === null ? null : priceOf(range), limit));
  };
  let previous: Address | null = null;
  for (const address of sorted(members)) {
    if (previous !== null) {
      const bits = sharedBits(previous, address);
      while ((shared.at(-1) ?? -1) > bits) join();
      shared.push(bits);
    }
    parts.push({ first: address, range: singleAddressCidr(address), halves: null, costs: [0n], splits: [0] });
    previous = address;
  }
  while (shared.length > 0) join();
  const [whole] = parts;
  const added = whole?.costs.at(-1) ?? null;
  return whole === undefined || added === null ? null : { ranges: rangesOf(whole, limit), added };
}

function joined(first: Part, second: Part, range: Cidr | null, price: bigint | null, limit: number): Part {
  const costs: (bigint | null)[] = [];
  const splits: number[] = [];
  const most = Math.min(limit, first.costs.length + second.costs.length);
  for (let ranges = 1; ranges <= most; ranges++) {
    let [best, split] = [price, 0];
    for (let own = Math.max(1, ranges - second.costs.length); own <= Math.min(ranges - 1, first.costs.length); own++) {
      const [a, b] = [first.costs[own - 1] ?? null, second.costs[ranges - own - 1] ?? null];
      if (a !== null && b !== null && (best === null || a + b < best)) [best, split] = [a + b, own];
    }
    costs.push(best);
    splits.push(split);
  }
  return { first: first.first, range, halves: [first, second], costs, splits };
}

function rangesOf(whole: Part, limit: number): readonly Cidr[] {
  const ranges: Cidr[] = [];
  const left: { readonly part: Part; readonly most: number }[] = [{ part: whole, most: limit }];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { part, most } = next;
    const { range, halves, costs, splits } = part;
    const cost = costs[Math.min(most, costs.length) - 1];
    const fewest = costs.indexOf(cost ?? null) + 1;
    const split = splits[fewest - 1] ?? 0;
    if (split > 0 && halves !== null) left.push({ part: halves[1], most: fewest - split }, { part: halves[0], most: split });
    else if (range !== null) ranges.push(range);
  }
  return ranges;
}

function sorted(addresses: readonly Address[]): readonly Address[] {
  return addresses.toSorted((a, b) => a.family - b.family || (a.value < b.value ? -1 : 1));
}

/** How many of the sorted addresses a range holds. */
function countIn(addresses: readonly Address[], range: Cidr): number {
  const before = (isBefore: (address: Address) => boolean): number => {
    let [from, to] = [0, addresses.length];
    while (from < to) {
      const middle = (from + to) >>> 1;
      const address = addresses[middle];
      if (address !== undefined && isBefore(address)) from = middle + 1;
      else to = middle;
    }
    return from;
  };
  const start = before(({ family, value }) => family < range.family || (family === range.family && value < range.base));
  const end = before((address) => address.family < range.family || (address.family === range.family && (address.value < range.base || cidrContains(range, address))));
  return end - start;
}
