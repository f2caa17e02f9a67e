import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addTally,
  bitCount,
  COUNTERS,
  DAY,
  dayOf,
  edgeKey,
  emptyTally,
  HOUR,
  hourOf,
  hoursSeen,
  MANY_PORTS,
  showsConnection,
  totals,
  type Counter,
  type Tally,
} from '../../src/model/edge.ts';
import { edge, evidence, outside, tally, witness, workload } from '../support/evidence.ts';

const counts = fc
  .record(Object.fromEntries(COUNTERS.map((counter) => [counter, fc.nat(1_000)])) as Record<Counter, fc.Arbitrary<number>>)
  .chain((counted) =>
    fc.tuple(fc.nat(1_000), fc.nat(1_000)).map(([a, b]): Tally => ({ ...counted, firstSeen: Math.min(a, b), lastSeen: Math.max(a, b), firstAnswered: Math.max(a, b) })),
  );

const sum = (...tallies: readonly Tally[]): Tally => {
  const total = emptyTally();
  for (const one of tallies) addTally(total, one);
  return total;
};

describe('tallies', () => {
  it('add up in any order and any grouping, and nothing is nothing', () => {
    fc.assert(
      fc.property(counts, counts, counts, (a, b, c) => {
        expect(sum(a, b)).toEqual(sum(b, a));
        expect(sum(sum(a, b), c)).toEqual(sum(a, sum(b, c)));
        expect(sum(a, emptyTally())).toEqual(a);
      }),
    );
  });

  it('sum every counter, and keep the first and the last time', () => {
    const a = tally({ opened: 1, answered: 2, bytesOut: 10, firstSeen: 100, lastSeen: 300 });
    const b = tally({ opened: 4, refused: 1, bytesOut: 5, firstSeen: 50, lastSeen: 200 });
    expect(sum(a, b)).toEqual(tally({ opened: 5, answered: 2, refused: 1, bytesOut: 15, firstSeen: 50, lastSeen: 300 }));
    for (const counter of COUNTERS) expect(sum(tally({ [counter]: 2 }), tally({ [counter]: 3 }))[counter]).toBe(5);
  });

  it.each(COUNTERS)('%s alone', (counter) => {
    const shows = !['lostAnswers', 'bytesOut', 'bytesIn'].includes(counter);
    expect(showsConnection(tally({ [counter]: 1 }))).toBe(shows);
  });

  it('of nothing show no connection', () => {
    expect(showsConnection(emptyTally())).toBe(false);
  });
});

describe('what all witnesses say together', () => {
  const source = witness('source');
  const destination = witness('destination');

  it('is the largest count of each kind, never their sum: one connection seen by two is one connection', () => {
    const both = evidence({
      witnesses: [
        [source, { opened: 7, answered: 5, bytesOut: 100, firstSeen: 20, lastSeen: 90 }],
        [destination, { opened: 6, answered: 6, refused: 1, bytesOut: 90, firstSeen: 10, lastSeen: 80 }],
      ],
    });
    expect(totals(both)).toEqual(tally({ opened: 7, answered: 6, refused: 1, bytesOut: 100, firstSeen: 10, lastSeen: 90 }));
  });

  it('tells witnesses apart by collector, side and observation point', () => {
    const apart = [witness('source'), witness('source', 'hubble', 'policy-verdict'), witness('source', 'envoy'), witness('destination')];
    const of = evidence({ witnesses: apart.map((who) => [who, { opened: 3 }]) });
    expect(of.witnesses.size).toBe(4);
    expect(totals(of).opened).toBe(3);
  });

  it('lies between each of them and their sum, and more of one of them never lowers it', () => {
    fc.assert(
      fc.property(counts, counts, counts, (a, b, more) => {
        const together = totals(
          evidence({
            witnesses: [
              [source, a],
              [destination, b],
            ],
          }),
        );
        const later = totals(
          evidence({
            witnesses: [
              [source, sum(a, more)],
              [destination, b],
            ],
          }),
        );
        for (const counter of COUNTERS) {
          expect(together[counter]).toBe(Math.max(a[counter], b[counter]));
          expect(later[counter]).toBeGreaterThanOrEqual(together[counter]);
        }
        expect(together.firstSeen).toBe(Math.min(a.firstSeen, b.firstSeen));
        expect(together.lastSeen).toBe(Math.max(a.lastSeen, b.lastSeen));
      }),
    );
  });

  it('is the same whoever came first', () => {
    fc.assert(
      fc.property(counts, counts, (a, b) => {
        expect(
          totals(
            evidence({
              witnesses: [
                [source, a],
                [destination, b],
              ],
            }),
          ),
        ).toEqual(
          totals(
            evidence({
              witnesses: [
                [destination, b],
                [source, a],
              ],
            }),
          ),
        );
      }),
    );
  });
});

describe('hours', () => {
  it('are counted once, in however many days they lie', () => {
    expect(hoursSeen(evidence({ hours: [0, 0, 5, 23, 24, 47, 48] }))).toBe(6);
    expect(hoursSeen(evidence({ hours: [] }))).toBe(0);
  });

  it.each([
    [0, 0],
    [1, 1],
    [0b1011, 3],
    [1 << 23, 1],
    [0xffffff, 24],
  ])('the mask %i has %i of them', (mask, expected) => {
    expect(bitCount(mask)).toBe(expected);
  });

  it('begin on the full hour and days at midnight, UTC', () => {
    expect([hourOf(HOUR - 1), hourOf(HOUR)]).toEqual([0, 1]);
    expect([dayOf(DAY - 1), dayOf(DAY)]).toEqual([0, 1]);
    expect(dayOf(Date.UTC(2026, 2, 2))).toBe(dayOf(Date.UTC(2026, 2, 2, 23, 59, 59, 999)));
  });
});

describe('the key of an edge', () => {
  const web = edge('shop/web', 'shop/cart', 8080);
  it.each([
    ['source', edge('shop/api', 'shop/cart', 8080)],
    ['destination', edge('shop/web', 'shop/db', 8080)],
    ['namespace', edge('shop/web', 'pay/cart', 8080)],
    ['kind', edge('shop/StatefulSet/web', 'shop/cart', 8080)],
    ['cluster', edge(workload('shop/web', 'east'), 'shop/cart', 8080)],
    ['port', edge('shop/web', 'shop/cart', 8081)],
    ['protocol', edge('shop/web', 'shop/cart', 8080, 'UDP')],
    ['direction', edge('shop/cart', 'shop/web', 8080)],
    ['class', edge(outside('198.51.100.1'), 'shop/cart', 8080)],
    ['many ports', edge('shop/web', 'shop/cart', MANY_PORTS)],
  ])('differs by %s', (_, other) => {
    expect(edgeKey(other)).not.toBe(edgeKey(web));
  });

  it('is the same for the same edge', () => {
    expect(edgeKey(edge('shop/web', 'shop/cart', 8080))).toBe(edgeKey(web));
  });
});
