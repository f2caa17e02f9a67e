import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CoverageCount, type CoverageKind } from '../../src/learn/coverage.ts';
import type { CoverageCell } from '../../src/learn/delta.ts';
import { HOUR } from '../../src/model/edge.ts';

const told = (cells: readonly CoverageCell[]): readonly string[] =>
  cells
    .map(
      ({ source, hour, counts, lastRecord }) => `${source} ${hour} ${[...counts].map(([kind, n]) => `${kind}=${n}`).join(' ')} until ${lastRecord}`,
    )
    .toSorted();

describe('coverage', () => {
  it('counts each source and hour, by what became of the records', () => {
    const coverage = new CoverageCount();
    coverage.count('hubble', 'node-a', 0, 'records');
    coverage.count('hubble', 'node-a', 0, 'flows');
    coverage.count('hubble', 'node-a', HOUR - 1, 'records');
    coverage.count('hubble', 'node-a', HOUR, 'records');
    coverage.count('hubble', 'node-b', HOUR, 'records');
    coverage.count('hubble', '', HOUR, 'lost', 118);
    coverage.count('hubble', 'node-a', null, 'malformed');
    expect(told(coverage.cells())).toEqual([
      'hubble 1 lost=118 until 3600000',
      'hubble/node-a -1 malformed=1 until 0',
      'hubble/node-a 0 records=2 flows=1 until 3599999',
      'hubble/node-a 1 records=1 until 3600000',
      'hubble/node-b 1 records=1 until 3600000',
    ]);
    expect(Object.fromEntries(coverage.totals())).toEqual({ records: 4, flows: 1, lost: 118, malformed: 1 });
  });

  it('sums up the same in any order', () => {
    const count = fc.tuple(
      fc.constantFrom('hubble', 'calico'),
      fc.constantFrom('', 'a', 'b'),
      fc.oneof(fc.constant(null), fc.nat(3 * HOUR)),
      fc.constantFrom<CoverageKind>('records', 'flows', 'reply', 'lost'),
      fc.integer({ min: 1, max: 5 }),
    );
    const of = (counts: readonly (readonly [string, string, number | null, CoverageKind, number])[]): unknown => {
      const coverage = new CoverageCount();
      for (const one of counts) coverage.count(...one);
      return { cells: new Set(coverage.cells()), totals: coverage.totals() };
    };
    fc.assert(
      fc.property(fc.array(count, { maxLength: 30 }), (counts) => {
        expect(of(counts.toReversed())).toEqual(of(counts));
      }),
    );
  });

  it('is not filled by records that invent nodes: beyond 5,000 sources the collector’s name must do', () => {
    const known = new Set<string>();
    const coverage = new CoverageCount(known);
    for (let i = 0; i < 5_010; i++) coverage.count('hubble', `node-${i}`, 0, 'records');
    coverage.count('hubble', 'node-7', 0, 'records');
    const cells = coverage.cells();
    expect(cells).toHaveLength(5_001);
    expect(cells.find(({ source }) => source === 'hubble')?.counts.get('records')).toBe(10);
    expect(cells.find(({ source }) => source === 'hubble/node-7')?.counts.get('records')).toBe(2);
    expect(coverage.totals().get('records')).toBe(5_011);
    // The next portion knows them.
    const next = new CoverageCount(known);
    next.count('hubble', 'node-9999', 0, 'records');
    next.count('hubble', 'node-7', 0, 'records');
    expect(
      next
        .cells()
        .map(({ source }) => source)
        .toSorted(),
    ).toEqual(['hubble', 'hubble/node-7']);
  });
});
