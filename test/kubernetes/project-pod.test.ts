import { describe, expect, it } from 'vitest';
import { projectPod } from '../../src/kubernetes/project.ts';
import { formatLabels } from '../../src/model/labels.ts';
import { podObject } from '../support/inventory.ts';

const at = (iso: string): number => Date.parse(iso);
const [CREATED, STARTED, READY, ENDED, DELETED] = [
  '2026-03-01T00:00:00Z',
  '2026-03-01T00:00:10Z',
  '2026-03-01T00:00:20Z',
  '2026-03-01T01:00:00Z',
  '2026-03-01T02:00:00Z',
];

/** A running pod, with these parts instead. */
function pod({
  metadata = {},
  spec = {},
  status = {},
}: { readonly metadata?: object; readonly spec?: object; readonly status?: object } = {}): object {
  return {
    metadata: { namespace: 'shop', name: 'web-1', creationTimestamp: CREATED, ...metadata },
    spec: { containers: [{ name: 'main' }], ...spec },
    status: { phase: 'Running', podIP: '10.0.0.1', startTime: STARTED, ...status },
  };
}

describe('a pod', () => {
  it('is what its object says', () => {
    const fact = projectPod(
      podObject({
        namespace: 'shop',
        name: 'web-1',
        ip: '10.0.0.1',
        labels: { b: '2', a: '1' },
        owner: ['ReplicaSet', 'web'],
        node: 'node-b',
        hostIP: '192.168.0.2',
        account: 'web-sa',
        start: STARTED,
        ports: [{ name: 'http', containerPort: 8080 }],
      }),
    );
    expect(fact).toMatchObject({
      namespace: 'shop',
      name: 'web-1',
      owner: { kind: 'ReplicaSet', name: 'web' },
      addresses: ['10.0.0.1'],
      hostAddresses: ['192.168.0.2'],
      node: 'node-b',
      hostNetwork: false,
      serviceAccount: 'web-sa',
      ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
      from: at(STARTED),
      until: null,
      completed: false,
      gone: false,
    });
    expect(formatLabels(fact!.labels)).toBe('a=1,b=2');
  });

  it.each<[string, object, object]>([
    [
      'is in the default namespace and has the default account unless it says otherwise',
      { metadata: { name: 'web-1' } },
      { namespace: 'default', serviceAccount: 'default', owner: null, addresses: [], from: null, until: null, node: null, uid: '' },
    ],
    [
      'has addresses of both families, each once',
      pod({
        status: { podIPs: [{ ip: '10.0.0.1' }, { ip: 'FD00::1' }], hostIP: '192.168.0.2', hostIPs: [{ ip: '192.168.0.2' }, { ip: 'fd01::2' }] },
      }),
      { addresses: ['10.0.0.1', 'fd00::1'], hostAddresses: ['192.168.0.2', 'fd01::2'] },
    ],
    ['has no address that is none', pod({ status: { podIP: 'pending', podIPs: [{ ip: 7 }, null, {}] } }), { addresses: [] }],
    [
      'is owned by its controller, not by whoever else is named',
      pod({
        metadata: {
          ownerReferences: [
            { kind: 'ConfigMap', name: 'x' },
            { kind: 'ReplicaSet', name: 'web', controller: true },
          ],
        },
      }),
      { owner: { kind: 'ReplicaSet', name: 'web' } },
    ],
    [
      'is owned by the first, where none is its controller',
      pod({
        metadata: {
          ownerReferences: [
            { kind: 'Thing', name: 'x' },
            { kind: 'Other', name: 'y' },
          ],
        },
      }),
      { owner: { kind: 'Thing', name: 'x' } },
    ],
    [
      'has no owner whose name breaks the grammar',
      pod({ metadata: { ownerReferences: [{ kind: 'ReplicaSet', name: '../web', controller: true }] } }),
      { owner: null },
    ],
    ['on the host’s network says so', pod({ spec: { hostNetwork: true } }), { hostNetwork: true }],
    ['is not on it for a text', pod({ spec: { hostNetwork: 'true' } }), { hostNetwork: false }],
    ['counts from its creation while it has not started', pod({ status: { startTime: undefined } }), { from: at(CREATED) }],
    [
      'has its address since its latest sandbox',
      pod({ status: { conditions: [{ type: 'PodReadyToStartContainers', status: 'True', lastTransitionTime: READY }] } }),
      { from: at(READY) },
    ],
    [
      'is not counted from a sandbox that is not there yet',
      pod({ status: { conditions: [{ type: 'PodReadyToStartContainers', status: 'False', lastTransitionTime: READY }] } }),
      { from: at(STARTED) },
    ],
    [
      'is not counted from another condition',
      pod({ status: { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: READY }] } }),
      { from: at(STARTED) },
    ],
    ['ends with its deletion, and works until then', pod({ metadata: { deletionTimestamp: DELETED } }), { until: at(DELETED), completed: false }],
    [
      'ends with its last container',
      pod({
        status: {
          phase: 'Succeeded',
          containerStatuses: [{ state: { terminated: { finishedAt: READY } } }, { state: { terminated: { finishedAt: ENDED } } }],
        },
      }),
      { until: at(ENDED), completed: true },
    ],
    [
      'ends with its last container though it is deleted later',
      pod({
        metadata: { deletionTimestamp: DELETED },
        status: { phase: 'Failed', containerStatuses: [{ state: { terminated: { finishedAt: ENDED } } }] },
      }),
      { until: at(ENDED) },
    ],
    [
      'ends with its last condition, where no container tells',
      pod({ status: { phase: 'Failed', conditions: [{ type: 'Ready', lastTransitionTime: ENDED }] } }),
      { until: at(ENDED) },
    ],
    ['that failed at once ended when it began', pod({ status: { phase: 'Failed' } }), { until: at(STARTED), completed: true }],
    [
      'has the ports of all its containers',
      pod({
        spec: {
          initContainers: [{ ports: [{ containerPort: 15_090, name: 'prom' }] }],
          containers: [{ ports: [{ containerPort: '8080' }, { containerPort: 53, protocol: 'UDP', name: 'dns' }] }, {}, null],
        },
      }),
      {
        ports: [
          { name: null, port: 8080, protocol: 'TCP' },
          { name: 'dns', port: 53, protocol: 'UDP' },
          { name: 'prom', port: 15_090, protocol: 'TCP' },
        ],
      },
    ],
  ])('%s', (_, object, expected) => {
    expect(projectPod(object)).toMatchObject(expected);
  });

  it.each<[string, unknown]>([
    ['without a name', { metadata: { namespace: 'shop' } }],
    ['with a name that breaks the grammar', pod({ metadata: { name: 'web\u001b[31m' } })],
    ['with a namespace that breaks the grammar', pod({ metadata: { namespace: '../etc' } })],
    ['that is null', null],
    ['that is text', 'pod'],
    ['that is a list', [pod()]],
    ['with its name in a prototype', Object.create(pod())],
  ])('%s is none', (_, object) => {
    expect(projectPod(object)).toBeNull();
  });

  it('whose parts are of the wrong type is read as if they were not there', () => {
    expect(projectPod({ metadata: { name: 'x', labels: ['a'], ownerReferences: 'b' }, spec: [], status: 'up' })).toMatchObject({
      name: 'x',
      owner: null,
      ports: [],
      addresses: [],
    });
  });
});

it('a pod may have lists of any length', () => {
  const many = <T>(item: T): readonly T[] => Array.from({ length: 200_000 }, () => item);
  const status = { podIPs: many({ ip: '10.0.0.1' }), hostIPs: many({ ip: '10.1.0.1' }), conditions: many({ lastTransitionTime: READY }), containerStatuses: many({ state: { terminated: { finishedAt: ENDED } } }), phase: 'Failed' };
  expect(projectPod(pod({ status }))).toMatchObject({ addresses: ['10.0.0.1'], hostAddresses: ['10.1.0.1'], until: at(ENDED) });
});
