import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../src/model/address.ts';
import { directoryOf, told } from '../support/directory.ts';
import { workload } from '../support/evidence.ts';
import { nodeObject, ownerObject, podObject, serviceObject } from '../support/inventory.ts';

const WEB = { app: 'web' };
const webPod = podObject({
  namespace: 'shop',
  name: 'web-6b746f74dc-9rcxx',
  ip: '10.244.0.11',
  labels: WEB,
  owner: ['ReplicaSet', 'web-6b746f74dc'],
});
const ownerOf = (pod: object, ...others: readonly object[]): string => {
  const directory = directoryOf([pod, ...others]);
  const [fact] = directory.inventory.pods;
  return fact === undefined ? 'none' : told({ type: 'workload', ...directory.workloadOfPod(fact) });
};

describe('the top owner of a pod', () => {
  const replicaSet = (owner?: readonly [string, string]): object =>
    ownerObject('ReplicaSet', 'shop', 'web-6b746f74dc', WEB, owner === undefined ? {} : { owner });
  it.each<[string, string, object, readonly object[]]>([
    [
      'a Deployment over its ReplicaSet',
      'Deployment shop/web',
      webPod,
      [replicaSet(['Deployment', 'web']), ownerObject('Deployment', 'shop', 'web', WEB)],
    ],
    ['a Deployment that is not listed', 'Deployment shop/web', webPod, [replicaSet(['Deployment', 'web'])]],
    ['a Deployment by the name of a ReplicaSet that is not listed', 'Deployment shop/web', webPod, []],
    ['a Deployment with another name than its ReplicaSet’s hash says', 'Deployment shop/website', webPod, [replicaSet(['Deployment', 'website'])]],
    ['a ReplicaSet that nobody owns', 'ReplicaSet shop/web-6b746f74dc', webPod, [replicaSet()]],
    ['a Rollout', 'Rollout shop/web', webPod, [replicaSet(['Rollout', 'web'])]],
    ['a Rollout that is listed', 'Rollout shop/web', webPod, [replicaSet(['Rollout', 'web']), ownerObject('Rollout', 'shop', 'web', WEB)]],
    [
      'a ReplicaSet of another namespace is not it',
      'Deployment shop/web',
      webPod,
      [ownerObject('ReplicaSet', 'pay', 'web-6b746f74dc', WEB, { owner: ['Rollout', 'web'] })],
    ],
    [
      'a CronJob over its Job',
      'CronJob shop/backup',
      podObject({ namespace: 'shop', name: 'backup-28475520-x7k2p', owner: ['Job', 'backup-28475520'] }),
      [ownerObject('Job', 'shop', 'backup-28475520', {}, { owner: ['CronJob', 'backup'] })],
    ],
    [
      'a CronJob by the name of its Job',
      'CronJob shop/backup',
      podObject({ namespace: 'shop', name: 'backup-28475520-x7k2p', owner: ['Job', 'backup-28475520'] }),
      [],
    ],
    [
      'a Job that somebody made',
      'Job shop/migrate',
      podObject({ namespace: 'shop', name: 'migrate-x7k2p', owner: ['Job', 'migrate'] }),
      [ownerObject('Job', 'shop', 'migrate', {})],
    ],
    [
      'a Job that only looks like a CronJob’s',
      'Job shop/etl-20240101',
      podObject({ namespace: 'shop', name: 'etl-20240101-x7k2p', owner: ['Job', 'etl-20240101'] }),
      [ownerObject('Job', 'shop', 'etl-20240101', {})],
    ],
    ['a StatefulSet', 'StatefulSet shop/db', podObject({ namespace: 'shop', name: 'db-0', owner: ['StatefulSet', 'db'] }), []],
    ['a DaemonSet', 'DaemonSet shop/agent', podObject({ namespace: 'shop', name: 'agent-x7k2p', owner: ['DaemonSet', 'agent'] }), []],
    ['itself', 'Pod shop/debug', podObject({ namespace: 'shop', name: 'debug' }), []],
    ['itself, whatever its name looks like', 'Pod shop/db-0', podObject({ namespace: 'shop', name: 'db-0' }), []],
    [
      'the manifest of a static pod',
      'Pod kube-system/kube-apiserver',
      podObject({ namespace: 'kube-system', name: 'kube-apiserver-node-1.example.com', owner: ['Node', 'node-1.example.com'] }),
      [],
    ],
    [
      'a static pod that is not named after its node',
      'Pod kube-system/proxy',
      podObject({ namespace: 'kube-system', name: 'proxy', owner: ['Node', 'node-a'] }),
      [],
    ],
  ])('is %s', (_, expected, pod, others) => {
    expect(ownerOf(pod, ...others)).toBe(expected);
  });

  it('is found though owners form a ring', () => {
    const ring = [
      ownerObject('ReplicaSet', 'shop', 'web-6b746f74dc', WEB, { owner: ['Deployment', 'web'] }),
      ownerObject('Deployment', 'shop', 'web', WEB, { owner: ['ReplicaSet', 'web-6b746f74dc'] }),
    ];
    expect(ownerOf(webPod, ...ring)).toMatch(/^(ReplicaSet|Deployment) shop\/web/);
  });
});

describe('who a pod of a name belongs to', () => {
  const directory = directoryOf([webPod, ownerObject('ReplicaSet', 'shop', 'web-6b746f74dc', WEB, { owner: ['Rollout', 'web'] })]);
  const of = (pod: string | null, stated: readonly [string, string] | null = null): string => {
    const { kind, name } = directory.workloadOfName('shop', pod, stated === null ? null : { kind: stated[0], name: stated[1] });
    return `${kind} ${name}`;
  };

  it('is the inventory’s word, before the record’s, before what the name tells', () => {
    expect(of('web-6b746f74dc-9rcxx', ['StatefulSet', 'x'])).toBe('Rollout web');
    expect(of('api-6b746f74dc-9rcxx', ['StatefulSet', 'x'])).toBe('StatefulSet x');
    expect(of('api-6b746f74dc-9rcxx')).toBe('Deployment api');
  });

  it('is the top of what the record states', () => {
    expect(of(null, ['ReplicaSet', 'web-6b746f74dc'])).toBe('Rollout web');
    expect(of(null, ['ReplicaSet', 'api-6b746f74dc'])).toBe('Deployment api');
    expect(of('x', ['Job', 'backup-28475520'])).toBe('CronJob backup');
  });

  it('is told in a namespace, for pods of one name can be in several', () => {
    expect(directory.workloadOfName('pay', 'web-6b746f74dc-9rcxx', null)).toEqual({ kind: 'Deployment', name: 'web' });
    const twice = directoryOf([webPod, podObject({ namespace: 'pay', name: 'web-6b746f74dc-9rcxx' }), podObject({ namespace: 'pay', name: 'only' })]);
    expect(twice.namespaceOfPod('web-6b746f74dc-9rcxx')).toBeNull();
    expect(twice.namespaceOfPod('only')).toBe('pay');
    expect(twice.namespaceOfPod('stranger')).toBeNull();
  });
});

describe('a guess that the inventory corrects', () => {
  const corrected = (kind: string, name: string, ...objects: readonly object[]): string =>
    told({ type: 'workload', ...directoryOf(objects).canonical(workload(`shop/${kind}/${name}`)) });

  it.each<[string, string, string, string, readonly object[]]>([
    [
      'a Job’s pod taken for a DaemonSet’s',
      'DaemonSet',
      'migrate',
      'Job shop/migrate',
      [podObject({ namespace: 'shop', name: 'migrate-x7k2p', owner: ['Job', 'migrate'] }), ownerObject('Job', 'shop', 'migrate', {})],
    ],
    ['a Job whose pods are gone', 'DaemonSet', 'migrate', 'Job shop/migrate', [ownerObject('Job', 'shop', 'migrate', {})]],
    [
      'a Rollout’s pod taken for a Deployment’s',
      'Deployment',
      'web',
      'Rollout shop/web',
      [webPod, ownerObject('ReplicaSet', 'shop', 'web-6b746f74dc', WEB, { owner: ['Rollout', 'web'] })],
    ],
    ['a Rollout whose pods are gone', 'Deployment', 'web', 'Rollout shop/web', [ownerObject('Rollout', 'shop', 'web', WEB)]],
    ['a bare pod taken for a StatefulSet’s', 'StatefulSet', 'web', 'Pod shop/web-0', [podObject({ namespace: 'shop', name: 'web-0' })]],
    ['a static pod', 'Pod', 'etcd-node-a', 'Pod shop/etcd', [podObject({ namespace: 'shop', name: 'etcd-node-a', owner: ['Node', 'node-a'] })]],
    [
      'a DaemonSet whose name ends like a hash',
      'Deployment',
      'svclb-traefik',
      'DaemonSet shop/svclb-traefik-4c8d5f7b',
      [podObject({ namespace: 'shop', name: 'svclb-traefik-4c8d5f7b-xkz2h', owner: ['DaemonSet', 'svclb-traefik-4c8d5f7b'] })],
    ],
    [
      'a ReplicaSet that a record names',
      'ReplicaSet',
      'web-6b746f74dc',
      'Rollout shop/web',
      [ownerObject('ReplicaSet', 'shop', 'web-6b746f74dc', WEB, { owner: ['Rollout', 'web'] })],
    ],
    ['one that was right', 'Deployment', 'web', 'Deployment shop/web', [ownerObject('Deployment', 'shop', 'web', WEB)]],
  ])('%s', (_, kind, name, expected, objects) => {
    expect(corrected(kind, name, ...objects)).toBe(expected);
  });

  it('is left alone where it stands for two owners', () => {
    const pods = [
      podObject({ namespace: 'shop', name: 'x-0', owner: ['Job', 'a'] }),
      podObject({ namespace: 'shop', name: 'x-1', owner: ['Job', 'b'] }),
    ];
    expect(corrected('StatefulSet', 'x', ...pods)).toBe('StatefulSet shop/x');
    expect(corrected('StatefulSet', 'x', ...pods.toReversed())).toBe('StatefulSet shop/x');
  });

  it('is left alone where such a thing exists', () => {
    const objects = [podObject({ namespace: 'shop', name: 'web-0' }), ownerObject('StatefulSet', 'shop', 'web', WEB)];
    expect(corrected('StatefulSet', 'web', ...objects)).toBe('StatefulSet shop/web');
  });

  it('is corrected in its own namespace alone', () => {
    expect(corrected('DaemonSet', 'migrate', ownerObject('Job', 'pay', 'migrate', {}))).toBe('DaemonSet shop/migrate');
  });
});

describe('addresses of the cluster', () => {
  const directory = directoryOf(
    [
      nodeObject('node-a', '192.168.0.1', '10.244.0.0/24'),
      nodeObject('node-b', '192.168.0.2', '10.244.1.0/24'),
      podObject({ namespace: 'kube-system', name: 'proxy-x7k2p', ip: '192.168.0.7', hostNetwork: true }),
      podObject({ namespace: 'shop', name: 'web', ip: '172.20.0.5', hostIP: '192.168.0.8', node: 'node-b' }),
      serviceObject('shop', 'web', '10.96.0.10', WEB, [{ port: 80 }]),
      {
        kind: 'Endpoints',
        metadata: { name: 'kubernetes', namespace: 'default' },
        subsets: [{ addresses: [{ ip: '192.168.0.9' }], ports: [{ name: 'https', port: 7443 }] }],
      },
      {
        kind: 'Endpoints',
        metadata: { name: 'kubernetes', namespace: 'shop' },
        subsets: [{ addresses: [{ ip: '10.9.9.9' }], ports: [{ port: 9999 }] }],
      },
    ],
    { ranges: ['10.250.0.0/16'] },
  );
  const inside = (text: string): boolean | null => directory.isInside(parseAddress(text)!);

  it.each([
    ['a node’s', '192.168.0.1', true],
    ['a hostNetwork pod’s', '192.168.0.7', true],
    ['one that a pod calls its host', '192.168.0.8', true],
    ['the bridge of a node’s range', '10.244.1.1', true],
    ['the tunnel of a node’s range', '10.244.1.0', true],
    ['the next one: a pod’s', '10.244.1.2', false],
    ['a pod’s', '172.20.0.5', false],
    ['a Service’s', '10.96.0.10', false],
  ])('%s address: node %s %s', (_, address, expected) => {
    expect(directory.isNode(address)).toBe(expected);
  });

  it('name nodes for policies without those within the pods’ ranges', () => {
    expect([...directory.nodeAddresses].toSorted()).toEqual(['192.168.0.1', '192.168.0.2', '192.168.0.7', '192.168.0.8']);
  });

  it('of the API server are those of default/kubernetes, with its port', () => {
    expect([...directory.apiserverAddresses]).toEqual(['192.168.0.9']);
    expect(directory.isApiserver('192.168.0.9')).toBe(true);
    expect(directory.isApiserver('10.9.9.9')).toBe(false);
    expect([directory.isApiserverPort(7443), directory.isApiserverPort(6443)]).toEqual([true, false]);
    const unknown = directoryOf();
    expect([unknown.isApiserverPort(6443), unknown.isApiserverPort(443)]).toEqual([true, false]);
  });

  it.each([
    ['within a node’s podCIDR', '10.244.0.200', true],
    ['within a range that the user named', '10.250.9.9', true],
    ['a Service’s', '10.96.0.10', true],
    ['a pod’s, beside all ranges', '172.20.0.5', true],
    ['private, in none', '10.0.0.1', false],
    ['global', '198.51.100.1', false],
    ['link-local', '169.254.169.254', false],
    ['private IPv6, while no IPv6 range is known', 'fd00::1', null],
    ['global IPv6', '2001:db8::1', false],
  ])('%s: inside %s %s', (_, address, expected) => {
    expect(inside(address)).toBe(expected);
  });

  it('may be anywhere while no range is known, if they are private', () => {
    const nothing = directoryOf([serviceObject('shop', 'web', '10.96.0.10', WEB, [{ port: 80 }])]);
    expect(nothing.isInside(parseAddress('10.0.0.1')!)).toBeNull();
    expect(nothing.isInside(parseAddress('100.64.0.1')!)).toBeNull();
    expect(nothing.isInside(parseAddress('198.51.100.1')!)).toBe(false);
    expect(nothing.isInside(parseAddress('169.254.169.254')!)).toBe(false);
    expect(nothing.isInside(parseAddress('10.96.0.10')!)).toBe(true);
  });

  it('of a pod’s own node are all that the node and the pod say', () => {
    const pod = directory.inventory.pods.find(({ name }) => name === 'web');
    expect(directory.hostAddressesOf(pod!).toSorted()).toEqual(['10.244.1.0', '10.244.1.1', '192.168.0.2', '192.168.0.8']);
  });

  it('in ranges are compact, so that a policy names each once', () => {
    const { podRanges } = directoryOf([nodeObject('a', '192.168.0.1', '10.244.0.0/24')], { ranges: ['10.244.0.0/16', 'fd00::/48'] });
    expect(podRanges.map(({ text }) => text)).toEqual(['10.244.0.0/16', 'fd00::/48']);
  });
});

describe('an operator', () => {
  it('an operator’s resource does not merge the workloads that it owns', () => {
    const directory = directoryOf([
      ownerObject('Deployment', 'shop', 'exporter', { app: 'exporter' }, { owner: ['Kafka', 'events'] }),
      ownerObject('ReplicaSet', 'shop', 'exporter-6b746f74dc', { app: 'exporter' }, { owner: ['Deployment', 'exporter'] }),
      ownerObject('StatefulSet', 'shop', 'broker', { app: 'broker' }, { owner: ['Kafka', 'events'] }),
      podObject({ namespace: 'shop', name: 'exporter-6b746f74dc-9rcxx', owner: ['ReplicaSet', 'exporter-6b746f74dc'] }),
      podObject({ namespace: 'shop', name: 'broker-0', owner: ['StatefulSet', 'broker'] }),
    ]);
    expect(directory.inventory.pods.map((fact) => told({ type: 'workload', ...directory.workloadOfPod(fact) }))).toEqual(['Deployment shop/exporter', 'StatefulSet shop/broker']);
  });
});
