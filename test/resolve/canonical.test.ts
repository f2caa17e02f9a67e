import { describe, expect, it } from 'vitest';
import type { EdgeKey } from '../../src/model/edge.ts';
import { edgeKey } from '../../src/model/edge.ts';
import type { Peer } from '../../src/model/peer.ts';
import { Canon, type PendingEnds, type WorkloadAttributes } from '../../src/resolve/canonical.ts';
import { NO_SIGHTINGS, type Sightings } from '../../src/resolve/sightings.ts';
import { directoryOf, life, sightings, told, type DirectoryOptions } from '../support/directory.ts';
import { APISERVER, at, edge, NODE, OTHERS, outside, workload } from '../support/evidence.ts';
import { nodeObject, ownerObject, podObject, serviceObject } from '../support/inventory.ts';

const T = Date.UTC(2026, 2, 2);
const WEB = { app: 'web' };
const objects = [
  nodeObject('node-a', '192.168.0.1', '10.244.0.0/24', new Date(T).toISOString()),
  nodeObject('node-b', '192.168.0.2', '10.244.1.0/24'),
  podObject({
    namespace: 'shop',
    name: 'web-6b746f74dc-9rcxx',
    ip: '10.244.0.11',
    hostIP: '192.168.0.1',
    labels: WEB,
    owner: ['ReplicaSet', 'web-6b746f74dc'],
    start: '2026-03-01T00:00:00Z',
    account: 'web-sa',
  }),
  ownerObject('ReplicaSet', 'shop', 'web-6b746f74dc', WEB, { owner: ['Rollout', 'web'] }),
  serviceObject('shop', 'web', '10.96.0.10', WEB, [{ port: 80, targetPort: 8080 }]),
  {
    kind: 'Endpoints',
    metadata: { name: 'kubernetes', namespace: 'default' },
    subsets: [{ addresses: [{ ip: '192.168.0.9' }], ports: [{ port: 6443 }] }],
  },
];

interface Known {
  readonly inventory?: readonly object[];
  readonly options?: DirectoryOptions;
  readonly lives?: Sightings;
  readonly attributes?: readonly WorkloadAttributes[];
  readonly named?: readonly string[];
}

const canon = ({ inventory = objects, options = {}, lives = NO_SIGHTINGS, attributes = [], named = [] }: Known = {}): Canon =>
  new Canon(directoryOf(inventory, options), [...lives.values()].flat(), attributes, new Set(named));
const end = (peer: Peer, known?: Known): string => told(canon(known).end(peer).peer);

describe('a stored peer is', () => {
  it.each<[string, Peer, string]>([
    ['the workload that a guess meant', workload('shop/web'), 'Rollout shop/web'],
    ['the workload that it is', workload('shop/api'), 'Deployment shop/api'],
    ['outside', outside('198.51.100.7'), 'external 198.51.100.7'],
    ['a node, which was taken for an outside address', outside('192.168.0.2'), 'node'],
    ['the API server, which was taken for an outside address', outside('192.168.0.9'), 'apiserver'],
    ['nobody, though it was taken for outside: it lies within the pods’ ranges', outside('10.244.0.99'), 'unresolved 10.244.0.99'],
    ['nobody, though it was taken for outside: it is a Service’s', outside('10.96.0.10'), 'unresolved 10.96.0.10'],
    ['the addresses over the cap', OTHERS, 'external others'],
    ['a node', NODE, 'node'],
  ])('%s', (_, peer, expected) => {
    expect(end(peer)).toBe(expected);
  });

  it('not outside if records showed a pod at its address', () => {
    const lives = sightings(life('172.20.0.5', 'shop/web-1', T, T));
    expect(end(outside('172.20.0.5'), { lives })).toBe('unresolved 172.20.0.5');
    expect(end(outside('172.20.0.6'), { lives })).toBe('external 172.20.0.6');
  });

  it('the same object whenever it is asked about, since rows share theirs', () => {
    const all = canon();
    const peer = workload('shop/web');
    expect(all.end(peer)).toBe(all.end(peer));
  });
});

describe('the cluster without a name', () => {
  const cluster = (peer: Peer, known: Known): unknown => {
    const canonical = canon(known).end(peer).peer;
    return 'cluster' in canonical ? canonical.cluster : undefined;
  };
  it.each<[string, Known, string]>([
    ['is the one of the inventory', { options: { cluster: 'east' }, named: ['west'] }, 'east'],
    ['is the only one that records name', { named: ['west'] }, 'west'],
    ['has no name where records name several', { named: ['east', 'west'] }, 'default'],
    ['has no name where nobody names one', {}, 'default'],
  ])('%s', (_, known, expected) => {
    expect(cluster(workload('shop/api'), known)).toBe(expected);
    expect(cluster(NODE, known)).toBe(expected);
    expect(canon(known).localCluster).toBe(expected);
  });

  it('is stored without its name, which may change', () => {
    const all = canon({ options: { cluster: 'east' } });
    const ours = edge(workload('shop/api', 'east'), workload('shop/api', 'west'));
    expect(all.storedEdge(ours)).toEqual(edge(workload('shop/api'), workload('shop/api', 'west')));
    expect(all.toStored(outside('198.51.100.7'))).toEqual(outside('198.51.100.7'));
    expect(all.end(all.toStored(ours.source)).peer).toEqual(ours.source);
  });

  it('is the only one whose inventory corrects a guess', () => {
    expect(end(workload('shop/web', 'west'), { options: { cluster: 'east' } })).toBe('Deployment shop/web');
    expect(end(workload('shop/web', 'east'), { options: { cluster: 'east' } })).toBe('Rollout shop/web');
  });
});

describe('labels and certificates', () => {
  const labels: Peer = { type: 'labels', cluster: '', namespace: 'shop', labels: 'app=api,pod-template-hash=6b746f74dc' };
  const api: WorkloadAttributes = { workload: workload('shop/api'), labelSets: ['app=api'], accounts: ['api-sa'] };
  const twin: WorkloadAttributes = { workload: workload('shop/twin'), labelSets: ['app=api'], accounts: ['api-sa'] };
  const settled = (address: string, account: string, attributes: readonly WorkloadAttributes[]): string =>
    told(canon({ attributes }).pending({ ...edge(at(address, account), 'shop/api'), sourcePod: '', destinationPod: '', address: '' }, T, T).source);

  it('are the one workload’s that has them, whatever the revision', () => {
    expect(canon({ attributes: [api] }).end(labels)).toMatchObject({ peer: workload('shop/api', 'default'), byLabels: true });
    expect(end({ ...labels, namespace: 'pay' }, { attributes: [api] })).toBe('unresolved ');
    expect(end({ ...labels, labels: 'app=other' }, { attributes: [api] })).toBe('unresolved ');
  });

  it('are nobody’s if two workloads have them', () => {
    for (const attributes of [
      [api, twin],
      [twin, api],
    ]) {
      expect(end(labels, { attributes })).toBe('unresolved ');
      expect(settled('10.244.0.99', 'shop/api-sa', attributes)).toBe('unresolved 10.244.0.99');
    }
  });

  it('are still one’s if both are one by now', () => {
    const guessed: WorkloadAttributes = { workload: workload('shop/web'), labelSets: ['app=api'], accounts: [] };
    const stated: WorkloadAttributes = { workload: workload('shop/Rollout/web'), labelSets: ['app=api'], accounts: [] };
    expect(end(labels, { attributes: [guessed, stated] })).toBe('Rollout shop/web');
  });

  it('tell who is at an address that nobody is known to own', () => {
    expect(settled('10.244.0.99', 'shop/api-sa', [api])).toBe('Deployment shop/api');
    expect(settled('10.244.0.99', 'shop/web-sa', [])).toBe('Rollout shop/web'); // the inventory’s pods have accounts too
    expect(settled('10.244.0.99', 'pay/api-sa', [api])).toBe('unresolved 10.244.0.99');
    expect(settled('10.244.0.99', '', [api])).toBe('unresolved 10.244.0.99');
  });

  it('count less than a life', () => {
    expect(settled('10.244.0.11', 'shop/api-sa', [api])).toBe('Rollout shop/web');
  });
});

describe('a pending flow is settled', () => {
  const settle = (
    row: EdgeKey,
    { sourcePod = '', destinationPod = '', address = '', first = T, last = first, ...known }: Known & Partial<PendingEnds> & { readonly first?: number; readonly last?: number } = {},
  ): ReturnType<Canon['pending']> => canon(known).pending({ ...row, sourcePod, destinationPod, address }, first, last);
  const text = (row: ReturnType<Canon['pending']>): string =>
    row.skip === null ? `${told(row.source)} -> ${told(row.destination)} ${row.port}` : `skip ${row.skip}`;
  const lives = sightings(life('10.244.0.21', 'shop/api-1', T, T + 60_000));

  it.each<[string, EdgeKey, string]>([
    ['by a life that records showed', edge(at('10.244.0.21'), 'shop/cart'), 'Deployment shop/api -> Deployment shop/cart 8080'],
    ['by the API', edge('shop/cart', at('10.244.0.11')), 'Deployment shop/cart -> Rollout shop/web 8080'],
    ['at the pod port behind a Service', edge('shop/cart', at('10.96.0.10'), 80), 'Deployment shop/cart -> Rollout shop/web 8080'],
    ['at both ends', edge(at('10.244.0.21'), at('10.244.0.11')), 'Deployment shop/api -> Rollout shop/web 8080'],
    ['as the outside, once the ranges are known', edge('shop/cart', at('172.16.0.9'), 443), 'Deployment shop/cart -> external 172.16.0.9 443'],
    ['as nobody', edge(at('10.244.0.99'), 'shop/cart'), 'unresolved 10.244.0.99 -> Deployment shop/cart 8080'],
    ['as another node', edge(at('192.168.0.2'), at('10.244.0.11')), 'node -> Rollout shop/web 8080'],
    ['as kubelet of the pod’s own node', edge(at('192.168.0.1'), at('10.244.0.11')), 'skip local-node'],
    ['as kubelet of the pod’s own node, by its bridge', edge(at('10.244.0.1'), at('10.244.0.11')), 'skip local-node'],
    ['as a loopback', edge('shop/cart', at('127.0.0.1')), 'skip self'],
  ])('%s', (_, row, expected) => {
    expect(text(settle(row, { lives }))).toBe(expected);
  });

  it('by who was there all the time, from its first to its last record', () => {
    const row = edge(at('10.244.0.21'), 'shop/cart');
    const at2 = (first: number, last: number): string => told(settle(row, { lives, first, last }).source);
    expect(at2(T, T + 60_000)).toBe('Deployment shop/api');
    expect(at2(T - 60_000, T + 120_000)).toBe('Deployment shop/api');
    expect(at2(T - 60_001, T)).toBe('unresolved 10.244.0.21');
    expect(at2(T, T + 120_001)).toBe('unresolved 10.244.0.21');
  });

  it('with the pod that opened it, by its record or by its life', () => {
    expect(settle(edge(at('10.244.0.21'), 'shop/cart'), { lives }).sourcePod).toBe('shop/api-1');
    expect(settle(edge('shop/cart', at('10.244.0.21')), { lives, sourcePod: 'shop/cart-0' }).sourcePod).toBe('shop/cart-0');
    expect(settle(edge('shop/cart', at('10.244.0.21')), { lives })).toMatchObject({ sourcePod: '', destinationPod: 'shop/api-1' });
  });

  it('with the address that stood for a class', () => {
    expect(settle(edge(at('192.168.0.2'), 'shop/cart')).addresses).toEqual(['192.168.0.2']);
    expect(settle(edge(at('10.244.0.99'), 'shop/cart')).addresses).toEqual([]);
    expect(settle(edge(NODE, at('10.244.0.21')), { lives, address: '192.168.0.7' }).addresses).toEqual(['192.168.0.7']);
    expect(settle(edge(at('10.244.0.21'), APISERVER), { lives, address: '192.168.0.9' }).addresses).toEqual(['192.168.0.9']);
  });

  it('as no edge between a pod and itself, whichever end was known', () => {
    expect(text(settle(edge('shop/api', at('10.244.0.21')), { lives, sourcePod: 'shop/api-1' }))).toBe('skip self');
    expect(text(settle(edge(at('10.244.0.21'), 'shop/api'), { lives, destinationPod: 'shop/api-1' }))).toBe('skip self');
    expect(text(settle(edge(at('10.244.0.21'), 'shop/api'), { lives, destinationPod: 'shop/api-2' }))).toBe('Deployment shop/api -> Deployment shop/api 8080');
  });

  it('as no edge where neither end can be a workload', () => {
    expect(text(settle(edge(at('192.168.0.2'), outside('198.51.100.7'))))).toBe('skip no-workload');
  });

  it('as kubelet of the node that the named pod is on', () => {
    const [named] = directoryOf(objects).inventory.pods;
    const destinationPod = `${named?.namespace}/${named?.name}`;
    expect(text(settle(edge(at('192.168.0.1'), workload('shop/web')), { destinationPod }))).toBe('skip local-node');
    expect(text(settle(edge(at('192.168.0.2'), workload('shop/web')), { destinationPod }))).toBe('node -> Rollout shop/web 8080');
    expect(text(settle(edge(at('192.168.0.1'), workload('shop/web'))))).toBe('node -> Rollout shop/web 8080');
  });

  it('by labels alone as what only backs others', () => {
    const labels: Peer = { type: 'labels', cluster: '', namespace: 'shop', labels: 'app=api' };
    expect(settle(edge(labels, at('10.244.0.21')), { lives }).byLabels).toBe(true);
    expect(settle(edge('shop/cart', at('10.244.0.21')), { lives }).byLabels).toBe(false);
  });

  it('by the lives of its own cluster alone', () => {
    const elsewhere: Peer = { type: 'address', cluster: 'west', address: '10.244.0.21', account: '' };
    expect(text(settle(edge(elsewhere, 'shop/cart'), { lives, options: { cluster: 'east' } }))).toBe('unresolved 10.244.0.21 -> Deployment shop/cart 8080');
  });

  it('to the same edge whatever was known first', () => {
    const row = edge(at('10.244.0.21'), at('10.244.0.11'));
    const guessed = sightings(life('10.244.0.21', 'shop/web-1', T, T, workload('shop/web')));
    const stated = sightings(life('10.244.0.21', 'shop/web-1', T, T, workload('shop/Rollout/web')));
    expect(edgeKey(settle(row, { lives: guessed }))).toBe(edgeKey(settle(row, { lives: stated })));
  });
});
