import { describe, expect, it } from 'vitest';
import type { Attribute, Sighting } from '../../src/learn/delta.ts';
import { peerKey, type Peer } from '../../src/model/peer.ts';
import type { Store } from '../../src/store/store.ts';
import { CART, delta, edgeDelta, FAR, pendingDelta, SOMEBODY, WEB } from '../support/deltas.ts';
import { T0 } from '../support/hubble.ts';
import { storeOf } from '../support/stores.ts';

const ALL: readonly Peer[] = [
  WEB,
  { ...WEB, cluster: 'east' },
  { type: 'node', cluster: '' },
  { type: 'apiserver', cluster: 'east' },
  FAR,
  { type: 'external', address: '2001:db8::1' },
  { type: 'public' },
  { type: 'unresolved', address: '10.0.0.9' },
  { type: 'address', cluster: '', address: '10.0.0.9', account: 'shop/web' },
  { type: 'labels', cluster: '', namespace: 'shop', labels: 'app=web,tier=front' },
];

function sight(store: Store, ...sightings: readonly Partial<Sighting>[]): void {
  const whole = sightings.map((parts): Sighting => ({ peer: WEB, namespace: 'shop', pod: 'web-1', address: '10.0.0.1', firstSeen: T0, lastSeen: T0, ...parts }));
  store.transaction(() => store.add(delta({ sightings: whole }), []));
}

describe('peers', () => {
  it('of every kind come back, each as one row', () => {
    const store = storeOf();
    const ids = ALL.map((peer) => store.peers.id(peer));
    expect(new Set(ids).size).toBe(ALL.length);
    expect(ALL.map((peer) => store.peers.id({ ...peer }))).toEqual(ids);
    store.forgetRows();
    expect(ALL.map((peer) => store.peers.id(peer))).toEqual(ids);
    const { byId } = store.peers.readPeers();
    expect(ids.map((id) => byId.get(id))).toEqual(ALL);
  });

  it.each([[false], [true]])('that no flow has shown have no revision; then it is the first at which one did (by another process each time: %s)', (others) => {
    const store = storeOf();
    const revisionOf = (peer: Peer): unknown => store.peers.readPeers().stored.find((stored) => peerKey(stored.peer) === peerKey(peer))?.revision;
    sight(store, {});
    expect(revisionOf(WEB)).toBeNull();
    const add = (revision: number): unknown => store.transaction(() => store.add(delta({ revision, edges: [edgeDelta()] }), []));
    for (const [revision, first] of [[5, 5], [7, 5], [4, 4], [3, 3], [4, 3], [0, 0]] as const) {
      add(revision);
      if (others) store.forgetRows();
      expect([revisionOf(WEB), revisionOf(CART)]).toEqual([first, first]);
    }
  });

  it('a pending flow shows the workload that it knows, not the address', () => {
    const store = storeOf();
    store.transaction(() => store.add(delta({ revision: 2, pending: [pendingDelta({ source: SOMEBODY, destination: CART })] }), []));
    expect(new Map(store.peers.readPeers().stored.map(({ peer, revision }) => [peer.type, revision]))).toEqual(new Map([['address', null], ['workload', 2]]));
  });
});

describe('what records said of a peer', () => {
  const describeAll = (store: Store, attributes: readonly Attribute[]): unknown => store.transaction(() => store.add(delta({ attributes }), []));
  const labels = (value: string): Attribute => ({ peer: WEB, kind: 'labels', value });

  it('is a set of each kind', () => {
    const store = storeOf();
    describeAll(store, [labels('app=web'), labels('app=web,tier=front'), labels('app=web'), { peer: WEB, kind: 'account', value: 'web' }, { peer: FAR, kind: 'name', value: 'a.example.com' }]);
    describeAll(store, [labels('app=web'), { peer: FAR, kind: 'name', value: 'b.example.com' }]);
    const { stored } = store.peers.readPeers();
    expect(stored).toMatchObject([
      { peer: WEB, labelSets: ['app=web', 'app=web,tier=front'], accounts: ['web'], names: [] },
      { peer: FAR, labelSets: [], accounts: [], names: ['a.example.com', 'b.example.com'] },
    ]);
  });

  it('has a cap of label sets for each workload, so that a pod that invents labels fills nothing', () => {
    const store = storeOf(':memory:', { labelSetsPerWorkload: 2 });
    describeAll(store, [labels('a=1'), labels('a=2'), labels('a=3'), { ...labels('a=3'), peer: CART }, { peer: WEB, kind: 'account', value: 'web' }]);
    const { stored } = store.peers.readPeers();
    expect(stored.map(({ labelSets, accounts }) => [labelSets, accounts])).toEqual([[['a=1', 'a=2'], ['web']], [['a=3'], []]]);
  });
});

describe('DNS names', () => {
  it.each([
    ['an address', FAR, 64],
    ['what a workload talks to', WEB, 1_024],
  ] as const)('of %s have a cap, so that a client that invents names fills nothing', (_, peer, most) => {
    const store = storeOf();
    const attributes = Array.from({ length: most + 10 }, (_one, i): Attribute => ({ peer, kind: 'name', value: `198.51.100.7 n${i}.example.com` }));
    store.transaction(() => store.add(delta({ attributes }), []));
    expect(store.peers.readPeers().stored[0]?.names).toHaveLength(most);
  });
});

describe('pods and their lives', () => {
  it('reach from the first to the last sighting, whatever comes first', () => {
    const store = storeOf();
    sight(store, { firstSeen: T0 + 5, lastSeen: T0 + 9 });
    sight(store, { firstSeen: T0 + 7, lastSeen: T0 + 20 }, { firstSeen: T0, lastSeen: T0 + 1 });
    expect(store.peers.readPods().stored).toEqual([
      { peer: WEB, namespace: 'shop', name: 'web-1', firstSeen: T0, lastSeen: T0 + 20, addresses: [{ address: '10.0.0.1', firstSeen: T0, lastSeen: T0 + 20 }] },
    ]);
  });

  it('are kept for each address', () => {
    const store = storeOf();
    sight(store, { address: '10.0.0.1' }, { address: 'fd00::1', firstSeen: T0 + 1, lastSeen: T0 + 2 }, { address: null, lastSeen: T0 + 9 });
    const [pod] = store.peers.readPods().stored;
    expect(pod?.lastSeen, 'a sighting without an address is one of the pod').toBe(T0 + 9);
    expect(pod?.addresses).toEqual([
      { address: '10.0.0.1', firstSeen: T0, lastSeen: T0 },
      { address: 'fd00::1', firstSeen: T0 + 1, lastSeen: T0 + 2 },
    ]);
  });

  it('an address may have several pods', () => {
    const store = storeOf();
    sight(store, { pod: 'web-1' }, { pod: 'web-2', firstSeen: T0 + 9, lastSeen: T0 + 9 }, { peer: CART, pod: 'web-1' });
    const { stored } = store.peers.readPods();
    expect(stored.map(({ peer, name, addresses }) => [peer.name, name, addresses.length])).toEqual([['web', 'web-1', 1], ['web', 'web-2', 1], ['cart', 'web-1', 1]]);
  });

  it('a pod is one row of its workload, by whichever of its names it is asked for', () => {
    const store = storeOf();
    sight(store, {});
    const id = store.peers.podId(WEB, 'shop/web-1');
    store.forgetRows();
    expect(store.peers.podId({ ...WEB }, 'shop/web-1')).toBe(id);
    expect(store.peers.podId(CART, 'shop/web-1')).not.toBe(id);
    expect(store.peers.readPods().byId.get(id)).toBe('shop/web-1');
  });
});
