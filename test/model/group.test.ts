import { describe, expect, it } from 'vitest';
import { groupBy, largest, smallest } from '../../src/model/group.ts';

describe('groups', () => {
  it('hold the items by their key, in their order', () => {
    expect([...groupBy([1, 2, 3, 4, 5], (n) => n % 2)]).toEqual([
      [1, [1, 3, 5]],
      [0, [2, 4]],
    ]);
  });
});

describe('the largest and the smallest', () => {
  it('are found among any number of values', () => {
    const many = Array.from({ length: 300_000 }, (_, i) => i);
    expect([largest(many), smallest(many)]).toEqual([299_999, 0]);
    expect([largest([]), smallest([])]).toEqual([-Infinity, Infinity]);
    expect([largest(new Set([3, -1])), smallest(new Set([3, -1]))]).toEqual([3, -1]);
  });
});
