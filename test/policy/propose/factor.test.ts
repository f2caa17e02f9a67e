import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { factor, type Rectangle } from '../../../src/policy/propose/factor.ts';

/** Rows as `a: x y`. */
function table(...rows: readonly string[]): ReadonlyMap<string, ReadonlySet<string>> {
  return new Map(
    rows.map((row) => {
      const [name = '', columns = ''] = row.split(': ');
      return [name, new Set(columns.split(' '))];
    }),
  );
}

const text = (all: readonly Rectangle<string, string>[]): readonly string[] => all.map(({ rows, columns }) => `${rows.join('+')} @ ${columns.join(' ')}`);

/** The least number of rectangles, by trying all sets of all largest rectangles. */
function fewest(cells: ReadonlyMap<string, ReadonlySet<string>>): number {
  const rows = [...cells.keys()];
  const filled = new Set(rows.flatMap((row) => [...(cells.get(row) ?? [])].map((column) => `${row} ${column}`)));
  const rectangles = Array.from({ length: (1 << rows.length) - 1 }, (_, i) => {
    const own = rows.filter((__, bit) => ((i + 1) & (1 << bit)) !== 0);
    const shared = [...(cells.get(own[0] ?? '') ?? [])].filter((column) => own.every((row) => cells.get(row)?.has(column)));
    return new Set(own.flatMap((row) => shared.map((column) => `${row} ${column}`)));
  }).filter(({ size }) => size > 0);
  const covers = (left: ReadonlySet<string>, number: number): boolean => {
    if (left.size === 0) return true;
    const [next] = left;
    return number > 0 && rectangles.some((one) => one.has(next ?? '') && covers(new Set([...left].filter((cell) => !one.has(cell))), number - 1));
  };
  for (let number = 0; ; number++) if (covers(filled, number)) return number;
}

describe('the fewest rules for a table of peers and ports', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['nothing', [], []],
    ['one cell', ['a: 80'], ['a @ 80']],
    ['peers with the same ports', ['a: 80 81', 'b: 80 81'], ['a+b @ 80 81']],
    ['peers with ports of their own', ['a: 80', 'b: 81'], ['a @ 80', 'b @ 81']],
    ['many peers, few ports', ['a: 1', 'b: 2', 'c: 1 2'], ['a+c @ 1', 'b+c @ 2']],
    ['few peers, many ports', ['a: 1 3', 'b: 2 3'], ['a @ 1 3', 'b @ 3 2']],
  ])('%s', (_, rows, expected) => {
    expect(text(factor(table(...rows)))).toEqual(expected);
  });

  it('are fewer than the peers and than the ports where rules may overlap', () => {
    const six = ['1', '2', '3', '4', '5', '6'];
    const allButOwn = new Map(six.map((own) => [own, new Set(six.filter((other) => other !== own))]));
    expect(factor(allButOwn)).toHaveLength(4);
  });

  const cells = fc
    .array(fc.uniqueArray(fc.constantFrom('1', '2', '3', '4', '5'), { minLength: 1 }), { maxLength: 5 })
    .map((rows): ReadonlyMap<string, ReadonlySet<string>> => new Map(rows.map((own, i) => [`p${i}`, new Set(own.toSorted())])));

  it('they fill every cell of the table and no other, and there are no fewer', () => {
    fc.assert(
      fc.property(cells, (all) => {
        const rectangles = factor(all);
        const covered = new Set(rectangles.flatMap(({ rows, columns }) => rows.flatMap((row) => columns.map((column) => `${row} ${column}`))));
        const filled = [...all].flatMap(([row, own]) => [...own].map((column) => `${row} ${column}`));
        expect([...covered].toSorted()).toEqual(filled.toSorted());
        expect(rectangles.length).toBe(fewest(all));
      }),
      { numRuns: 300 },
    );
  });

  it('a table that is too large for the search is covered exactly all the same', () => {
    const large = new Map(Array.from({ length: 60 }, (_, i) => [`p${i}`, new Set(Array.from({ length: 40 }, (__, j) => `${j}`).filter((__, j) => (i * 7 + j * 13 + ((i * j) % 5)) % 3 !== 0))]));
    const rectangles = factor(large);
    const covered = new Set(rectangles.flatMap(({ rows, columns }) => rows.flatMap((row) => columns.map((column) => `${row} ${column}`))));
    expect(covered.size).toBe([...large.values()].reduce((sum, own) => sum + own.size, 0));
    expect(rectangles.length).toBeLessThanOrEqual(40);
  });
});
