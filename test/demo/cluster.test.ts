import { describe, expect, it } from 'vitest';
import { alive, BEGIN, castPods, HOUR, NODES, WEEK_HOURS, WORKLOADS, type DemoPod, type DemoWorkload } from '../../src/demo/cluster.ts';
import { seededRandom } from '../../src/demo/random.ts';
import { inventoryAt } from '../../src/demo/write-inventory.ts';
import { isLabelName, isLabelValue, isSubdomain } from '../../src/model/names.ts';

const pods = castPods(seededRandom(1), WEEK_HOURS);
const of = (workload: DemoWorkload): readonly DemoPod[] => pods.filter((pod) => pod.workload === workload);

describe('the pods of the story', () => {
  it('never share an address at the same time', () => {
    const clashes = pods.flatMap((pod, i) => pods.slice(i + 1).filter((other) => other.address === pod.address && other.from < pod.until && pod.from < other.until));
    expect(clashes).toEqual([]);
  });

  it('take over addresses that other workloads gave up', () => {
    const taken = pods.filter((pod) => pods.some((other) => other.address === pod.address && other.workload !== pod.workload));
    expect(taken.length).toBeGreaterThan(2);
    // Every network plugin lets an address rest before it gives it away again.
    const heirs = taken.flatMap((pod) => pods.filter((other) => other.address === pod.address && other.from >= pod.until).map((other) => other.from - pod.until));
    expect(Math.min(...heirs)).toBeGreaterThanOrEqual(HOUR / 2);
  });

  it('lie in the range of their node, beside its own addresses', () => {
    for (const { address, node } of pods) {
      expect(address.startsWith(node.podCidr.replace('0/24', ''))).toBe(true);
      expect([node.address, node.bridge]).not.toContain(address);
    }
    expect(new Set(pods.map(({ node }) => node.name)).size).toBe(NODES.length);
  });

  it('have names that Kubernetes would give, none twice but those of a StatefulSet', () => {
    for (const { name, workload } of pods) {
      expect([isSubdomain(name), isLabelName(workload.namespace)]).toEqual([true, true]);
      const shape = { Deployment: /-[bcdfghjklmnpqrstvwxz2456789]{9}-[bcdfghjklmnpqrstvwxz2456789]{5}$/, StatefulSet: /-0$/, CronJob: /-\d{8}-[bcdfghjklmnpqrstvwxz2456789]{5}$/ }[workload.kind];
      expect(name).toMatch(shape);
    }
    const names = pods.filter(({ workload }) => workload.kind !== 'StatefulSet').map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it('share the hash of their revision, and change it in a rollout', () => {
    const hashes = (workload: DemoWorkload): number => new Set(of(workload).map(({ name }) => name.slice(0, -6))).size;
    expect([hashes(WORKLOADS.productpage), hashes(WORKLOADS.details)]).toEqual([3, 1]);
  });

  it('are as many as wanted at any time, and others after each rollout', () => {
    for (const workload of Object.values<DemoWorkload>(WORKLOADS)) {
      if (workload.kind === 'CronJob') continue;
      for (const hour of [0.5, 50.5, 100.5, 150.5]) expect(alive(pods, workload, BEGIN + hour * HOUR)).toHaveLength(workload.replicas);
      expect(of(workload)).toHaveLength(workload.replicas * (1 + workload.rollouts.length));
    }
  });

  it('run the report once a night, for twenty minutes', () => {
    const runs = of(WORKLOADS.report);
    expect(runs.map(({ from }) => (from - BEGIN) / HOUR)).toEqual([0, 1, 2, 3, 4, 5, 6].map((day) => day * 24 + 2));
    for (const { from, until } of runs) expect(until - from).toBe(HOUR / 3);
  });

  it('have labels that the API would take', () => {
    for (const { workload } of pods) for (const value of Object.values(workload.labels)) expect(isLabelValue(value)).toBe(true);
  });
});

describe('the inventory of the story', () => {
  interface Item {
    readonly kind: string;
    readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Readonly<Record<string, string>>; readonly ownerReferences?: readonly { readonly kind: string; readonly name: string }[] };
    readonly status?: { readonly podIP?: string };
  }
  const itemsAt = (time: number): readonly Item[] => (inventoryAt(pods, time) as { readonly items: readonly Item[] }).items;
  const items = itemsAt(BEGIN + WEEK_HOURS * HOUR);

  it('lists the pods of its moment alone', () => {
    for (const hour of [30, 60, WEEK_HOURS]) {
      const time = BEGIN + hour * HOUR;
      const listed = itemsAt(time).filter(({ kind }) => kind === 'Pod').map(({ metadata, status }) => `${metadata.name} ${status?.podIP}`);
      expect(listed.toSorted()).toEqual(pods.filter(({ from, until }) => from <= time && time < until).map(({ name, address }) => `${name} ${address}`).toSorted());
    }
  });

  it('has the owner of every pod, up to the top', () => {
    const names = new Set(items.map(({ kind, metadata }) => `${kind} ${metadata.namespace} ${metadata.name}`));
    for (const { kind, metadata } of items) {
      if (kind !== 'Pod' && kind !== 'ReplicaSet') continue;
      const [owner] = metadata.ownerReferences ?? [];
      expect(names).toContain(`${owner?.kind} ${metadata.namespace} ${owner?.name}`);
    }
  });

  it('has every workload, node and namespace', () => {
    const count = (kind: string): number => items.filter((item) => item.kind === kind).length;
    expect(['Deployment', 'StatefulSet', 'CronJob', 'Node', 'Namespace', 'EndpointSlice'].map(count)).toEqual([9, 2, 1, 3, 6, 1]);
  });
});
