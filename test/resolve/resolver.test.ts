import { describe, expect, it } from 'vitest';
import type { Endpoint } from '../../src/model/flow.ts';
import { Resolver, windowOf, type Resolved } from '../../src/resolve/resolver.ts';
import { directoryOf, told } from '../support/directory.ts';
import { endpoint, flow } from '../support/flow.ts';
import { T0 } from '../support/hubble.ts';
import { nodeObject, ownerObject, podObject, serviceObject } from '../support/inventory.ts';

const HOUR = 3_600_000;
const WEB = { app: 'web' };
const iso = (time: number): string => new Date(time).toISOString();
/** A cluster as it was listed an hour after T0. */
const objects = [
  nodeObject('node-a', '192.168.0.1', '10.244.0.0/24', iso(T0 + HOUR)),
  podObject({
    namespace: 'shop',
    name: 'web-6b746f74dc-9rcxx',
    ip: '10.244.0.11',
    hostIP: '192.168.0.1',
    labels: WEB,
    owner: ['ReplicaSet', 'web-6b746f74dc'],
    start: iso(T0 - HOUR),
  }),
  podObject({ namespace: 'kube-system', name: 'agent-x7k2p', ip: '192.168.0.1', hostNetwork: true, owner: ['DaemonSet', 'agent'] }),
  ownerObject('ReplicaSet', 'shop', 'web-6b746f74dc', WEB, { owner: ['Rollout', 'web'] }),
  serviceObject('shop', 'web', '10.96.0.10', WEB, [
    { port: 80, targetPort: 8080 },
    { port: 443, targetPort: 8443 },
  ]),
];
const known = (cluster?: string): Resolver => new Resolver(directoryOf(objects, cluster === undefined ? {} : { cluster }));
const asSource = (source: Endpoint, resolver = known(), time = T0): Resolved => resolver.source(flow({ source, time }));
const asServer = (destination: Endpoint, port = 80, resolver = known()): Resolved => resolver.destination(flow({ destination, port }));
const text = ({ peer, port, skip }: Resolved): string => (skip === null ? `${told(peer)}${port === null ? '' : ` ${port}`}` : `skip ${skip}`);

describe('a record that names a pod is taken at its word', () => {
  it.each<[string, Endpoint, string]>([
    ['a pod that nobody listed', endpoint({ namespace: 'shop', pod: 'api-6b746f74dc-9rcxx' }), 'Deployment shop/api'],
    ['a pod that is listed: the inventory knows better', endpoint({ namespace: 'shop', pod: 'web-6b746f74dc-9rcxx' }), 'Rollout shop/web'],
    ['a pod with its workload', endpoint({ namespace: 'shop', pod: 'x', workload: ['StatefulSet', 'db'] }), 'StatefulSet shop/db'],
    ['a workload alone', endpoint({ namespace: 'shop', workload: ['Job', 'backup-28475520'] }), 'CronJob shop/backup'],
    ['a pod without its namespace, which one pod alone has', endpoint({ pod: 'web-6b746f74dc-9rcxx' }), 'Rollout shop/web'],
    ['whatever its address is', endpoint({ namespace: 'shop', pod: 'api-0', address: '10.244.0.11' }), 'StatefulSet shop/api'],
    ['whatever class it states', endpoint({ namespace: 'shop', pod: 'api-0', reserved: 'world' }), 'StatefulSet shop/api'],
    ['a hostNetwork pod is its node', endpoint({ namespace: 'kube-system', pod: 'agent-x7k2p' }), 'node'],
  ])('%s', (_, source, expected) => {
    expect(text(asSource(source))).toBe(expected);
  });

  it('at all times', () => {
    const resolved = asSource(endpoint({ namespace: 'shop', pod: 'api-0' }));
    expect([resolved.from, resolved.until, resolved.pod]).toEqual([-Infinity, Infinity, 'shop/api-0']);
  });

  it('with every address of its node', () => {
    expect(asSource(endpoint({ namespace: 'shop', pod: 'web-6b746f74dc-9rcxx' })).hostAddresses).toContain('192.168.0.1');
  });

  it('but is nobody without a namespace that anybody knows', () => {
    expect(text(asSource(endpoint({ pod: 'stranger-0', address: '10.244.0.99' })))).toBe('address 10.244.0.99');
  });
});

describe('a record that states a class', () => {
  it.each<[Endpoint['reserved'], string]>([
    ['host', 'node'],
    ['remote-node', 'node'],
    ['ingress', 'node'],
    ['kube-apiserver', 'apiserver'],
    ['world', 'external 198.51.100.7'],
  ])('%s: %s', (reserved, expected) => {
    expect(text(asSource(endpoint({ reserved, address: '198.51.100.7' })))).toBe(expected);
  });

  it('that the cluster’s ranges prove wrong is not outside', () => {
    expect(text(asSource(endpoint({ reserved: 'world', address: '10.244.0.99' })))).toBe('address 10.244.0.99');
    expect(text(asSource(endpoint({ reserved: 'world', address: '10.244.0.11' })))).toBe('Rollout shop/web');
  });
});

describe('a private address, while the cluster is not known,', () => {
  it('is outside exactly if the record says so', () => {
    const nothing = new Resolver(directoryOf());
    expect(text(asSource(endpoint({ reserved: 'world', address: '10.0.0.5' }), nothing))).toBe('external 10.0.0.5');
    expect(text(asSource(endpoint({ address: '10.0.0.5' }), nothing))).toBe('address 10.0.0.5');
  });
});

describe('a record with labels and no pod', () => {
  it('is who has these labels, which shows when the graph is read', () => {
    const { peer } = asSource(endpoint({ namespace: 'shop', labels: WEB, address: '192.168.0.1' }));
    expect(peer).toEqual({ type: 'labels', cluster: '', namespace: 'shop', labels: 'app=web' });
  });
});

describe('a record with an address alone', () => {
  it.each([
    ['a pod’s, within its life', '10.244.0.11', 80, 'Rollout shop/web'],
    ['a Service’s', '10.96.0.10', 80, 'Rollout shop/web 8080'],
    ['a Service’s, at another port', '10.96.0.10', 443, 'Rollout shop/web 8443'],
    ['a node’s', '192.168.0.1', 80, 'node'],
    ['an outside one', '198.51.100.7', 80, 'external 198.51.100.7'],
    ['one that nobody is known to own', '10.244.0.99', 80, 'address 10.244.0.99'],
    ['a loopback', '127.0.0.1', 80, 'skip self'],
  ])('%s', (_, address, port, expected) => {
    expect(text(asServer(endpoint({ address }), port))).toBe(expected);
  });

  it('asks again for each port, though the end is the same object', () => {
    const resolver = known();
    const destination = endpoint({ address: '10.96.0.10' });
    expect([80, 443, 80, 81].map((port) => text(asServer(destination, port, resolver)))).toEqual([
      'Rollout shop/web 8080',
      'Rollout shop/web 8443',
      'Rollout shop/web 8080',
      'address 10.96.0.10',
    ]);
  });

  it('asks again for another time, though the end is the same object', () => {
    const resolver = known();
    const source = endpoint({ address: '10.244.0.11' });
    const times = [T0, T0 + 2 * HOUR, T0 - 2 * HOUR, T0 + HOUR, T0 - HOUR];
    expect(times.map((time) => text(asSource(source, resolver, time)))).toEqual([
      'Rollout shop/web',
      'address 10.244.0.11', // after the list was made: perhaps somebody else
      'address 10.244.0.11', // before the pod began
      'Rollout shop/web',
      'Rollout shop/web',
    ]);
  });

  it('asks again at the other end, though the end is the same object', () => {
    const resolver = known();
    const end = endpoint({ address: '10.96.0.10' });
    expect(text(resolver.destination(flow({ destination: end, port: 80 })))).toBe('Rollout shop/web 8080');
    expect(text(resolver.source(flow({ source: end })))).toBe('address 10.96.0.10');
  });

  it('keeps the account of its certificate, which may tell later who it is', () => {
    expect(asSource(endpoint({ address: '10.244.0.99', namespace: 'shop', serviceAccount: 'web' })).peer).toEqual({
      type: 'address',
      cluster: '',
      address: '10.244.0.99',
      account: 'shop/web',
    });
  });

  it('gives one object for one peer', () => {
    const resolver = known();
    const peers = [1, 2].map(() => asSource(endpoint({ address: '198.51.100.7' }), resolver).peer);
    expect(peers[0]).toBe(peers[1]);
  });
});

describe('a record of another cluster', () => {
  const pod = (cluster: string): Endpoint => endpoint({ cluster, namespace: 'shop', pod: 'web-6b746f74dc-9rcxx' });
  it('knows nothing of this one’s inventory', () => {
    expect(asSource(pod('west'), known('east')).peer).toEqual({
      type: 'workload',
      cluster: 'west',
      namespace: 'shop',
      kind: 'Deployment',
      name: 'web',
    });
    expect(text(asSource(endpoint({ cluster: 'west', address: '10.244.0.11' }), known('east')))).toBe('address 10.244.0.11');
    expect(text(asServer(endpoint({ cluster: 'west', address: '10.96.0.10' }), 80, known('east')))).toBe('address 10.96.0.10');
  });

  it('is ours if it names ours, or none, or nobody said what ours is called', () => {
    for (const [cluster, own] of [
      ['east', 'east'],
      ['', 'east'],
      ['', undefined],
      ['west', undefined],
    ] as const) {
      expect(asSource(pod(cluster), known(own)).peer).toEqual({
        type: 'workload',
        cluster: own === cluster ? '' : cluster,
        namespace: 'shop',
        kind: 'Rollout',
        name: 'web',
      });
    }
  });
});

describe('a window', () => {
  const END = T0 + 2 * HOUR;
  const lived = (name: string, from: number, until: number): object => {
    const pod = podObject({ namespace: 'shop', name, ip: '10.244.0.9', owner: ['StatefulSet', name.slice(0, -2)], start: iso(from), phase: 'Succeeded' });
    const { status } = pod as { readonly status: object };
    return { ...pod, status: { ...status, containerStatuses: [{ state: { terminated: { finishedAt: iso(until) } } }] } };
  };
  const overlapping = [nodeObject('node-a', '192.168.0.1', '10.244.0.0/24', iso(END)), lived('old-0', T0, T0 + HOUR), lived('new-0', T0 + HOUR / 2, END)];

  it('ends where a second pod claims the address: who asks first makes no difference', () => {
    const resolver = new Resolver(directoryOf(overlapping));
    const source = endpoint({ address: '10.244.0.9' });
    const at = (time: number): string => text(resolver.source(flow({ source, time })));
    expect([at(T0 + 1000), at(T0 + HOUR / 2 + 1000), at(T0 + HOUR + 1000)]).toEqual(['StatefulSet shop/old', 'address 10.244.0.9', 'StatefulSet shop/new']);
  });

  it('is an hour, within which both ends are who they are', () => {
    const resolver = known();
    const times = (source: Endpoint, time: number): readonly number[] => {
      const one = flow({ source, destination: endpoint({ namespace: 'shop', pod: 'api-0' }), time });
      const { from, until } = windowOf(time, resolver.source(one), resolver.destination(one));
      return [from - time, until - time];
    };
    const hour = Math.floor(T0 / HOUR) * HOUR;
    const start = T0 - HOUR;
    expect(times(endpoint({ namespace: 'shop', pod: 'web-1' }), hour + 5_000)).toEqual([-5_000, HOUR - 5_001]);
    expect(times(endpoint({ address: '10.244.0.11' }), start)).toEqual([0, Math.floor(start / HOUR) * HOUR + HOUR - 1 - start]);
    expect(times(endpoint({ address: '10.244.0.11' }), start - 1)[1]).toBe(0);
    expect(times(endpoint({ address: '10.244.0.77' }), hour + 5_000)).toEqual([-5_000, 54_999]);
  });
});
