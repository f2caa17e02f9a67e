import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DrawnEdge } from '../../src/export/drawing.ts';
import { tree } from '../../src/export/tree.ts';
import { MANY_PORTS } from '../../src/model/edge.ts';
import { peerKey } from '../../src/model/peer.ts';
import { drawn } from '../support/drawn.ts';

describe('the graph as a tree', () => {
  it('goes from those that nobody connects to down to those that connect to nobody, the outside first', () => {
    const edges = [
      drawn('batch/report', 'shop/db', 5432),
      drawn('shop/web', 'shop/cart', 8080),
      drawn('shop/web', 'shop/db', 5432),
      drawn('shop/cart', 'shop/db', 5432),
      drawn('public', 'shop/web', 443),
      drawn('203.0.113.7', 'shop/web', 443),
    ];
    expect(tree(edges)).toBe(`public
└─ 443/TCP      shop/web
   ├─ 8080/TCP     shop/cart
   │  └─ 5432/TCP     shop/db
   └─ 5432/TCP     shop/db
external 203.0.113.7
└─ 443/TCP      shop/web …
batch/report
└─ 5432/TCP     shop/db
`);
  });

  it('is the same whatever the order of the edges', () => {
    const edges = [drawn('public', 'shop/web', 443), drawn('shop/web', 'shop/cart', 8080), drawn('shop/web', 'shop/cart', 80), drawn('shop/cart', 'shop/db', 5432), drawn('shop/db', 'shop/web', 1)];
    const expected = tree(edges);
    fc.assert(
      fc.property(fc.shuffledSubarray(edges, { minLength: edges.length }), (shuffled) => {
        expect(tree(shuffled)).toBe(expected);
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    ['ports of a pair stand together, in order', [drawn('shop/a', 'shop/b', 9090), drawn('shop/a', 'shop/b', 80)], '80,9090/TCP  shop/b'],
    ['protocols stand beside each other', [drawn('shop/a', 'shop/b', 53), drawn('shop/a', 'shop/b', 53, { protocol: 'UDP' })], '53/TCP 53/UDP shop/b'],
    ['no port is a star', [drawn('shop/a', 'shop/b', 0, { protocol: 'ICMP' })], '*/ICMP       shop/b'],
    ['too many ports are a star', [drawn('shop/a', 'shop/b', MANY_PORTS)], '*/TCP        shop/b'],
  ])('%s', (_, edges, line) => {
    expect(tree(edges)).toBe(`shop/a\n└─ ${line}\n`);
  });

  it('nothing of nothing', () => {
    expect(tree([])).toBe('');
  });

  it('goes round a circle once, and begins it always at the same place', () => {
    const circle = [drawn('shop/c', 'shop/a', 1), drawn('shop/a', 'shop/b', 2), drawn('shop/b', 'shop/c', 3)];
    const told = 'shop/a\n└─ 2/TCP        shop/b\n   └─ 3/TCP        shop/c\n      └─ 1/TCP        shop/a …\n';
    expect(tree(circle)).toBe(told);
    expect(tree(circle.toReversed())).toBe(told);
    expect(tree([drawn('shop/a', 'shop/a', 1)])).toBe('shop/a\n└─ 1/TCP        shop/a …\n');
  });

  it('shows each edge once, and says … where more would follow', () => {
    const name = fc.constantFrom('shop/a', 'shop/b', 'shop/c', 'shop/d', 'public', '198.51.100.7', 'node');
    const pairs = fc.uniqueArray(fc.tuple(name, name), { maxLength: 12, selector: (pair) => pair.join('>') });
    fc.assert(
      fc.property(pairs, (some) => {
        const edges: readonly DrawnEdge[] = some.map(([from, to], i) => drawn(from, to, 1000 + i));
        const lines = tree(edges).split('\n');
        for (const { port } of edges) expect(lines.filter((line) => line.includes(`${port}/TCP`))).toHaveLength(1);
        // Whoever connects to somebody is unfolded at one place, and has its mark at all others.
        const connecting = new Set(edges.map(({ source }) => peerKey(source)));
        const marks = lines.filter((line) => line.endsWith(' …')).length;
        const arrivals = edges.filter(({ destination }) => connecting.has(peerKey(destination))).length;
        const starts = lines.filter((line) => line !== '' && !line.includes('─')).length;
        expect(marks).toBe(arrivals - (connecting.size - starts));
      }),
      { numRuns: 300 },
    );
  });
});

describe('a long chain', () => {
  it('goes on at the left again, with every edge once', () => {
    const length = 5_000;
    const lines = tree(Array.from({ length }, (_, i) => drawn(`shop/w${i}`, `shop/w${i + 1}`))).split('\n');
    expect(lines.filter((line) => line.includes('└─'))).toHaveLength(length);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(120);
  });
});
