/** Seeded numbers, so that the demo tells the same story to everybody. */
export interface Random {
  /** From 0 to below 1. */
  next(): number;
  /** A whole number from 0 to below n. */
  below(n: number): number;
  pick<T>(items: readonly [T, ...T[]]): T;
  text(alphabet: string, length: number): string;
}

export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    // Mulberry32: one 32-bit state, enough for a story.
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (n: number): number => Math.floor(next() * n);
  return {
    next,
    below,
    pick: (items) => items[below(items.length)] ?? items[0],
    text: (alphabet, length) => Array.from({ length }, () => alphabet[below(alphabet.length)] ?? '').join(''),
  };
}
