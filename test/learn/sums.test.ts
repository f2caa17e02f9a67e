import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Sums } from '../../src/learn/sums.ts';

describe('sums', () => {
  it('are what a map of each owner keeps, in the order in which they came', () => {
    const steps = fc.array(fc.tuple(fc.nat(900), fc.nat(8), fc.nat(2), fc.integer({ min: 1, max: 1e9 })), { maxLength: 3_000, size: 'max' });
    fc.assert(
      fc.property(steps, (all) => {
        const sums = new Sums();
        const model = new Map<number, Map<string, number>>();
        for (const [owner, what, by, n] of all) {
          sums.add(owner, what, by, n);
          const own = model.get(owner) ?? new Map<string, number>();
          model.set(owner, own.set(`${what} ${by}`, n + (own.get(`${what} ${by}`) ?? 0)));
        }
        expect(sums.size).toBe([...model.values()].reduce((size, own) => size + own.size, 0));
        for (let owner = 0; owner <= 901; owner++) expect(sums.of(owner, (what, by, sum) => [`${what} ${by}`, sum])).toEqual([...(model.get(owner) ?? [])]);
      }),
      { numRuns: 30 },
    );
  });

  it('hold whole numbers beyond those of 32 bits', () => {
    const sums = new Sums();
    for (let i = 0; i < 3; i++) sums.add(0, 0, 0, 2 ** 40);
    expect(sums.of(0, (_, _by, sum) => sum)).toEqual([3 * 2 ** 40]);
    expect(sums.of(10_000, () => 0)).toEqual([]);
  });
});
