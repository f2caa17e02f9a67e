/**
 * Seeded numbers, fast enough to make gigabytes: `below(n)` is a whole number from 0 to below n. A 32-bit counter through the finalizer of MurmurHash3, so that all of
 * its bits are as good as the others.
 */
export function random(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return Math.floor((((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32) * below);
  };
}

/** Of these items the nth is drawn with a weight of 1/n: a few carry most of the traffic, as in every cluster. */
export function zipf(items, below) {
  const sums = new Float64Array(items.length);
  let sum = 0;
  for (let i = 0; i < items.length; i++) sums[i] = sum += 1 / (i + 1);
  return () => {
    const wanted = (below(2 ** 32) / 2 ** 32) * sum;
    let [low, high] = [0, items.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle] <= wanted) low = middle + 1;
      else high = middle;
    }
    return items[low];
  };
}

export function shuffled(items, below) {
  const all = [...items];
  for (let i = all.length - 1; i > 0; i--) {
    const other = below(i + 1);
    [all[i], all[other]] = [all[other], all[i]];
  }
  return all;
}

/** What Kubernetes makes the ends of names of. */
export const SAFE_LETTERS = 'bcdfghjklmnpqrstvwxz2456789';

export function letters(alphabet, length, below) {
  let text = '';
  for (let i = 0; i < length; i++) text += alphabet[below(alphabet.length)];
  return text;
}

const FOUR = Array.from({ length: 1 << 16 }, (_, i) => i.toString(16).padStart(4, '0'));
/** Four hexadecimal digits. */
export const hex4 = (below) => FOUR[below(1 << 16)];
export const uuid = (below) => `${hex4(below)}${hex4(below)}-${hex4(below)}-4${FOUR[below(1 << 12)].slice(1)}-a${FOUR[below(1 << 12)].slice(1)}-${hex4(below)}${hex4(below)}${hex4(below)}`;
