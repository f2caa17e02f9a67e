import { describe, expect, it } from 'vitest';
import { hoursOf, suspicionsOf, type Neighbourhood } from '../../src/learn/suspicion.ts';
import { METADATA_ADDRESSES } from '../../src/model/address.ts';
import { MANY_PORTS, type EdgeKey } from '../../src/model/edge.ts';
import { peerKey, PUBLIC } from '../../src/model/peer.ts';
import type { Success } from '../../src/learn/success.ts';
import { APISERVER, edge, evidence, NODE, OTHERS, outside, witness, workload, type EvidenceParts } from '../support/evidence.ts';

const QUIET: Neighbourhood = {
  scanners: new Set(),
  portsBetween: new Map(),
  podsOf: new Map(),
  connectionsOf: () => 0,
  coversNodes: () => false,
  podsOnEveryNode: () => false,
};

interface Asked {
  readonly around?: Partial<Neighbourhood>;
  readonly success?: Success;
}

/** Evidence above suspicion by itself: several connections in several hours of one day. */
const SETTLED: EvidenceParts = { witnesses: [[witness(), { opened: 5, answered: 5 }]], hours: [0, 1, 2] };

const flags = (of: EdgeKey, parts: EvidenceParts = SETTLED, { around = {}, success = 'confirmed' }: Asked = {}): readonly string[] =>
  suspicionsOf({ ...of, evidence: evidence(parts), success }, { ...QUIET, ...around });

const plain = edge('shop/web', 'shop/cart', 8080);

describe('an ordinary edge', () => {
  it.each<[string, EdgeKey]>([
    ['within a namespace', plain],
    ['across namespaces', edge('shop/web', 'pay/ledger', 8080)],
    ['to the API server', edge('shop/web', APISERVER, 6443)],
    ['to the outside', edge('shop/web', outside('198.51.100.7'), 443)],
    ['from the outside', edge(outside('198.51.100.7'), 'shop/web', 8080)],
    ['to a node', edge('shop/web', NODE, 9100)],
    ['to the addresses over the cap', edge('shop/web', OTHERS, 443)],
  ])('%s is not suspicious', (_, of) => {
    expect(flags(of)).toEqual([]);
  });
});

describe('single-sighting', () => {
  it.each<[string, EvidenceParts, boolean]>([
    ['one connection in one hour', { witnesses: [[witness(), { opened: 1 }]], hours: [0] }, true],
    [
      'one connection, seen by two witnesses',
      {
        witnesses: [
          [witness('source'), { opened: 1 }],
          [witness(), { opened: 1 }],
        ],
        hours: [0],
      },
      true,
    ],
    ['two connections in one hour', { witnesses: [[witness(), { opened: 2 }]], hours: [0] }, false],
    [
      'two connections, as one of two witnesses saw',
      {
        witnesses: [
          [witness('source'), { opened: 2 }],
          [witness(), { opened: 1 }],
        ],
        hours: [0],
      },
      false,
    ],
    ['one connection that lasted into another hour', { witnesses: [[witness(), { opened: 1, ongoing: 1 }]], hours: [0, 1] }, false],
    ['one connection, and the same hour of another day', { witnesses: [[witness(), { opened: 1 }]], hours: [0, 24] }, false],
    ['three days', { witnesses: [[witness(), { opened: 1 }]], hours: [0, 24, 48] }, false],
    ['established traffic alone', { witnesses: [[witness(), { ongoing: 1, answered: 1 }]], hours: [0] }, false],
  ])('%s: %s', (_, parts, expected) => {
    expect(flags(plain, parts).includes('single-sighting')).toBe(expected);
  });
});

describe('one-pod', () => {
  const web = workload('shop/web');
  const others = (counts: Readonly<Record<string, number>>): Partial<Neighbourhood> => ({
    podsOf: new Map([[peerKey(web), ['shop/web-a', ...Object.keys(counts)]]]),
    connectionsOf: (pod) => counts[pod] ?? 0,
  });
  const busy = others({ 'shop/web-b': 20, 'shop/web-c': 20 });
  const byOne = (opened: number, hours: readonly number[] = [0, 1]): EvidenceParts => ({
    witnesses: [[witness(), { opened, answered: opened }]],
    hours,
    pods: { 'shop/web-a': opened },
  });

  it.each<[string, EdgeKey, EvidenceParts, Partial<Neighbourhood>, boolean]>([
    ['20 connections, all from one pod, two others with 20', plain, byOne(20), busy, true],
    ['19 connections', plain, byOne(19), busy, false],
    ['two others, one with 19', plain, byOne(20), others({ 'shop/web-b': 20, 'shop/web-c': 19 }), false],
    ['one other', plain, byOne(20), others({ 'shop/web-b': 500 }), false],
    ['three others, one of them idle', plain, byOne(20), others({ 'shop/web-b': 20, 'shop/web-c': 20, 'shop/web-d': 0 }), true],
    ['no other known', plain, byOne(20), {}, false],
    ['a second pod with one connection', plain, { ...byOne(21), pods: { 'shop/web-a': 20, 'shop/web-b': 1 } }, busy, false],
    ['pods that are not known', plain, { ...byOne(20), pods: {} }, busy, false],
    ['on two days', plain, byOne(20, [0, 24]), busy, true],
    ['on three days', plain, byOne(20, [0, 24, 48]), busy, false],
    [
      'of a StatefulSet, whose pods differ',
      edge('shop/StatefulSet/web', 'shop/cart'),
      byOne(20),
      { ...busy, podsOf: new Map([[peerKey(workload('shop/StatefulSet/web')), ['shop/web-b', 'shop/web-c']]]) },
      false,
    ],
    [
      'of a CronJob',
      edge('shop/CronJob/web', 'shop/cart'),
      byOne(20),
      { ...busy, podsOf: new Map([[peerKey(workload('shop/CronJob/web')), ['shop/web-b', 'shop/web-c']]]) },
      false,
    ],
  ])('%s', (_, of, parts, around, expected) => {
    expect(flags(of, parts, { around }).includes('one-pod')).toBe(expected);
  });

  it('compares within the hours of the edge alone', () => {
    const asked: number[][] = [];
    flags(plain, byOne(20, [3, 25]), { around: { ...busy, connectionsOf: (_, hours) => asked.push([...hours]) } });
    expect(asked).toEqual([
      [3, 25],
      [3, 25],
    ]);
  });

  it('counts the connections of the edge once, whoever saw them', () => {
    const twice: EvidenceParts = {
      ...byOne(10),
      witnesses: [
        [witness('source'), { opened: 10 }],
        [witness(), { opened: 10 }],
      ],
    };
    expect(flags(plain, twice, { around: busy })).toEqual([]);
  });
});

describe('much-out', () => {
  const sent = (bytesOut: number, bytesIn = 0, hours: readonly number[] = [0, 1]): EvidenceParts => ({
    witnesses: [[witness(), { opened: 5, answered: 5, bytesOut, bytesIn }]],
    hours,
  });
  const away = edge('shop/web', outside('198.51.100.7'), 443);
  it.each<[string, EdgeKey, EvidenceParts, boolean]>([
    ['over 100 MB to an outside address on one day', away, sent(100_000_001), true],
    ['100 MB', away, sent(100_000_000), false],
    ['eleven times more out than in', away, sent(110_000_010, 10_000_000), true],
    ['nine times more out than in', away, sent(110_000_000, 12_000_000), false],
    ['on two days', away, sent(500_000_000, 0, [23, 24]), false],
    ['to a workload', plain, sent(500_000_000), false],
    ['to the API server', edge('shop/web', APISERVER, 6443), sent(500_000_000), false],
    ['from an outside address', edge(outside('198.51.100.7'), 'shop/web'), sent(500_000_000), false],
    [
      'seen by two witnesses, by either less',
      away,
      {
        witnesses: [
          [witness('source'), { opened: 5, bytesOut: 60_000_000 }],
          [witness(), { opened: 5, bytesOut: 60_000_000 }],
        ],
        hours: [0, 1],
      },
      false,
    ],
  ])('%s: %s', (_, of, parts, expected) => {
    expect(flags(of, parts).includes('much-out')).toBe(expected);
  });
});

describe('no-success and scan', () => {
  const scanned = { scanners: new Set([peerKey(plain.source)]) };
  it.each<[Success, Partial<Neighbourhood>, readonly string[]]>([
    ['none', {}, ['no-success']],
    ['unconfirmed', {}, []],
    ['confirmed', {}, []],
    ['none', scanned, ['no-success', 'scan']],
    ['confirmed', scanned, []], // a probe that succeeded is no part of the scan
    ['unconfirmed', scanned, []],
    ['none', { scanners: new Set([peerKey(plain.destination)]) }, ['no-success']],
  ])('%s %#', (success, around, expected) => {
    expect(flags(plain, SETTLED, { success, around })).toEqual(expected);
  });
});

describe('many-ports', () => {
  it('is the edge that stands for the ports over the cap', () => {
    expect(flags(edge('shop/web', 'shop/cart', MANY_PORTS))).toEqual(['many-ports']);
  });
});

describe('the cluster’s own infrastructure', () => {
  it.each([...METADATA_ADDRESSES].map((address) => [address] as const))('the metadata service at %s', (address) => {
    expect(flags(edge('shop/web', outside(address), 80))).toEqual(['metadata']);
    expect(flags(edge('shop/web', outside(address), 80), SETTLED, { around: { podsOnEveryNode: () => true } })).toEqual([]);
  });

  it('other link-local addresses are no metadata service', () => {
    expect(flags(edge('shop/web', outside('169.254.20.10'), 53, 'UDP'))).toEqual([]);
    expect(flags(edge('shop/web', outside('169.254.169.253'), 53, 'UDP'))).toEqual([]);
  });

  it.each<[string, EdgeKey, readonly string[]]>([
    ['kubelet', edge('shop/web', NODE, 10_250), ['kubelet']],
    ['kubelet, read-only', edge('shop/web', NODE, 10_255), ['kubelet']],
    ['the proxy’s health', edge('shop/web', NODE, 10_256), []],
    ['below kubelet', edge('shop/web', NODE, 10_249), []],
    ['that number over UDP', edge('shop/web', NODE, 10_250, 'UDP'), []],
    ['that number in a pod', edge('shop/web', 'kube-system/metrics-server', 10_250), []],
    ['etcd', edge('shop/web', NODE, 2379), ['etcd']],
    ['etcd among its peers', edge('shop/web', NODE, 2380), ['etcd']],
    ['etcd in a pod', edge('shop/web', 'shop/etcd', 2379), ['etcd']],
    ['below etcd', edge('shop/web', NODE, 2378), []],
    ['above etcd', edge('shop/web', NODE, 2381), []],
    ['SSH', edge('shop/web', 'shop/cart', 22), ['remote-shell']],
    ['SSH on a node', edge('shop/web', NODE, 22), ['remote-shell']],
    ['SSH outside', edge('shop/web', outside('198.51.100.7'), 22), ['remote-shell']],
    ['RDP', edge('shop/web', outside('198.51.100.7'), 3389), ['remote-shell']],
    ['telnet', edge('shop/web', 'shop/cart', 23), []],
    ['22 over UDP', edge('shop/web', 'shop/cart', 22, 'UDP'), []],
  ])('%s', (_, of, expected) => {
    expect(flags(of)).toEqual(expected);
  });

  it.each([10_250, 10_255, 2379, 2380, 22, 3389])('on %i is no suspicion where the workload reaches it on every known node', (port) => {
    const covers = (...all: readonly string[]): Partial<Neighbourhood> => ({
      coversNodes: (addresses) => all.every((address) => addresses.has(address)),
    });
    const reached: EvidenceParts = { ...SETTLED, addresses: ['192.168.0.1', '192.168.0.2'] };
    expect(flags(edge('shop/web', NODE, port), reached, { around: covers('192.168.0.1', '192.168.0.2') })).toEqual([]);
    expect(flags(edge('shop/web', NODE, port), reached, { around: covers('192.168.0.1', '192.168.0.2', '192.168.0.3') })).toHaveLength(1);
  });

  it('in pods stays suspicious, whatever nodes are reached', () => {
    expect(flags(edge('shop/web', 'shop/etcd', 2379), SETTLED, { around: { coversNodes: () => true } })).toEqual(['etcd']);
    expect(flags(edge('shop/web', 'shop/cart', 22), SETTLED, { around: { coversNodes: () => true } })).toEqual(['remote-shell']);
  });
});

describe('foreign-data-store', () => {
  const talks = (...ports: readonly number[]): Partial<Neighbourhood> => ({
    portsBetween: new Map([
      ['shop>pay', new Set(ports)],
      ['pay>shop', new Set([8080])],
    ]),
  });
  const books = edge('shop/web', 'pay/books', 5432);

  it.each([1433, 1521, 3306, 5432, 5984, 6379, 7000, 9042, 9200, 11_211, 27_017])('%i in another namespace', (port) => {
    expect(flags(edge('shop/web', 'pay/books', port))).toEqual(['foreign-data-store']);
    expect(flags(edge('shop/web', 'shop/books', port))).toEqual([]);
    expect(flags(edge('shop/web', outside('198.51.100.7'), port))).toEqual([]);
  });

  it('2379 in another namespace is one, too', () => {
    expect(flags(edge('shop/web', 'pay/books', 2379))).toEqual(['etcd', 'foreign-data-store']);
  });

  it.each([1432, 5433, 6380, 9201, 27_018, 8080, 443])('%i is no data store’s', (port) => {
    expect(flags(edge('shop/web', 'pay/books', port))).toEqual([]);
  });

  it.each<[string, Partial<Neighbourhood>, boolean]>([
    ['the namespaces talk by nothing else', talks(5432), true],
    ['they talk by another port', talks(5432, 8080), false],
    ['they talk by another data store’s port', talks(5432, 6379), false],
    ['only the other way', { portsBetween: new Map([['pay>shop', new Set([8080])]]) }, true],
    ['only with a third', { portsBetween: new Map([['shop>mail', new Set([8080])]]) }, true],
  ])('where %s: %s', (_, around, expected) => {
    expect(flags(books, SETTLED, { around }).includes('foreign-data-store')).toBe(expected);
  });

  it('is asked of workloads alone', () => {
    expect(flags(edge(outside('198.51.100.7'), 'pay/books', 5432))).toEqual([]);
    expect(flags(edge(NODE, 'pay/books', 5432))).toEqual([]);
  });
});

describe('the public', () => {
  it('is suspected of nothing by address, but by port, and of having come once or never', () => {
    const entry = edge(PUBLIC, 'shop/web', 22);
    expect(flags(entry, { witnesses: [[witness(), { opened: 1 }]], hours: [0] })).toEqual(['single-sighting', 'remote-shell']);
    expect(flags(edge(PUBLIC, 'shop/web', 443))).toEqual([]);
    expect(flags(edge(PUBLIC, 'shop/web', 443), SETTLED, { success: 'none' })).toEqual(['no-success']);
  });
});

describe('several suspicions', () => {
  it('hold at once', () => {
    const of = edge('shop/web', NODE, 10_250);
    expect(
      flags(of, { witnesses: [[witness(), { opened: 1 }]], hours: [0] }, { success: 'none', around: { scanners: new Set([peerKey(of.source)]) } }),
    ).toEqual(['single-sighting', 'no-success', 'scan', 'kubelet']);
  });
});

describe('hours of an edge', () => {
  it('are hours since 1970', () => {
    expect([...hoursOf(evidence({ hours: [0, 23, 24, 500] }))].toSorted((a, b) => a - b)).toEqual([0, 23, 24, 500]);
  });
});
