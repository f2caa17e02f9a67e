import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { completeness } from '../../src/learn/completeness.ts';

/** `2 1 7` edges seen in one unit, in two, in three, … */
const seen = (...counts: readonly number[]): readonly number[] => counts.flatMap((n, i) => Array<number>(n).fill(i + 1));

describe('sample coverage', () => {
  it.each<[string, readonly number[], number, number | null]>([
    // C = 1 - Q1/U * (T-1)Q1 / ((T-1)Q1 + 2 Q2)
    ['Q1=2, Q2=1, U=9, T=10', [1, 1, 2, 5], 10, 1 - (2 / 9) * (18 / 20)],
    ['Q1=1, Q2=1, U=3, T=2', [1, 2], 2, 1 - (1 / 3) * (1 / 3)],
    ['Q1=4, Q2=2, U=108, T=168', [...seen(4, 2), 100], 168, 1 - (4 / 108) * (668 / 672)],
    // Q2 = 0: C = 1 - Q1/U * (T-1)(Q1-1) / ((T-1)(Q1-1) + 2)
    ['Q1=3, Q2=0, U=7, T=5', [1, 1, 1, 4], 5, 1 - (3 / 7) * (8 / 10)],
    ['Q1=2, Q2=0, U=2, T=2', [1, 1], 2, 1 - 1 / 3],
    ['a single edge seen once', [1], 24, 1],
    ['Q1=1, Q2=0, U=4, T=4', [1, 3], 4, 1],
    // Q1 = 0
    ['every edge seen twice', [2, 2, 2], 2, 1],
    ['every edge seen always', [24, 24], 24, 1],
    // too little is known
    ['one unit', [1, 1], 1, null],
    ['no unit', [], 0, null],
    ['no edge', [], 24, null],
  ])('of %s', (_, incidences, units, expected) => {
    const { coverage } = completeness(incidences, units);
    if (expected === null) expect(coverage).toBeNull();
    else expect(coverage).toBeCloseTo(expected, 12);
  });

  it('is a share, whatever was seen, in whatever order', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 200 }), fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 40 }), (units, raw) => {
        const incidences = raw.map((n) => Math.min(n, units));
        const { coverage } = completeness(incidences, units);
        expect(coverage).toBeGreaterThanOrEqual(0);
        expect(coverage).toBeLessThanOrEqual(1);
        expect(completeness(incidences.toReversed(), units).coverage).toBe(coverage);
      }),
    );
  });

  it('grows with every edge that is seen again: fewer of them are rare', () => {
    expect(completeness([1, 1, 1, 3], 10).coverage).toBeLessThan(completeness([1, 1, 2, 3], 10).coverage!);
    expect(completeness([1, 1, 2, 3], 10).coverage).toBeLessThan(completeness([1, 2, 2, 3], 10).coverage!);
  });
});

describe('edges that exist and were not seen', () => {
  it.each<[string, readonly number[], number, number]>([
    // Chao2: (T-1)/T * Q1² / (2 Q2)
    ['Q1=2, Q2=1, T=10', [1, 1, 2, 5], 10, (9 / 10) * (4 / 2)],
    ['Q1=6, Q2=3, T=24', seen(6, 3), 24, (23 / 24) * (36 / 6)],
    // Q2 = 0: (T-1)/T * Q1(Q1-1)/2
    ['Q1=3, Q2=0, T=5', [1, 1, 1, 4], 5, (4 / 5) * 3],
    ['Q1=1, Q2=0', [1, 9], 10, 0],
    ['Q1=0', [2, 9], 10, 0],
    ['one unit', [1, 1], 1, 0],
    ['no unit', [], 0, 0],
  ])('%s', (_, incidences, units, expected) => {
    expect(completeness(incidences, units).unseen).toBeCloseTo(expected, 12);
  });
});

describe('edges that the next units show for the first time', () => {
  it.each<[string, readonly number[], number, number, number | null]>([
    // Q0 (1 - (1 - Q1/(T Q0 + Q1))^m), here Q0 = 1.8: 2/(18 + 2) = 0.1
    ['the next one', [1, 1, 2, 5], 10, 1, 1.8 * 0.1],
    ['the next five', [1, 1, 2, 5], 10, 5, 1.8 * (1 - 0.9 ** 5)],
    ['as many as were seen', [1, 1, 2, 5], 10, 10, 1.8 * (1 - 0.9 ** 10)],
    ['one more than were seen: nobody knows', [1, 1, 2, 5], 10, 11, null],
    ['with Q2 = 0: Q0 = 2.4, 3/(12 + 3) = 0.2', [1, 1, 1, 4], 5, 2, 2.4 * (1 - 0.8 ** 2)],
    // m Q1/T when Q0 = 0 < Q1
    ['with Q0 = 0 < Q1', [1, 3], 4, 2, 0.5],
    ['with Q0 = 0 < Q1, as many as were seen', [1, 3], 4, 4, 1],
    ['with Q1 = 0', [2, 3], 5, 5, 0],
    ['no unit', [1, 1, 2, 5], 10, 0, 0],
    ['after one unit: nobody knows', [1, 1], 1, 1, null],
    ['without an edge: nobody knows', [], 48, 24, null],
  ])('%s', (_, incidences, units, more, expected) => {
    const found = completeness(incidences, units).expectedNew(more);
    if (expected === null) expect(found).toBeNull();
    else expect(found).toBeCloseTo(expected, 12);
  });

  it('become no fewer with more units, and never more than are unseen', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 100 }), fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 30 }), (units, raw) => {
        const { unseen, expectedNew } = completeness(
          raw.map((n) => Math.min(n, units)),
          units,
        );
        const forecasts = Array.from({ length: units + 1 }, (_, more) => expectedNew(more)!);
        for (const [i, forecast] of forecasts.entries()) {
          expect(forecast).toBeGreaterThanOrEqual(forecasts[i - 1] ?? 0);
          if (unseen > 0) expect(forecast).toBeLessThanOrEqual(unseen);
        }
        expect(expectedNew(units + 1)).toBeNull();
      }),
    );
  });
});
