import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SUSPICIONS, suspicionsOf, type Neighbourhood, type Suspicion } from '../../src/learn/suspicion.ts';
import { MANY_PORTS, type EdgeKey, type Tally } from '../../src/model/edge.ts';
import { peerKey } from '../../src/model/peer.ts';
import { edge, evidence, NODE, outside, witness, workload, type EvidenceParts } from '../support/evidence.ts';

/** More evidence of an edge only ever clears a suspicion; three days of it clear the first three. */

const NODES = ['192.168.0.1', '192.168.0.2'];
const AROUND: Neighbourhood = {
  scanners: new Set(),
  portsBetween: new Map([['shop>pay', new Set([5432])]]),
  podsOf: new Map([[peerKey(workload('shop/web')), ['shop/web-a', 'shop/web-b', 'shop/web-c']]]),
  connectionsOf: () => 20,
  coversNodes: (addresses) => NODES.every((node) => addresses.has(node)),
  podsOnEveryNode: (pods) => new Set(pods).size === 3,
};

const edges = fc.constantFrom<EdgeKey>(
  edge('shop/web', 'shop/cart', 8080),
  edge('shop/web', 'shop/cart', MANY_PORTS),
  edge('shop/web', 'pay/books', 5432),
  edge('shop/web', outside('198.51.100.7'), 443),
  edge('shop/web', outside('169.254.169.254'), 80),
  edge('shop/web', NODE, 10_250),
  edge('shop/web', NODE, 2379),
  edge('shop/web', 'shop/cart', 22),
);

const counts: fc.Arbitrary<Partial<Tally>> = fc.record({
  opened: fc.integer({ min: 1, max: 30 }),
  ongoing: fc.nat(3),
  answered: fc.nat(3),
  refused: fc.nat(3),
  denied: fc.nat(2),
});
const partsWith = (tallies: fc.Arbitrary<Partial<Tally>>): fc.Arbitrary<EvidenceParts> =>
  fc.record({
    witnesses: fc.array(fc.tuple(fc.constantFrom(witness('source'), witness('destination')), tallies), { minLength: 1, maxLength: 2 }),
    hours: fc.array(fc.nat(71), { minLength: 1, maxLength: 4 }),
    pods: fc.dictionary(fc.constantFrom('shop/web-a', 'shop/web-b', 'shop/web-c'), fc.integer({ min: 1, max: 20 }), { maxKeys: 3 }),
    addresses: fc.subarray(NODES),
  });
const parts = partsWith(counts);

function both(a: EvidenceParts, b: EvidenceParts): EvidenceParts {
  return {
    witnesses: [...(a.witnesses ?? []), ...(b.witnesses ?? [])],
    hours: [...(a.hours ?? []), ...(b.hours ?? [])],
    pods: { ...a.pods, ...b.pods },
    addresses: [...(a.addresses ?? []), ...(b.addresses ?? [])],
  };
}

const flags = (of: EdgeKey, own: EvidenceParts): readonly Suspicion[] =>
  suspicionsOf({ ...of, evidence: evidence(own), success: 'confirmed' }, AROUND);
const daysOf = (own: EvidenceParts): number => evidence(own).days.size;

describe('more evidence of an edge', () => {
  it('adds no suspicion, but one that a threshold was still missing for', () => {
    // Before 20 connections nobody can say whether one pod alone makes them.
    const others = new Set<Suspicion>(SUSPICIONS.filter((suspicion) => suspicion !== 'one-pod' && suspicion !== 'much-out'));
    fc.assert(
      fc.property(edges, parts, parts, (of, some, more) => {
        const before = flags(of, some);
        const added = flags(of, both(some, more)).filter((flag) => others.has(flag) && !before.includes(flag));
        expect(added).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('of more than 20 connections does not bring one-pod back', () => {
    fc.assert(
      fc.property(parts, parts, (some, more) => {
        const of = edge('shop/web', 'shop/cart', 8080);
        const enough: EvidenceParts = { ...some, witnesses: [[witness(), { opened: 20, answered: 20 }]], pods: { 'shop/web-a': 20, ...some.pods } };
        expect([flags(of, enough), flags(of, both(enough, more))].map((all) => all.includes('one-pod'))).not.toEqual([false, true]);
      }),
      { numRuns: 300 },
    );
  });

  it('in which little goes out does not bring much-out back', () => {
    const bytes = partsWith(
      fc.record({
        opened: fc.integer({ min: 1, max: 3 }),
        bytesOut: fc.constantFrom(0, 60_000_000, 200_000_000),
        bytesIn: fc.constantFrom(0, 1_000, 30_000_000),
      }),
    );
    fc.assert(
      fc.property(bytes, parts, (some, more) => {
        const of = edge('shop/web', outside('198.51.100.7'), 443);
        expect([flags(of, some), flags(of, both(some, more))].map((all) => all.includes('much-out'))).not.toEqual([false, true]);
      }),
      { numRuns: 300 },
    );
  });

  it('on three days clears the first three suspicions', () => {
    const first: readonly Suspicion[] = ['single-sighting', 'one-pod', 'much-out'];
    const heavy = partsWith(fc.record({ opened: fc.constantFrom(1, 20), bytesOut: fc.constantFrom(0, 200_000_000) }));
    fc.assert(
      fc.property(edges, heavy, (of, some) => {
        const third: EvidenceParts = { witnesses: [], hours: [100, 124, 148], pods: {} };
        expect(daysOf(both(some, third))).toBeGreaterThanOrEqual(3);
        for (const flag of flags(of, both(some, third))) expect(first).not.toContain(flag);
      }),
      { numRuns: 300 },
    );
  });

  it('tells the same in any order', () => {
    fc.assert(
      fc.property(edges, parts, parts, (of, a, b) => {
        const disjoint = { ...b, pods: Object.fromEntries(Object.entries(b.pods ?? {}).filter(([pod]) => !(pod in (a.pods ?? {})))) };
        expect(flags(of, both(a, disjoint))).toEqual(flags(of, both(disjoint, a)));
      }),
    );
  });
});
