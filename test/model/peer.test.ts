import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupBy } from '../../src/model/group.ts';
import { formatLabels, sortedLabels } from '../../src/model/labels.ts';
import { parsePeerKey, peerKey, peerName, PUBLIC, type Peer } from '../../src/model/peer.ts';
import { APISERVER, at, NODE, OTHERS, outside, unresolved, workload } from '../support/evidence.ts';

const name = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,5}[a-z0-9])?$/);
const cluster = fc.oneof(fc.constant(''), name);
const address = fc.constantFrom('10.0.0.1', '198.51.100.7', '2001:db8::1', '::1');
const labels = fc.uniqueArray(fc.tuple(name, name), { selector: ([key]) => key, maxLength: 3 }).map((entries) => formatLabels(sortedLabels(entries)));

const peer: fc.Arbitrary<Peer> = fc.oneof(
  fc.record({ type: fc.constant('workload' as const), cluster, namespace: name, kind: fc.constantFrom('Deployment', 'Pod', 'CronJob'), name }),
  fc.record({ type: fc.constantFrom('node' as const, 'apiserver' as const), cluster }),
  fc.record({ type: fc.constantFrom('external' as const, 'unresolved' as const), address }),
  fc.record({
    type: fc.constant('address' as const),
    cluster,
    address,
    account: fc.oneof(
      fc.constant(''),
      fc.tuple(name, name).map((parts) => parts.join('/')),
    ),
  }),
  fc.record({ type: fc.constant('labels' as const), cluster, namespace: name, labels }),
  fc.constant(PUBLIC),
);

describe('the key of a peer', () => {
  it('says all of it', () => {
    fc.assert(
      fc.property(peer, (one) => {
        expect(parsePeerKey(peerKey(one))).toEqual(one);
      }),
    );
  });

  it('is one peer’s alone', () => {
    fc.assert(
      fc.property(peer, peer, (a, b) => {
        // Spread, for an object of fast-check's may have no prototype.
        expect(peerKey(a) === peerKey(b)).toBe(isDeepStrictEqual({ ...a }, { ...b }));
      }),
    );
  });

  it('is refused where there is none', () => {
    expect(() => parsePeerKey('stranger|10.0.0.1')).toThrow('stranger');
  });
});

describe('the name of a peer', () => {
  it.each<[Peer, string]>([
    [workload('shop/cart'), 'shop/cart'],
    [workload('shop/CronJob/backup'), 'shop/backup'],
    [outside('198.51.100.10'), 'external 198.51.100.10'],
    [OTHERS, 'external others'],
    [unresolved('10.9.9.9'), 'unresolved 10.9.9.9'],
    [at('10.9.9.9', 'shop/cart'), 'unresolved 10.9.9.9'],
    [{ type: 'labels', cluster: '', namespace: 'shop', labels: 'app=web' }, 'unresolved shop/{app=web}'],
    [NODE, 'node'],
    [APISERVER, 'apiserver'],
    [PUBLIC, 'public'],
  ])('%j: %s', (one, expected) => {
    expect(peerName(one)).toBe(expected);
  });
});

describe('groups', () => {
  it('hold every item once, under its key, in its order', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20)), (items) => {
        const groups = groupBy(items, (item) => item % 3);
        for (const [key, group] of groups) expect(group).toEqual(items.filter((item) => item % 3 === key));
        expect([...groups.values()].reduce((sum, group) => sum + group.length, 0)).toBe(items.length);
        expect([...groups.keys()]).toEqual([...new Set(items.map((item) => item % 3))]);
      }),
    );
  });
});
