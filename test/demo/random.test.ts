import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/demo/random.ts';

describe('seeded numbers', () => {
  it('are the same for the same seed, and others for another', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), (seed, other) => {
        const take = (of: number): readonly number[] => {
          const random = seededRandom(of);
          return Array.from({ length: 8 }, () => random.next());
        };
        expect(take(seed)).toEqual(take(seed));
        if (seed >>> 0 !== other >>> 0) expect(take(other)).not.toEqual(take(seed));
      }),
    );
  });

  it('stay within what is asked for', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 1_000 }), (seed, n) => {
        const random = seededRandom(seed);
        for (let i = 0; i < 50; i++) {
          const below = random.below(n);
          expect(Number.isInteger(below) && below >= 0 && below < n).toBe(true);
          const next = random.next();
          expect(next >= 0 && next < 1).toBe(true);
        }
      }),
    );
  });

  it('reach everything there is to pick', () => {
    const random = seededRandom(1);
    expect(new Set(Array.from({ length: 200 }, () => random.pick(['a', 'b', 'c', 'd']))).size).toBe(4);
    expect(random.text('xy', 40)).toMatch(/^(?=.*x)(?=.*y)[xy]{40}$/);
    expect(random.text('abc', 0)).toBe('');
  });
});
