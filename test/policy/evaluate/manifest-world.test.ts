import { describe, expect, it } from 'vitest';
import { eachObject, toInventory } from '../../../src/kubernetes/inventory.ts';
import { ManifestWorld } from '../../../src/policy/evaluate/manifest-world.ts';
import type { PolicyProtocol } from '../../../src/policy/evaluate/evaluate.ts';
import { nodeObject, ownerObject, podObject, serviceObject } from '../../support/inventory.ts';
import { endName, networkPolicy } from '../../support/policy.ts';

const world = (...objects: readonly object[]): ManifestWorld => new ManifestWorld(toInventory(eachObject(objects)).inventory, []);

describe('whom a question means', () => {
  const known = world(
    podObject({ namespace: 'shop', name: 'web', ip: '10.0.0.1', labels: { from: 'pod' } }),
    ownerObject('Deployment', 'shop', 'web', { from: 'deployment' }),
    ownerObject('Deployment', 'shop', 'cart', { from: 'deployment' }),
    ownerObject('StatefulSet', 'shop', 'twin', { from: 'statefulset' }),
    ownerObject('DaemonSet', 'shop', 'twin', { from: 'daemonset' }),
    ownerObject('CronJob', 'shop', 'nightly', { from: 'cronjob' }),
    ownerObject('Job', 'bank', 'import', { from: 'job' }),
    ownerObject('ReplicaSet', 'bank', 'set', { from: 'replicaset' }),
  );
  it.each<[string, string | null, string | null]>([
    ['shop/web', 'Pod', 'pod'],
    ['shop/web', 'Deployment', 'deployment'],
    ['shop/web', null, 'pod'],
    ['shop/cart', null, 'deployment'],
    ['shop/cart', 'Pod', null],
    ['shop/cart', 'StatefulSet', null],
    ['shop/twin', 'StatefulSet', 'statefulset'],
    ['shop/twin', 'DaemonSet', 'daemonset'],
    ['shop/twin', null, null],
    ['shop/nightly', 'CronJob', 'cronjob'],
    ['bank/import', 'Job', 'job'],
    ['bank/set', 'ReplicaSet', 'replicaset'],
    ['bank/web', null, null],
    ['op/cart', null, null],
    ['shop/car', null, null],
  ])('%s of kind %s', (name, kind, expected) => {
    const end = known.find(name, kind);
    expect(end?.kind === 'pod' ? end.labels.get('from') : null).toBe(expected);
  });

  it.each<[string, string | null, string | null]>([
    ['198.51.100.7', 'IP', '198.51.100.7'],
    ['198.51.100.7', null, '198.51.100.7'],
    ['198.51.100.7/32', 'IP', '198.51.100.7'],
    ['2001:DB8:0::7', null, '2001:db8::7'],
    ['2001:db8::7/128', 'IP', '2001:db8::7'],
    ['198.51.100.0/24', 'IP', null],
    ['198.51.100', 'IP', null],
    ['web', null, null],
  ])('the address %s of kind %s', (name, kind, expected) => {
    const end = known.find(name, kind);
    expect(end === null ? null : endName(end)).toBe(expected);
  });
});

describe('what a pod of manifests is like', () => {
  const end = (objects: readonly object[], name = 'shop/web') => {
    const found = world(...objects).find(name, null);
    if (found?.kind !== 'pod') throw new Error(`no pod ${name}`);
    return found;
  };

  it('a running pod has its labels, addresses, node and ports', () => {
    const running = end([
      podObject({
        namespace: 'shop',
        name: 'web',
        ip: '10.0.0.1',
        hostIP: '192.168.0.1',
        labels: { app: 'web' },
        ports: [{ name: 'http', containerPort: 8080 }],
      }),
    ]);
    expect(running).toMatchObject({
      hostAddresses: ['192.168.0.1'],
      ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
      hostNetwork: false,
      completed: false,
    });
    expect(running.addresses.map(({ text }) => text)).toEqual(['10.0.0.1']);
  });

  it('has the addresses of both families', () => {
    const base = podObject({ namespace: 'shop', name: 'web', ip: '10.0.0.1' }) as { readonly status: object };
    const dual = { ...base, status: { ...base.status, podIPs: [{ ip: '10.0.0.1' }, { ip: '2001:DB8::1' }] } };
    expect(end([dual]).addresses.map(({ text }) => text)).toEqual(['10.0.0.1', '2001:db8::1']);
  });

  it('has the named ports of its sidecars too, which are init containers that go on', () => {
    const base = podObject({ namespace: 'shop', name: 'web' }) as { readonly spec: object };
    const sidecar = { name: 'proxy', restartPolicy: 'Always', ports: [{ name: 'admin', containerPort: 9901 }] };
    const withSidecar = {
      ...base,
      spec: {
        ...base.spec,
        containers: [
          { name: 'main', ports: [{ name: 'http', containerPort: 80 }] },
          { name: 'second', ports: [{ name: 'dns', containerPort: 53, protocol: 'UDP' }] },
        ],
        initContainers: [sidecar],
      },
    };
    expect(end([withSidecar]).ports.map(({ name, port, protocol }) => `${name} ${port}/${protocol}`)).toEqual([
      'http 80/TCP',
      'dns 53/UDP',
      'admin 9901/TCP',
    ]);
  });

  it.each(['Succeeded', 'Failed'])('one that has %s is completed', (phase) => {
    expect(end([podObject({ namespace: 'shop', name: 'web', ip: '10.0.0.1', phase })]).completed).toBe(true);
  });

  it.each(['Pending', 'Running', 'Unknown'])('one that is %s is not', (phase) => {
    expect(end([podObject({ namespace: 'shop', name: 'web', ip: '10.0.0.1', phase })]).completed).toBe(false);
  });

  it('a workload is what its template says', () => {
    const workload = end([
      ownerObject('Deployment', 'shop', 'web', { app: 'web' }, { hostNetwork: true, ports: [{ name: 'http', containerPort: 80 }] }),
    ]);
    expect(workload).toMatchObject({ addresses: [], hostAddresses: [], hostNetwork: true, completed: false, ports: [{ name: 'http', port: 80 }] });
    expect([...workload.labels]).toEqual([['app', 'web']]);
  });
});

describe('the rest of the world', () => {
  it('namespaces have their names without an object, and their labels with one', () => {
    const objects = [
      podObject({ namespace: 'shop', name: 'web' }),
      ownerObject('Deployment', 'bank', 'vault', {}),
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: { team: 'a' } } },
    ];
    const { inventory } = toInventory(eachObject(objects));
    const admits = (namespaceSelector: object): boolean | null => {
      const around = new ManifestWorld(inventory, [networkPolicy({ ingress: [{ from: [{ namespaceSelector }] }] }, 'bank')]);
      return around.policies.evaluate(around.find('shop/web', null)!, around.find('bank/vault', null)!, 80, 'TCP').allowed;
    };
    expect(admits({ matchLabels: { team: 'a' } })).toBe(true);
    expect(admits({ matchLabels: { 'kubernetes.io/metadata.name': 'shop' } })).toBe(true);
    expect(admits({ matchLabels: { 'kubernetes.io/metadata.name': 'bank' } })).toBe(false);
  });

  it.each<[string, number, PolicyProtocol, RegExp | null]>([
    ['10.96.0.1', 80, 'TCP', /^10\.96\.0\.1 is a Service's address: /],
    ['10.96.0.1', 9, 'UDP', /Service's address/],
    ['2001:DB8:0::96', 80, 'TCP', /^2001:db8::96 is a Service's address: /],
    ['198.51.100.80', 80, 'TCP', /Service's address/],
    ['192.168.0.1', 30_080, 'TCP', /^port 30080 of 192\.168\.0\.1 is a Service's on every node: /],
    ['192.168.0.7', 30_080, 'TCP', /on every node/],
    ['192.168.0.1', 30_080, 'UDP', null],
    ['192.168.0.1', 10_250, 'TCP', null],
    ['198.51.100.7', 30_080, 'TCP', null],
    ['10.0.0.1', 80, 'TCP', null],
    ['shop/web', 30_080, 'TCP', null],
  ])('of %s %i/%s, whether policies see it before translation', (name, port, protocol, expected) => {
    const service = serviceObject('shop', 'web', '10.96.0.1', { app: 'web' }, [{ port: 80, nodePort: 30_080 }], 'LoadBalancer') as { readonly spec: object };
    const known = world(
      { ...service, spec: { ...service.spec, clusterIPs: ['10.96.0.1', '2001:db8::96'] }, status: { loadBalancer: { ingress: [{ ip: '198.51.100.80' }] } } },
      podObject({ namespace: 'shop', name: 'web', ip: '10.0.0.1', hostIP: '192.168.0.1' }),
      nodeObject('node-b', '192.168.0.7'),
    );
    const answer = known.translation(known.find(name, null)!, port, protocol);
    if (expected === null) expect(answer).toBeNull();
    else expect(answer).toMatch(expected);
  });

  it('an owner that the manifests lack is known by its pods; one that they hold, by its template', () => {
    const owned = podObject({ namespace: 'shop', name: 'web-1', ip: '10.0.0.1', labels: { from: 'pod' }, owner: ['ReplicaSet', 'web'] });
    const labelOf = (known: ManifestWorld): unknown => {
      const end = known.find('shop/web', 'ReplicaSet');
      return end?.kind === 'pod' ? end.labels.get('from') : null;
    };
    expect(labelOf(world(owned))).toBe('pod');
    expect(labelOf(world(owned, ownerObject('ReplicaSet', 'shop', 'web', { from: 'template' })))).toBe('template');
  });
});
