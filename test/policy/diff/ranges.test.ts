import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { covers, intersect, isIn, sameRanges, subtract, union, type Ranges } from '../../../src/policy/diff/ranges.ts';

const SIZE = 24;

/** Any ranges within the line, as they come: touching, overlapping, in any order. */
const loose = fc.array(fc.tuple(fc.nat({ max: SIZE - 1 }), fc.integer({ min: 1, max: 6 })).map(([from, length]) => [from, Math.min(SIZE, from + length)] as const), { maxLength: 5 });
const ranges = loose.map((all) => union(all.map((one) => [one])));

const members = (set: Ranges<number>): readonly number[] => Array.from({ length: SIZE }, (_, i) => i).filter((i) => set.some(([from, to]) => i >= from && i < to));

describe('ranges', () => {
  it('are sorted, not empty and apart, so that equal sets are equal lists', () => {
    fc.assert(
      fc.property(loose, (all) => {
        const set = union(all.map((one) => [one]));
        for (const [i, [from, to]] of set.entries()) {
          expect(from).toBeLessThan(to);
          if (i > 0) expect(from).toBeGreaterThan(set[i - 1]![1]);
        }
        expect(union(all.toReversed().map((one) => [one]))).toEqual(set);
        expect(members(set)).toEqual(members(all));
      }),
    );
  });

  it('do with sets what sets do with their members', () => {
    fc.assert(
      fc.property(ranges, ranges, (a, b) => {
        const [inA, inB] = [members(a), members(b)];
        expect(members(union([a, b]))).toEqual([...new Set([...inA, ...inB])].toSorted((x, y) => x - y));
        expect(members(intersect(a, b))).toEqual(inA.filter((i) => inB.includes(i)));
        expect(members(subtract(a, b))).toEqual(inA.filter((i) => !inB.includes(i)));
        expect(covers(a, b)).toBe(inB.every((i) => inA.includes(i)));
        expect(sameRanges(a, b)).toBe(inA.join() === inB.join());
        for (let i = 0; i < SIZE; i++) expect(isIn(i, a)).toBe(inA.includes(i));
      }),
    );
  });

  it('stay in their form', () => {
    fc.assert(
      fc.property(ranges, ranges, (a, b) => {
        for (const made of [intersect(a, b), subtract(a, b)]) expect(union([made])).toEqual(made);
      }),
    );
  });
});
