import fc from 'fast-check';
import type { End, PodEnd, PolicyProtocol } from '../../src/policy/evaluate.ts';
import { Learner } from './graph.ts';
import { hubbleLine, pod, T0, WORLD, type HubbleEnd, type HubbleFlow } from './hubble.ts';
import { nodeObject, ownerObject, podObject, serviceObject } from './inventory.ts';
import { addressEnd, podEnd } from './policy.ts';
import { used } from './proposals.ts';

/** Small clusters with traffic. Labels and ports are few, so that workloads look alike often enough. */

export interface WorkloadSpec {
  readonly namespace: string;
  readonly name: string;
  readonly kind: 'Deployment' | 'StatefulSet';
  readonly labels: Record<string, string>;
  /** Keys of the labels that its owner selects by; null if the owner has no selector. */
  readonly selector: readonly string[] | null;
  readonly pods: number;
  readonly hostNetwork: boolean;
  readonly exposed: boolean;
}

type Place = number | 'node' | 'apiserver' | '198.51.100.7' | '203.0.113.9' | '2001:db8:ff::9';

interface Traffic {
  readonly from: Place;
  readonly to: Place;
  readonly port: number;
  readonly protocol: PolicyProtocol;
  readonly outcome: 'used' | 'once' | 'denied' | 'refused' | 'unanswered';
}

export interface Cluster {
  readonly workloads: readonly WorkloadSpec[];
  readonly traffic: readonly Traffic[];
  /** What the API tells: everything, owners but no pods, or nothing. */
  readonly inventory: 'pods' | 'owners' | 'none';
}

export const PORTS: readonly number[] = [53, 80, 5432];
export const PROTOCOLS: readonly PolicyProtocol[] = ['TCP', 'UDP'];
const OUTSIDE = ['198.51.100.7', '203.0.113.9', '2001:db8:ff::9'] as const;
/** One of them has a name, which leads to others, too. */
export const DNS: ReadonlyMap<string, readonly string[]> = new Map([['api.example.com', ['203.0.113.9', '203.0.113.10']]]);
export const NODES: readonly string[] = ['192.168.0.1', '192.168.0.2'];
export const APISERVER = '192.168.0.9';

const labels = fc.dictionary(fc.constantFrom('app', 'tier', 'version'), fc.constantFrom('x', 'y'), { maxKeys: 3, noNullPrototype: true });

const workload = fc.record({
  namespace: fc.constantFrom('shop', 'bank'),
  kind: fc.constantFrom('Deployment' as const, 'StatefulSet' as const),
  labels: fc.oneof({ weight: 2, arbitrary: labels }, { weight: 3, arbitrary: fc.constant(null) }),
  selector: fc.option(fc.subarray(['app', 'tier', 'version']), { nil: null, freq: 4 }),
  pods: fc.integer({ min: 1, max: 2 }),
  hostNetwork: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  exposed: fc.boolean(),
});

const place = (max: number): fc.Arbitrary<Place> =>
  fc.oneof({ weight: 5, arbitrary: fc.nat({ max }) }, { weight: 1, arbitrary: fc.constantFrom('node' as const, 'apiserver' as const, ...OUTSIDE) });

const trafficOver = (n: number): fc.Arbitrary<readonly Traffic[]> =>
  fc.array(
    fc.record({
      from: place(n - 1),
      to: place(n - 1),
      port: fc.constantFrom(...PORTS),
      protocol: fc.constantFrom(...PROTOCOLS),
      outcome: fc.oneof(
        { weight: 5, arbitrary: fc.constant('used' as const) },
        { weight: 2, arbitrary: fc.constantFrom('once' as const, 'denied' as const, 'refused' as const, 'unanswered' as const) },
      ),
    }),
    { minLength: 1, maxLength: 8 },
  );

export const cluster: fc.Arbitrary<Cluster> = fc.array(workload, { minLength: 2, maxLength: 5 }).chain((workloads) =>
  fc.record({
    // Most have a label of their own, as workloads do.
    workloads: fc.constant(workloads.map((own, i): WorkloadSpec => ({ ...own, name: `w${i}`, labels: own.labels ?? { app: `w${i}` } }))),
    traffic: trafficOver(workloads.length),
    inventory: fc.constantFrom('pods' as const, 'pods' as const, 'owners' as const, 'none' as const),
  }),
);

const hash = (i: number): string => `5d9c7b9f6${'bcdfg'[i] ?? 'h'}`;

function podName({ name, kind }: WorkloadSpec, i: number, j: number): string {
  return kind === 'StatefulSet' ? `${name}-${j}` : `${name}-${hash(i)}-x7k2${'bc'[j] ?? 'd'}`;
}

const podLabels = (own: WorkloadSpec, i: number): Record<string, string> =>
  own.kind === 'Deployment' ? { ...own.labels, 'pod-template-hash': hash(i) } : own.labels;
const podAddress = (own: WorkloadSpec, i: number, j: number): string => (own.hostNetwork ? NODES[0]! : `10.0.${i + 1}.${j + 10}`);

/** The pods of a workload, as an evaluator is asked about them: straight from the specification, past everything that was learned. */
export function podsOf(own: WorkloadSpec, i: number): readonly PodEnd[] {
  return Array.from({ length: own.pods }, (_, j) =>
    podEnd(`${own.namespace}/${podName(own, i, j)}`, podLabels(own, i), { ips: [podAddress(own, i, j)], hostNetwork: own.hostNetwork }),
  );
}

function objectsOf({ workloads, inventory }: Cluster): readonly object[] {
  if (inventory === 'none') return [];
  const endpoints = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'kubernetes', namespace: 'default', labels: { 'kubernetes.io/service-name': 'kubernetes' } },
    endpoints: [{ addresses: [APISERVER] }],
    ports: [{ port: 6443, protocol: 'TCP' }],
  };
  const nodes = NODES.map((address, i) => nodeObject(`node-${'ab'[i]}`, address, i === 0 ? '10.0.0.0/16' : undefined));
  return [
    endpoints,
    ...nodes,
    ...workloads.flatMap((own, i) => {
      const { namespace, name, kind, hostNetwork } = own;
      const keys = own.selector?.filter((key) => key in own.labels) ?? null;
      const selector = keys === null ? null : { matchLabels: Object.fromEntries(keys.map((key) => [key, own.labels[key]!])) };
      const owner: readonly [string, string] = kind === 'Deployment' ? ['ReplicaSet', `${name}-${hash(i)}`] : [kind, name];
      const pods = Array.from({ length: own.pods }, (_, j) =>
        podObject({
          namespace,
          name: podName(own, i, j),
          ip: podAddress(own, i, j),
          labels: podLabels(own, i),
          owner,
          node: 'node-a',
          hostIP: NODES[0]!,
          hostNetwork,
        }),
      );
      return [
        ownerObject(kind, namespace, name, own.labels, { selector, hostNetwork }),
        ...(kind === 'Deployment'
          ? [ownerObject('ReplicaSet', namespace, owner[1], podLabels(own, i), { owner: ['Deployment', name], hostNetwork })]
          : []),
        ...(own.exposed && Object.keys(own.labels).length > 0
          ? [
              serviceObject(
                namespace,
                name,
                `10.96.0.${i + 1}`,
                own.labels,
                PORTS.map((port) => ({ name: `p${port}`, port })),
                'LoadBalancer',
              ),
            ]
          : []),
        ...(inventory === 'pods' ? pods : []),
      ];
    }),
  ];
}

function endOf(where: Place, workloads: readonly WorkloadSpec[], n: number): HubbleEnd {
  if (where === 'node') return { ip: NODES[1], labels: ['reserved:remote-node'], identity: 6 };
  if (where === 'apiserver') return { ip: APISERVER, labels: ['reserved:kube-apiserver'], identity: 7 };
  if (typeof where !== 'number') return WORLD(where);
  const own = workloads[where]!;
  const j = n % own.pods;
  return pod(own.namespace, podName(own, where, j), podAddress(own, where, j), podLabels(own, where));
}

/** The records of the traffic: one list for each flow, in which its connections go from pod to pod. */
export function recordsOf({ workloads, traffic }: Cluster): readonly (readonly string[])[] {
  return traffic.map(({ from, to, port, protocol, outcome }, n) => {
    const flow: HubbleFlow = {
      from: endOf(from, workloads, n),
      to: endOf(to, workloads, from === to ? n + 1 : n),
      port,
      protocol,
      time: T0 + n * 3_600_000,
      names: [...DNS].flatMap(([name, addresses]) => (addresses.includes(String(to)) ? [name] : [])),
    };
    const twice = (more: Partial<HubbleFlow>): readonly string[] =>
      [0, 1].map((i) => hubbleLine({ ...flow, ...more, time: T0 + n * 3_600_000 + i * 1000 }));
    switch (outcome) {
      case 'used':
        return used(flow);
      case 'once':
        return used(flow).slice(0, 2);
      case 'unanswered':
        return twice({});
      case 'refused':
        return [...twice({}), ...twice({ reply: true, flags: ['RST', 'ACK'] })];
      case 'denied':
        return twice({ verdict: 'DROPPED', extra: { is_reply: undefined, drop_reason_desc: 'POLICY_DENIED', event_type: { type: 1 } } });
    }
  });
}

export function learnedCluster(all: Cluster, lines: readonly string[] = recordsOf(all).flat()): Learner {
  const learner = new Learner();
  const objects = objectsOf(all);
  if (objects.length > 0) learner.know(...objects);
  return learner.read(lines);
}

export const OUTSIDE_ENDS: readonly End[] = OUTSIDE.map(addressEnd);
