import { describe, expect, it } from 'vitest';
import { eachObject, toInventory } from '../../src/kubernetes/inventory.ts';
import { parseCidr } from '../../src/model/address.ts';
import { EMPTY_INVENTORY, type Inventory, type PodFact } from '../../src/model/inventory.ts';
import type { Json } from '../../src/kubernetes/object.ts';
import { nodeObject, ownerObject, podObject, serviceObject } from '../support/inventory.ts';
import { storeOf } from '../support/stores.ts';

const LABELS = { app: 'web', 'app.kubernetes.io/name': 'web', labels: 'x' };

const WHOLE = toInventory(
  eachObject([
    podObject({ namespace: 'shop', name: 'web-1', ip: '10.0.0.1', labels: LABELS, owner: ['ReplicaSet', 'web-6b'], hostIP: '192.168.0.1', start: '2026-03-01T00:00:00Z', ports: [{ name: 'http', containerPort: 8080 }] }),
    podObject({ namespace: 'kube-system', name: 'proxy', ip: '192.168.0.1', hostNetwork: true }),
    ownerObject('Deployment', 'shop', 'web', LABELS),
    ownerObject('CronJob', 'shop', 'nightly', {}),
    ownerObject('StatefulSet', 'shop', 'web', {}, { selector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['labels'] }] } }),
    serviceObject('shop', 'web', '10.96.0.1', { app: 'web' }, [{ name: 'http', port: 80, targetPort: 'http' }]),
    serviceObject('shop', 'outside', '10.96.0.2', null, [{ port: 80 }]),
    nodeObject('node-a', '192.168.0.1', '10.0.0.0/24', '2026-03-02T12:00:00Z'),
    { kind: 'Namespace', metadata: { name: 'shop', labels: LABELS } },
    { kind: 'EndpointSlice', metadata: { namespace: 'shop', name: 'web-x', labels: { 'kubernetes.io/service-name': 'web' } }, endpoints: [{ addresses: ['10.0.0.1'] }], ports: [{ name: 'http', port: 8080 }] },
    { kind: 'NetworkPolicy', apiVersion: 'networking.k8s.io/v1', metadata: { namespace: 'shop', name: 'web' }, spec: { podSelector: { matchLabels: { app: 'web' } }, policyTypes: ['Ingress'] } },
    { kind: 'AdminNetworkPolicy', apiVersion: 'policy.networking.k8s.io/v1alpha1', metadata: { name: 'default' }, spec: { priority: 1, subject: { namespaces: {} } } },
    { kind: 'BaselineAdminNetworkPolicy', apiVersion: 'policy.networking.k8s.io/v1alpha1', metadata: { name: 'default' }, spec: { subject: { namespaces: {} } } },
    { kind: 'ClusterNetworkPolicy', apiVersion: 'policy.networking.k8s.io/v1beta1', metadata: { name: 'default' }, spec: { tier: 'Admin' } },
  ] as Json[]),
).inventory;

const pod = (name: string, more: Partial<PodFact> = {}): PodFact => ({ ...WHOLE.pods[0]!, name, uid: name, ...more });

/** What is known after these lists, in this order. */
function after(...lists: readonly Partial<Inventory>[]): Inventory {
  const store = storeOf();
  for (const list of lists) store.transaction(() => store.inventory.write({ ...EMPTY_INVENTORY, ...list }));
  return store.inventory.read();
}

const byName = (inventory: Inventory): Inventory => {
  const sorted = <T extends { readonly name: string }>(all: readonly T[]): readonly T[] => all.toSorted((a, b) => (JSON.stringify([a.name, a]) < JSON.stringify([b.name, b]) ? -1 : 1));
  const { pods, workloads, services, slices, nodes, namespaces, policies, asOf } = inventory;
  return { pods: sorted(pods), workloads: sorted(workloads), services: sorted(services), slices: sorted(slices), nodes: sorted(nodes), namespaces: sorted(namespaces), policies: sorted(policies), asOf };
};

describe('the inventory', () => {
  it('comes back as it was told, labels and all', () => {
    expect(WHOLE.asOf).toBeGreaterThan(0);
    expect(Object.values(WHOLE).every((facts) => typeof facts === 'number' || facts.length > 0)).toBe(true);
    expect(byName(after(WHOLE))).toEqual(byName(WHOLE));
    expect(byName(after(WHOLE, WHOLE))).toEqual(byName(WHOLE));
  });

  it('is empty where nobody told any', () => {
    expect(after()).toEqual(EMPTY_INVENTORY);
  });

  it('knows of the latest moment that any list knew of', () => {
    expect(after({ pods: [pod('a')], asOf: 200 }, { services: WHOLE.services, asOf: 100 }).asOf).toBe(200);
  });
});

describe('a newer list', () => {
  it('replaces what an older one said', () => {
    expect(after({ pods: [pod('a', { node: 'old' })], asOf: 100 }, { pods: [pod('a', { node: 'new' })], asOf: 200 }).pods).toEqual([pod('a', { node: 'new' })]);
  });

  it('counts also when it is read first', () => {
    expect(after({ pods: [pod('a', { node: 'new' })], asOf: 200 }, { pods: [pod('a', { node: 'old' })], asOf: 100 }).pods).toEqual([pod('a', { node: 'new' })]);
  });

  it('ends a pod that it no longer holds, when the older one was made at the earliest', () => {
    for (const lists of [
      [{ pods: [pod('a'), pod('b')], asOf: 100 }, { pods: [pod('b')], asOf: 200 }],
      [{ pods: [pod('b')], asOf: 200 }, { pods: [pod('a'), pod('b')], asOf: 100 }],
    ]) {
      expect(after(...lists).pods).toEqual([pod('a', { until: 100, gone: true }), pod('b')]);
    }
  });

  it('leaves the end of a pod that had ended as it was', () => {
    expect(after({ pods: [pod('a', { until: 50 }), pod('b')], asOf: 100 }, { pods: [pod('b')], asOf: 200 }).pods[0]).toEqual(pod('a', { until: 50, gone: true }));
  });

  it('of another namespace ends nothing', () => {
    expect(after({ pods: [pod('a')], asOf: 100 }, { pods: [pod('b', { namespace: 'other' })], asOf: 200 }).pods.map(({ until }) => until)).toEqual([null, null]);
  });

  it('of other objects ends nothing', () => {
    expect(after({ pods: [pod('a')], asOf: 100 }, { services: WHOLE.services, asOf: 200 }).pods).toEqual([pod('a')]);
  });

  it('takes objects other than pods away that it no longer holds', () => {
    const [service] = WHOLE.services;
    const other = { ...service!, name: 'other' };
    expect(after({ services: [service!, other], asOf: 100 }, { services: [other], asOf: 200 }).services).toEqual([other]);
  });

  it('tells a pod from its successor of the same name', () => {
    const [old, young] = [pod('db-0', { uid: 'first' }), pod('db-0', { uid: 'second' })];
    expect(after({ pods: [old], asOf: 100 }, { pods: [young], asOf: 200 }).pods).toEqual([{ ...old, until: 100, gone: true }, young]);
  });

  it('tells a workload from one of the same name and another kind', () => {
    expect(after({ workloads: WHOLE.workloads, asOf: 100 }).workloads.filter(({ name }) => name === 'web').map(({ kind }) => kind).toSorted()).toEqual(['Deployment', 'StatefulSet']);
  });
});

describe('ranges of the cluster', () => {
  it('are a set, by their canonical text', () => {
    const store = storeOf();
    const cidrs = ['10.0.0.0/8', 'fd00::/48', '10.0.0.0/8'].map(parseCidr).filter((cidr) => cidr !== null);
    store.inventory.addRanges(cidrs);
    store.inventory.addRanges(cidrs.slice(0, 1));
    expect(store.inventory.readRanges()).toEqual(cidrs.slice(0, 2));
  });
});
