import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Children } from '../../src/store/children.ts';

interface Row {
  readonly parent: number;
  readonly value: number;
}

const parentOf = ({ parent }: Row): number => parent;

describe('rows of a child table, parent by parent', () => {
  it('are those of each parent, whichever parents are asked for', () => {
    const rows = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 30 });
    fc.assert(
      fc.property(rows, fc.subarray([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]), (parents, asked) => {
        const all = parents.toSorted((a, b) => a - b).map((parent, value): Row => ({ parent, value }));
        const children = new Children(all.values(), parentOf);
        for (const parent of asked) expect(children.of(parent)).toEqual(all.filter((row) => row.parent === parent));
      }),
    );
  });

  it('end their query when they are closed, also before the last one', () => {
    let ended = false;
    function* query(): Generator<Row> {
      try {
        for (let value = 0; ; value++) yield { parent: value, value };
      } finally {
        ended = true;
      }
    }
    const children = new Children(query(), parentOf);
    expect(children.of(1)).toEqual([{ parent: 1, value: 1 }]);
    children.close();
    expect(ended).toBe(true);
  });
});
