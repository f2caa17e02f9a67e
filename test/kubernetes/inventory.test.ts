import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eachObject, toInventory } from '../../src/kubernetes/inventory.ts';
import { inventoryOf } from '../support/directory.ts';
import { nodeObject, ownerObject, podObject, serviceObject } from '../support/inventory.ts';

const pod = podObject({ namespace: 'shop', name: 'web-1', start: '2026-03-01T00:00:00Z' });
const bare = ({ metadata, spec, status }: Record<string, unknown>): object => ({ metadata, spec, status });
const kinds = (...documents: readonly unknown[]): readonly string[] => eachObject(documents).map(({ kind }) => kind);

describe('single objects', () => {
  it.each<[string, readonly unknown[], readonly string[]]>([
    ['an object', [pod], ['Pod']],
    ['several', [pod, serviceObject('shop', 'web', '10.96.0.1', null, [])], ['Pod', 'Service']],
    ['a List, as kubectl get gives it', [{ kind: 'List', items: [pod, ownerObject('Job', 'shop', 'x', {})] }], ['Pod', 'Job']],
    ['a list of one kind, whose items have none', [{ kind: 'PodList', items: [bare(pod as Record<string, unknown>)] }], ['Pod']],
    [
      'a list of one kind, as a support bundle holds it',
      [{ kind: 'DeploymentList', apiVersion: 'apps/v1', items: [bare(ownerObject('Deployment', 'shop', 'web', {}) as Record<string, unknown>)] }],
      ['Deployment'],
    ],
    ['an empty list', [{ kind: 'PodList', items: [] }], []],
    ['an array', [[pod, pod]], ['Pod', 'Pod']],
    ['an array of lists', [[{ kind: 'List', items: [pod] }]], ['Pod']],
    ['an object whose kind ends like a list’s, without items', [{ kind: 'AllowList', metadata: { name: 'x' } }], ['AllowList']],
    ['something without a kind', [{ metadata: { name: 'x' } }], ['']],
    ['nothing', [null, undefined, 7, 'x', true], []],
    ['items that are none', [{ kind: 'List', items: [null, 7] }], ['', '']],
  ])('of %s', (_, documents, expected) => {
    expect(kinds(...documents)).toEqual(expected);
  });
});

describe('an inventory', () => {
  it('has each kind in its place', () => {
    const inventory = inventoryOf(
      pod,
      serviceObject('shop', 'web', '10.96.0.1', { app: 'web' }, [{ port: 80 }]),
      {
        kind: 'EndpointSlice',
        metadata: { name: 'web-a', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'web' } },
        endpoints: [],
        ports: [],
      },
      { kind: 'Endpoints', metadata: { name: 'kubernetes', namespace: 'default' } },
      nodeObject('node-a', '192.168.0.1', '10.244.0.0/24'),
      { kind: 'Namespace', metadata: { name: 'shop', labels: { team: 'a' } } },
      ownerObject('ReplicaSet', 'shop', 'web-6b746f74dc', { app: 'web' }),
      ownerObject('Rollout', 'shop', 'web', { app: 'web' }),
    );
    expect({
      pods: inventory.pods.map(({ name }) => name),
      services: inventory.services.map(({ name }) => name),
      slices: inventory.slices.map(({ service }) => service),
      nodes: inventory.nodes.map(({ name }) => name),
      namespaces: inventory.namespaces.map(({ name }) => name),
      workloads: inventory.workloads.map(({ kind, name }) => `${kind} ${name}`),
    }).toEqual({
      pods: ['web-1'],
      services: ['web'],
      slices: ['web', 'kubernetes'],
      nodes: ['node-a'],
      namespaces: ['shop'],
      workloads: ['ReplicaSet web-6b746f74dc', 'Rollout web'],
    });
  });

  it('counts what it has no use for, and what breaks the grammar, by kind', () => {
    const { inventory, ignored } = toInventory(
      eachObject([
        { kind: 'ConfigMap', metadata: { name: 'x' } },
        { kind: 'Secret', metadata: { name: 'y' } },
        { kind: 'Secret', metadata: { name: 'z' } },
        { kind: 'Pod', metadata: { name: '../x' } },
        { metadata: {} },
        pod,
      ]),
    );
    expect([...ignored]).toEqual([
      ['ConfigMap', 1],
      ['Secret', 2],
      ['Pod', 1],
      ['object without a kind', 1],
    ]);
    expect(inventory.pods).toHaveLength(1);
  });

  it('is as new as the latest moment that one of its objects speaks of', () => {
    expect(inventoryOf(pod).asOf).toBe(Date.parse('2026-03-01T00:00:00Z'));
    expect(inventoryOf(pod, nodeObject('a', '192.168.0.1', undefined, '2026-03-05T00:00:00Z')).asOf).toBe(Date.parse('2026-03-05T00:00:00Z'));
    expect(inventoryOf(pod, { kind: 'Secret', metadata: { name: 'x', creationTimestamp: '2030-01-01T00:00:00Z' } }).asOf).toBe(
      Date.parse('2026-03-01T00:00:00Z'),
    );
    expect(inventoryOf().asOf).toBe(0);
  });

  it('is not disturbed by hostile objects among good ones', () => {
    const json = fc.jsonValue({ maxDepth: 4 });
    const kind = fc.constantFrom(
      'Pod',
      'Service',
      'EndpointSlice',
      'Endpoints',
      'Node',
      'Namespace',
      'Deployment',
      'CronJob',
      'List',
      'PodList',
      '__proto__',
      'constructor',
    );
    const hostile = fc.oneof(
      json,
      fc.record(
        {
          kind,
          metadata: fc.oneof(json, fc.record({ name: json, namespace: json, labels: json, ownerReferences: json })),
          spec: json,
          status: json,
          items: json,
          subsets: json,
          endpoints: json,
          ports: json,
        },
        { requiredKeys: ['kind'] },
      ),
      fc.record({
        kind,
        metadata: fc.constant({ name: 'evil', namespace: 'shop' }),
        spec: fc.record({ ports: json, selector: json, template: json, containers: json, podCIDRs: json }),
        status: json,
      }),
    );
    fc.assert(
      fc.property(fc.array(hostile, { maxLength: 5 }), (objects) => {
        const { inventory } = toInventory(eachObject([...objects, { kind: 'List', items: [pod] }]));
        expect(inventory.pods.some(({ name }) => name === 'web-1')).toBe(true);
        for (const { name, namespace } of inventory.pods) expect(`${namespace}/${name}`).toMatch(/^[a-z0-9.-]+\/[a-z0-9.-]+$/);
      }),
      { numRuns: 200 },
    );
  });
});

describe('objects that look like others', () => {
  it('nested arrays are read without recursion', () => {
    const deep = JSON.parse('['.repeat(50_000) + ']'.repeat(50_000)) as unknown;
    expect(() => eachObject([deep])).not.toThrow();
  });

  it('a Service of another API group does not replace the Service of its name', () => {
    const knative = { apiVersion: 'serving.knative.dev/v1', kind: 'Service', metadata: { name: 'web', namespace: 'shop' }, spec: { template: { spec: { containers: [{}] } } } };
    const { inventory, ignored } = toInventory(eachObject([serviceObject('shop', 'web', '10.96.0.1', { app: 'web' }, [{ port: 80 }]), knative]));
    expect(inventory.services.map(({ addresses }) => addresses)).toEqual([['10.96.0.1']]);
    expect([...ignored]).toEqual([['Service', 1]]);
  });
});
