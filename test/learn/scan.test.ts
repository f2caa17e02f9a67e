import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findScans, type Failure, type Scan } from '../../src/learn/scan.ts';
import { edgeKey, SLOT, type EdgeKey } from '../../src/model/edge.ts';
import type { Peer } from '../../src/model/peer.ts';
import { at, edge, NODE, outside, unresolved, workload } from '../support/evidence.ts';

const failed = (of: EdgeKey, ...slots: readonly number[]): Failure => ({ edge: of, slots: new Set(slots) });
/** Failures on so many ports of one destination, all in these slots. */
const ports = (
  n: number,
  slots: readonly number[],
  { source = workload('shop/web'), first = 20_000 }: { readonly source?: Peer; readonly first?: number } = {},
): readonly Failure[] => Array.from({ length: n }, (_, i) => failed(edge(source, 'shop/db', first + i), ...slots));
const spans = (scans: readonly Scan[]): readonly (readonly [number, number])[] =>
  scans.map(({ firstSeen, lastSeen }) => [firstSeen / SLOT, (lastSeen + 1) / SLOT]);

describe('a scan', () => {
  it.each<[string, readonly Failure[], number]>([
    ['ten ports in one slot', ports(10, [5]), 1],
    ['nine ports', ports(9, [5]), 0],
    ['nine ports, tried again and again', [...ports(9, [5]), ...ports(9, [5])], 0],
    ['ten destinations', Array.from({ length: 10 }, (_, i) => failed(edge('shop/web', `shop/db${i}`, 22), 5)), 1],
    [
      'ten addresses that nobody is known to own',
      Array.from({ length: 10 }, (_, i) => failed(edge('shop/web', unresolved(`10.0.0.${i}`), 22), 5)),
      1,
    ],
    [
      'five ports over two protocols',
      [...Array(5).keys()].flatMap((i) => [failed(edge('shop/web', 'shop/db', i + 1), 5), failed(edge('shop/web', 'shop/db', i + 1, 'UDP'), 5)]),
      1,
    ],
    ['five in one slot and five in the next', [...ports(5, [5]), ...ports(5, [6], { first: 30_000 })], 0],
    ['five of one source and five of another', [...ports(5, [5]), ...ports(5, [5], { source: workload('shop/api'), first: 30_000 })], 0],
    ['ten ports of each of two sources', [...ports(10, [5]), ...ports(10, [5], { source: workload('shop/api') })], 2],
    ['from an outside address', ports(10, [5], { source: outside('198.51.100.7') }), 1],
    ['from a node', ports(10, [5], { source: NODE }), 1],
    ['from nobody that is known', ports(10, [5], { source: unresolved('10.0.0.1') }), 0],
    ['from an address that is not settled', ports(10, [5], { source: at('10.0.0.1') }), 0],
    ['nothing', [], 0],
    ['failures without a slot', ports(10, []), 0],
  ])('is found in %s: %#', (_, failures, expected) => {
    expect(findScans(failures)).toHaveLength(expected);
  });

  it('holds the edges that failed in its slots, and says how wide it was', () => {
    const other = failed(edge('shop/web', 'shop/cart', 8080), 50);
    const [scan] = findScans([...ports(10, [5]), failed(edge('shop/web', 'shop/cart', 20_000), 5), other]);
    expect(scan).toMatchObject({ source: workload('shop/web'), destinations: 2, ports: 10, firstSeen: 5 * SLOT, lastSeen: 6 * SLOT - 1 });
    expect(scan?.edges.size).toBe(11);
    expect(scan?.edges.has(edgeKey(other.edge))).toBe(false);
  });

  it('goes on while its slots are within an hour of each other', () => {
    expect(spans(findScans(ports(10, [0, 6])))).toEqual([[0, 7]]);
    expect(spans(findScans(ports(10, [0, 7])))).toEqual([
      [0, 1],
      [7, 8],
    ]);
    expect(spans(findScans(ports(10, [0, 6, 12, 18])))).toEqual([[0, 19]]);
    expect(spans(findScans(ports(10, [0, 6, 13])))).toEqual([
      [0, 7],
      [13, 14],
    ]);
  });

  it('is not carried on by a slot with fewer targets', () => {
    expect(spans(findScans([...ports(10, [0, 12]), ...ports(9, [6], { first: 30_000 })]))).toEqual([
      [0, 1],
      [12, 13],
    ]);
  });

  it('of two hours counts each target once', () => {
    const [scan] = findScans(ports(12, [0, 1, 2]));
    expect([scan?.edges.size, scan?.destinations, scan?.ports]).toEqual([12, 1, 12]);
  });

  it('is the same in whatever order it was seen, and more failures never hide it', () => {
    const failure = fc.tuple(
      fc.constantFrom('shop/web', 'shop/api'),
      fc.constantFrom('shop/db', 'shop/cart'),
      fc.nat(8),
      fc.array(fc.nat(20), { minLength: 1, maxLength: 3 }),
    );
    const failures = fc.array(
      failure.map(([source, destination, port, slots]) => failed(edge(source, destination, port), ...slots)),
      { minLength: 20, maxLength: 60 },
    );
    const told = (scans: readonly Scan[]): unknown =>
      scans
        .map((scan) => ({ ...scan, edges: [...scan.edges].toSorted() }))
        .toSorted((a, b) => JSON.stringify(a.source).localeCompare(JSON.stringify(b.source)) || a.firstSeen - b.firstSeen);
    fc.assert(
      fc.property(failures, failures, (some, more) => {
        expect(told(findScans(some.toReversed()))).toEqual(told(findScans(some)));
        const before = new Set(findScans(some).flatMap((scan) => [...scan.edges]));
        const after = new Set(findScans([...some, ...more]).flatMap((scan) => [...scan.edges]));
        for (const key of before) expect(after).toContain(key);
      }),
    );
  });
});
