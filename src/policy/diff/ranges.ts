/** Sets of numbers as ranges from (included) to (left out): sorted, none empty, none touching another. Two equal sets are equal lists. */
export type Ranges<N extends number | bigint> = readonly (readonly [from: N, to: N])[];

export function union<N extends number | bigint>(sets: Iterable<Ranges<N>>): Ranges<N> {
  const all = [...sets].flat().toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const merged: [N, N][] = [];
  for (const [from, to] of all) {
    const last = merged[merged.length - 1];
    if (last === undefined || from > last[1]) merged.push([from, to]);
    else if (to > last[1]) last[1] = to;
  }
  return merged;
}

export function intersect<N extends number | bigint>(a: Ranges<N>, b: Ranges<N>): Ranges<N> {
  const both: [N, N][] = [];
  for (let i = 0, j = 0; ; ) {
    const [one, other] = [a[i], b[j]];
    if (one === undefined || other === undefined) return both;
    const from = one[0] > other[0] ? one[0] : other[0];
    const to = one[1] < other[1] ? one[1] : other[1];
    if (from < to) both.push([from, to]);
    if (one[1] < other[1]) i++;
    else j++;
  }
}

/** What is in `a` and not in `b`. */
export function subtract<N extends number | bigint>(a: Ranges<N>, b: Ranges<N>): Ranges<N> {
  const left: [N, N][] = [];
  let j = 0;
  for (const [start, to] of a) {
    let from = start;
    while ((b[j]?.[1] ?? to) <= from && j < b.length) j++;
    for (let k = j; from < to; k++) {
      const hole = b[k];
      if (hole === undefined || hole[0] >= to) {
        left.push([from, to]);
        break;
      }
      if (hole[0] > from) left.push([from, hole[0]]);
      from = hole[1];
    }
  }
  return left;
}

export function isIn<N extends number | bigint>(value: N, ranges: Ranges<N>): boolean {
  let [low, high] = [0, ranges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const range = ranges[middle];
    if (range === undefined || value < range[0]) high = middle;
    else if (value >= range[1]) low = middle + 1;
    else return true;
  }
  return false;
}

export function covers<N extends number | bigint>(outer: Ranges<N>, inner: Ranges<N>): boolean {
  return subtract(inner, outer).length === 0;
}

export function sameRanges<N extends number | bigint>(a: Ranges<N>, b: Ranges<N>): boolean {
  return a.length === b.length && a.every(([from, to], i) => from === b[i]?.[0] && to === b[i]?.[1]);
}
