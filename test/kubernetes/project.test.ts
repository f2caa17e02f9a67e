import { describe, expect, it } from 'vitest';
import {
  latestMoment,
  projectEndpoints,
  projectEndpointSlice,
  projectNamespace,
  projectNode,
  projectService,
  projectWorkload,
  selectorOf,
} from '../../src/kubernetes/project.ts';
import { ownerObject } from '../support/inventory.ts';

const at = (iso: string): number => Date.parse(iso);
const [CREATED, STARTED, READY, ENDED, DELETED] = [
  '2026-03-01T00:00:00Z',
  '2026-03-01T00:00:10Z',
  '2026-03-01T00:00:20Z',
  '2026-03-01T01:00:00Z',
  '2026-03-01T02:00:00Z',
];

describe('a workload', () => {
  it('is any object that makes pods of a template', () => {
    for (const kind of ['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job', 'Rollout', 'ReplicationController', 'MyOperatorThing']) {
      expect(projectWorkload(kind, ownerObject(kind, 'shop', 'web', { app: 'web' }))).toMatchObject({
        kind,
        name: 'web',
        owner: null,
        selector: { matchLabels: { app: 'web' } },
        hostNetwork: false,
      });
    }
    expect(projectWorkload('ConfigMap', { metadata: { name: 'x' }, data: {} })).toBeNull();
    expect(projectWorkload('Deployment', { metadata: { name: 'x' }, spec: { template: { spec: { containers: [] } } } })).toBeNull();
    expect(projectWorkload('No kind', ownerObject('Deployment', 'shop', 'web', {}))).toBeNull();
  });

  it('has the template’s labels, ports, account and network', () => {
    const template = {
      metadata: { labels: { app: 'web' } },
      spec: { hostNetwork: true, serviceAccountName: 'web-sa', containers: [{ ports: [{ name: 'http', containerPort: 8080 }] }] },
    };
    expect(projectWorkload('Deployment', { metadata: { name: 'web', namespace: 'shop' }, spec: { template } })).toMatchObject({
      templateLabels: new Map([['app', 'web']]),
      hostNetwork: true,
      serviceAccount: 'web-sa',
      ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
      selector: null,
    });
  });

  it('has its Job’s template and its last run, if it is a CronJob', () => {
    const cron = ownerObject('CronJob', 'shop', 'backup', { app: 'backup' }) as { metadata: object };
    expect(projectWorkload('CronJob', cron)).toMatchObject({ templateLabels: new Map([['app', 'backup']]), lastRun: null });
    expect(projectWorkload('CronJob', { ...cron, status: { lastScheduleTime: ENDED } })?.lastRun).toBe(at(ENDED));
    // A manifest cannot tell whether it ran.
    expect(projectWorkload('CronJob', { ...cron, metadata: { name: 'backup', namespace: 'shop' } })?.lastRun).toBeUndefined();
    expect(projectWorkload('Job', ownerObject('Job', 'shop', 'backup', {}))?.lastRun).toBeUndefined();
  });

  it.each<[string, unknown, unknown]>([
    ['labels', { matchLabels: { app: 'web' } }, { matchLabels: { app: 'web' } }],
    [
      'expressions',
      { matchExpressions: [{ key: 'tier', operator: 'In', values: ['a'] }] },
      { matchExpressions: [{ key: 'tier', operator: 'In', values: ['a'] }] },
    ],
    ['the plain map of a ReplicationController', { app: 'web' }, { matchLabels: { app: 'web' } }],
    ['nothing', {}, {}],
    ['a number for a label', { matchLabels: { version: 2 } }, { matchLabels: { version: '2' } }],
    ['no selector', undefined, null],
    ['text', 'app=web', null],
  ])('selects by %s', (_, value, expected) => {
    expect(selectorOf(value)).toEqual(expected);
  });
});

describe('a Service', () => {
  it('has every address by which it is reached', () => {
    const fact = projectService({
      metadata: { name: 'web', namespace: 'shop' },
      spec: {
        type: 'LoadBalancer',
        clusterIP: '10.96.0.1',
        clusterIPs: ['10.96.0.1', 'FD00::1'],
        externalIPs: ['203.0.113.1'],
        loadBalancerIP: '203.0.113.2',
        selector: { app: 'web' },
      },
      status: { loadBalancer: { ingress: [{ ip: '203.0.113.3' }, { hostname: 'lb.example.com' }] } },
    });
    expect(fact?.addresses).toEqual(['10.96.0.1', 'fd00::1', '203.0.113.1', '203.0.113.2', '203.0.113.3']);
    expect(fact?.type).toBe('LoadBalancer');
  });

  it.each<[string, object, object]>([
    ['headless has none', { clusterIP: 'None', clusterIPs: ['None'] }, { addresses: [], type: 'ClusterIP' }],
    ['without a selector has none, never an empty one', { selector: {} }, { selector: null }],
    [
      'goes to its own port unless it names a target',
      { ports: [{ port: 80 }] },
      { ports: [{ name: null, port: 80, targetPort: 80, nodePort: null, protocol: 'TCP' }] },
    ],
    [
      'goes to a number, quoted or not',
      {
        ports: [
          { port: 80, targetPort: 8080 },
          { port: '81', targetPort: '8081', nodePort: 30_081 },
        ],
      },
      { ports: [{ targetPort: 8080 }, { port: 81, targetPort: 8081, nodePort: 30_081 }] },
    ],
    [
      'goes to a named port',
      { ports: [{ name: 'web', port: 80, targetPort: 'http', protocol: 'SCTP' }] },
      { ports: [{ name: 'web', port: 80, targetPort: 'http', protocol: 'SCTP' }] },
    ],
    ['leaves out a port that is none', { ports: [{ port: 'x' }, null, {}] }, { ports: [] }],
  ])('%s', (_, spec, expected) => {
    expect(projectService({ metadata: { name: 'web', namespace: 'shop' }, spec })).toMatchObject(expected);
  });
});

describe('endpoints', () => {
  it('of a slice are its Service’s, by label', () => {
    const slice = {
      metadata: { name: 'web-abc', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'web' } },
      endpoints: [{ addresses: ['10.0.0.1', '10.0.0.2'] }, { addresses: ['10.0.0.1'] }, {}],
      ports: [{ name: '', port: 8080 }, { name: 'dns', port: 53, protocol: 'UDP' }, { name: 'any' }],
    };
    expect(projectEndpointSlice(slice)).toEqual({
      namespace: 'shop',
      name: 'web-abc',
      service: 'web',
      addresses: ['10.0.0.1', '10.0.0.2'],
      ports: [
        { name: null, port: 8080, protocol: 'TCP' },
        { name: 'dns', port: 53, protocol: 'UDP' },
        { name: 'any', port: null, protocol: 'TCP' },
      ],
    });
    expect(projectEndpointSlice({ metadata: { name: 'web-abc', namespace: 'shop' }, endpoints: [] })).toBeNull();
  });

  it('of the older kind are those of the Service that is called so', () => {
    const endpoints = {
      metadata: { name: 'kubernetes', namespace: 'default' },
      subsets: [{ addresses: [{ ip: '192.168.0.1' }], ports: [{ name: 'https', port: 6443 }] }, { addresses: [{ ip: '192.168.0.2' }] }],
    };
    expect(projectEndpoints(endpoints)).toEqual({
      namespace: 'default',
      name: 'kubernetes',
      service: 'kubernetes',
      addresses: ['192.168.0.1', '192.168.0.2'],
      ports: [{ name: 'https', port: 6443, protocol: 'TCP' }],
    });
  });
});

describe('a node', () => {
  it('has its addresses, its ranges, and its own addresses within these', () => {
    const fact = projectNode({
      metadata: {
        name: 'node-1.example.com',
        annotations: {
          'network.cilium.io/ipv4-cilium-host': '10.244.0.77',
          'projectcalico.org/IPv4IPIPTunnelAddr': '10.244.0.78',
          other: '10.244.0.79',
        },
      },
      spec: { podCIDR: '10.244.0.0/24', podCIDRs: ['10.244.0.0/24', 'fd00:10:244::/64', 'nonsense'] },
      status: {
        addresses: [
          { type: 'InternalIP', address: '192.168.0.1' },
          { type: 'Hostname', address: 'node-1' },
          { type: 'ExternalIP', address: '203.0.113.9' },
          { type: 'InternalIP', address: 'FD01::1' },
        ],
      },
    });
    expect(fact?.addresses).toEqual(['192.168.0.1', '203.0.113.9', 'fd01::1']);
    expect(fact?.podCidrs).toEqual(['10.244.0.0/24', 'fd00:10:244::/64']);
    expect(fact?.inPodRange.toSorted()).toEqual(['10.244.0.0', '10.244.0.1', '10.244.0.77', '10.244.0.78', 'fd00:10:244::', 'fd00:10:244::1']);
  });

  it.each([
    ['10.244.3.128/25', ['10.244.3.128', '10.244.3.129']],
    ['10.255.255.252/30', ['10.255.255.252', '10.255.255.253']],
    ['10.244.0.4/31', []], // no room for a bridge
    ['10.244.0.4/32', []],
    ['fd00:10:244:1::/64', ['fd00:10:244:1::', 'fd00:10:244:1::1']],
    ['fd00::/127', []],
  ])('with %s has a bridge and a tunnel at %j', (podCIDR, expected) => {
    expect(projectNode({ metadata: { name: 'a' }, spec: { podCIDR } })?.inPodRange).toEqual(expected);
  });

  it('without ranges or status has none', () => {
    expect(projectNode({ metadata: { name: 'a' } })).toEqual({ name: 'a', labels: new Map(), addresses: [], podCidrs: [], inPodRange: [] });
    expect(projectNode({ metadata: {} })).toBeNull();
  });
});

describe('a namespace', () => {
  it('has its labels', () => {
    expect(projectNamespace({ metadata: { name: 'shop', labels: { team: 'a' } } })).toEqual({ name: 'shop', labels: new Map([['team', 'a']]) });
    expect(projectNamespace({ metadata: { name: 'Shop Floor' } })).toBeNull();
  });
});

describe('the latest moment that an object speaks of', () => {
  it.each<[string, object, string | null]>([
    ['creation', { metadata: { creationTimestamp: CREATED } }, CREATED],
    ['start', { metadata: { creationTimestamp: CREATED }, status: { startTime: STARTED } }, STARTED],
    ['a condition', { status: { startTime: STARTED, conditions: [{ lastTransitionTime: READY }, { lastTransitionTime: CREATED }] } }, READY],
    ['a heartbeat', { status: { conditions: [{ lastTransitionTime: READY, lastHeartbeatTime: ENDED }] } }, ENDED],
    ['a container', { status: { startTime: STARTED, containerStatuses: [{ state: { running: { startedAt: READY } } }] } }, READY],
    ['the end of a container', { status: { containerStatuses: [{ state: { terminated: { finishedAt: ENDED } } }] } }, ENDED],
    ['a CronJob’s last run', { status: { lastScheduleTime: ENDED } }, ENDED],
    ['who wrote it', { metadata: { creationTimestamp: CREATED, managedFields: [{ time: DELETED }] } }, DELETED],
    ['not its future deletion', { metadata: { creationTimestamp: CREATED, deletionTimestamp: DELETED } }, CREATED],
    ['none', { metadata: { name: 'x' } }, null],
  ])('%s', (_, object, expected) => {
    expect(latestMoment(object)).toBe(expected === null ? 0 : at(expected));
  });
});

describe('a node’s bridge', () => {
  it('the bridge of an IPv6 range is its first address, however the range is written', () => {
    expect(projectNode({ metadata: { name: 'a' }, spec: { podCIDR: 'fd00:10:244::1:0/112' } })?.inPodRange).toEqual(['fd00:10:244::1:0', 'fd00:10:244::1:1']);
  });
});
