import fc from 'fast-check';
import type { End, PodEnd, PolicyProtocol } from '../../src/policy/evaluate/evaluate.ts';
import { Learner } from './graph.ts';
import { hubbleLine, pod, T0, WORLD, type HubbleEnd, type HubbleFlow } from './hubble.ts';
import { nodeObject, ownerObject, podObject, serviceObject } from './inventory.ts';
import { addressEnd, podEnd } from './policy.ts';
import { used } from './proposals.ts';

/** Small clusters with traffic. Labels and ports are few, so that workloads look alike often enough. */

export interface WorkloadSpec {
  readonly namespace: string;
  readonly name: string;
  readonly kind: 'Deployment' | 'StatefulSet' | 'DaemonSet';
  readonly labels: Record<string, string>;
  /** Keys of the labels that its owner selects by; null if the owner has no selector. */
  readonly selector: readonly string[] | null;
  readonly pods: number;
  readonly hostNetwork: boolean;
  readonly exposed: boolean;
  /** Its pods have an address of each family. */
  readonly dualStack: boolean;
  /** Each of its pods has a label of its own. */
  readonly sharded: boolean;
  /** What each of its pods calls `web`, over TCP; none if they have no such port. */
  readonly web: readonly number[];
}

type Place = number | 'node' | 'apiserver' | 'nobody' | '198.51.100.7' | '203.0.113.9' | '2001:db8:ff::9';

interface Traffic {
  readonly from: Place;
  readonly to: Place;
  /** `web` is what the pod that is reached calls so. */
  readonly port: number | 'web';
  readonly protocol: PolicyProtocol;
  readonly outcome: 'used' | 'once' | 'denied' | 'refused' | 'unanswered';
}

export interface Cluster {
  /** The last of them answers for the cluster's DNS Service, if there is one. */
  readonly dns: boolean;
  readonly workloads: readonly WorkloadSpec[];
  readonly traffic: readonly Traffic[];
  /** What the API tells: everything, owners but no pods, or nothing. */
  readonly inventory: 'pods' | 'owners' | 'none';
}

export const PORTS: readonly number[] = [53, 80, 5432];
export const PROTOCOLS: readonly PolicyProtocol[] = ['TCP', 'UDP'];
/** Ports and protocols of the clusters that have more. */
export const MORE_PORTS: readonly number[] = [...PORTS, 8000, 8001, 8002, 8080];
export const MORE_PROTOCOLS: readonly PolicyProtocol[] = [...PROTOCOLS, 'SCTP'];
const OUTSIDE = ['198.51.100.7', '203.0.113.9', '2001:db8:ff::9'] as const;
/** One of them has a name, which leads to others, too. */
export const DNS: ReadonlyMap<string, readonly string[]> = new Map([['api.example.com', ['203.0.113.9', '203.0.113.10']]]);
export const NODES: readonly string[] = ['192.168.0.1', '192.168.0.2'];
export const APISERVER = '192.168.0.9';
/** In the pods' range, and no pod's. */
const NOBODY = '10.0.99.99';
const POD_RANGES = ['10.0.0.0/16', 'fd00:10::/64'];

const labels = fc.dictionary(fc.constantFrom('app', 'tier', 'version'), fc.constantFrom('x', 'y'), { maxKeys: 3, noNullPrototype: true });

const workload = fc.record({
  namespace: fc.constantFrom('shop', 'bank'),
  kind: fc.constantFrom('Deployment' as const, 'StatefulSet' as const),
  labels: fc.oneof({ weight: 2, arbitrary: labels }, { weight: 3, arbitrary: fc.constant(null) }),
  selector: fc.option(fc.subarray(['app', 'tier', 'version']), { nil: null, freq: 4 }),
  pods: fc.integer({ min: 1, max: 2 }),
  hostNetwork: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  exposed: fc.boolean(),
  dualStack: fc.constant(false),
  sharded: fc.constant(false),
  web: fc.constant<readonly number[]>([]),
});

const richWorkload = fc
  .record({
    plain: workload,
    kind: fc.constantFrom('Deployment' as const, 'StatefulSet' as const, 'DaemonSet' as const),
    pods: fc.integer({ min: 1, max: 3 }),
    dualStack: fc.boolean(),
    sharded: fc.boolean(),
    web: fc.constantFrom<readonly number[]>([], [80, 80, 80], [80, 8080, 80], [8080, 80, 8080]),
  })
  .map(({ plain, web, ...more }) => ({ ...plain, ...more, web: plain.hostNetwork ? [] : web.slice(0, more.pods) }));

const place = (max: number, others: readonly Place[]): fc.Arbitrary<Place> =>
  fc.oneof({ weight: 5, arbitrary: fc.nat({ max }) }, { weight: 1, arbitrary: fc.constantFrom(...others) });

const anyOutcome = fc.oneof(
  { weight: 5, arbitrary: fc.constant('used' as const) },
  { weight: 2, arbitrary: fc.constantFrom('once' as const, 'denied' as const, 'refused' as const, 'unanswered' as const) },
);

const trafficOver = (n: number): fc.Arbitrary<readonly Traffic[]> => {
  const end = place(n - 1, ['node', 'apiserver', ...OUTSIDE]);
  return fc.array(fc.record({ from: end, to: end, port: fc.constantFrom(...PORTS), protocol: fc.constantFrom(...PROTOCOLS), outcome: anyOutcome }), { minLength: 1, maxLength: 8 });
};

/** Also several ports of one pair, in a row or not. */
const richTrafficOver = (n: number): fc.Arbitrary<readonly Traffic[]> => {
  const end = place(n - 1, ['node', 'apiserver', 'nobody', ...OUTSIDE]);
  const ports: fc.Arbitrary<Traffic['port'][]> = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom<Traffic['port'][]>([53], [80], [5432], [8080]) },
    { weight: 2, arbitrary: fc.constant<Traffic['port'][]>(['web']) },
    { weight: 1, arbitrary: fc.subarray<Traffic['port']>([8000, 8001, 8002, 80], { minLength: 2 }) },
  );
  const protocol = fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...PROTOCOLS) }, { weight: 1, arbitrary: fc.constant('SCTP' as const) });
  return fc
    .array(fc.record({ from: end, to: end, ports, protocol, outcome: anyOutcome }), { minLength: 1, maxLength: 8 })
    .map((all) => all.flatMap(({ ports: own, ...more }) => own.map((port) => ({ ...more, port, protocol: port === 'web' ? ('TCP' as const) : more.protocol }))));
};

const INVENTORIES = fc.constantFrom('pods' as const, 'pods' as const, 'owners' as const, 'none' as const);

/** Most have a label of their own, as workloads do. */
const named = (workloads: readonly (Omit<WorkloadSpec, 'name' | 'labels'> & { readonly labels: Record<string, string> | null })[]): readonly WorkloadSpec[] =>
  workloads.map((own, i) => ({ ...own, name: `w${i}`, labels: own.labels ?? { app: `w${i}` } }));

export const cluster: fc.Arbitrary<Cluster> = fc
  .array(workload, { minLength: 2, maxLength: 5 })
  .chain((workloads) => fc.record({ dns: fc.constant(false), workloads: fc.constant(named(workloads)), traffic: trafficOver(workloads.length), inventory: INVENTORIES }));

const COREDNS: WorkloadSpec = {
  namespace: 'kube-system',
  name: 'coredns',
  kind: 'Deployment',
  labels: { 'k8s-app': 'kube-dns' },
  selector: ['k8s-app'],
  pods: 2,
  hostNetwork: false,
  exposed: false,
  dualStack: true,
  sharded: false,
  web: [],
};

/** Clusters with more of everything: families, kinds, ports, protocols, pods that differ, a resolver, addresses that nobody has. */
export const richCluster: fc.Arbitrary<Cluster> = fc.tuple(fc.array(richWorkload, { minLength: 2, maxLength: 4 }), fc.boolean()).chain(([some, dns]) => {
  const workloads = [...named(some), ...(dns ? [COREDNS] : [])];
  return fc.record({ dns: fc.constant(dns), workloads: fc.constant(workloads), traffic: richTrafficOver(workloads.length), inventory: INVENTORIES });
});

const hash = (i: number): string => `5d9c7b9f6${'bcdfg'[i] ?? 'h'}`;

function podName({ name, kind }: WorkloadSpec, i: number, j: number): string {
  const suffix = `x7k2${'bc'[j] ?? 'd'}`;
  return kind === 'StatefulSet' ? `${name}-${j}` : kind === 'DaemonSet' ? `${name}-${suffix}` : `${name}-${hash(i)}-${suffix}`;
}

const templateLabels = (own: WorkloadSpec, i: number): Record<string, string> => (own.kind === 'Deployment' ? { ...own.labels, 'pod-template-hash': hash(i) } : own.labels);

const podLabels = (own: WorkloadSpec, i: number, j: number): Record<string, string> => ({
  ...templateLabels(own, i),
  ...(own.kind === 'StatefulSet' ? { 'statefulset.kubernetes.io/pod-name': podName(own, i, j), 'apps.kubernetes.io/pod-index': String(j) } : {}),
  ...(own.sharded ? { shard: String(j) } : {}),
});

const portsOf = ({ web }: WorkloadSpec, j: number): readonly object[] => (web[j] === undefined ? [] : [{ name: 'web', containerPort: web[j] }]);
const podAddress = (own: WorkloadSpec, i: number, j: number): string => (own.hostNetwork ? NODES[0]! : `10.0.${i + 1}.${j + 10}`);
/** Of the other family; null if it has none. */
const secondAddress = (own: WorkloadSpec, i: number, j: number): string | null => (own.dualStack && !own.hostNetwork ? `fd00:10::${i + 1}:${j + 10}` : null);

/** The pods of a workload, as an evaluator is asked about them: straight from the specification, past everything that was learned. */
export function podsOf(own: WorkloadSpec, i: number): readonly PodEnd[] {
  return Array.from({ length: own.pods }, (_, j) =>
    podEnd(`${own.namespace}/${podName(own, i, j)}`, podLabels(own, i, j), {
      ips: [podAddress(own, i, j), secondAddress(own, i, j)].filter((ip) => ip !== null),
      ports: own.web[j] === undefined ? [] : [{ name: 'web', port: own.web[j], protocol: 'TCP' }],
      hostNetwork: own.hostNetwork,
    }),
  );
}

/** What the API tells of it. */
export function objectsOf({ workloads, inventory, dns }: Cluster): readonly object[] {
  if (inventory === 'none') return [];
  const endpoints = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'kubernetes', namespace: 'default', labels: { 'kubernetes.io/service-name': 'kubernetes' } },
    endpoints: [{ addresses: [APISERVER] }],
    ports: [{ port: 6443, protocol: 'TCP' }],
  };
  const nodes = NODES.map((address, i) => ({ ...nodeObject(`node-${'ab'[i]}`, address), ...(i === 0 ? { spec: { podCIDR: POD_RANGES[0], podCIDRs: POD_RANGES } } : {}) }));
  const resolver = serviceObject('kube-system', 'kube-dns', '10.96.0.10', COREDNS.labels, [{ name: 'dns', port: 53, protocol: 'UDP' }, { name: 'dns-tcp', port: 53 }]);
  return [
    endpoints,
    ...nodes,
    ...(dns ? [resolver] : []),
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
          ...(secondAddress(own, i, j) === null ? {} : { secondIp: secondAddress(own, i, j)! }),
          labels: podLabels(own, i, j),
          owner,
          ports: portsOf(own, j),
          node: 'node-a',
          hostIP: NODES[0]!,
          hostNetwork,
        }),
      );
      return [
        ownerObject(kind, namespace, name, own.labels, { selector, hostNetwork, ports: portsOf(own, 0) }),
        ...(kind === 'Deployment'
          ? [ownerObject('ReplicaSet', namespace, owner[1], templateLabels(own, i), { owner: ['Deployment', name], hostNetwork, ports: portsOf(own, 0) })]
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

const podIndex = (where: Place, workloads: readonly WorkloadSpec[], n: number): number => (typeof where === 'number' ? n % workloads[where]!.pods : 0);

/** Every other connection goes over the second family, where both ends have it. */
const hasSecond = (where: Place, workloads: readonly WorkloadSpec[]): boolean => (typeof where === 'number' ? workloads[where]!.dualStack && !workloads[where]!.hostNetwork : where.includes(':'));

function endOf(where: Place, workloads: readonly WorkloadSpec[], n: number, second: boolean): HubbleEnd {
  if (where === 'node') return { ip: NODES[1], labels: ['reserved:remote-node'], identity: 6 };
  if (where === 'apiserver') return { ip: APISERVER, labels: ['reserved:kube-apiserver'], identity: 7 };
  if (where === 'nobody') return { ip: NOBODY };
  if (typeof where !== 'number') return WORLD(where);
  const own = workloads[where]!;
  const j = podIndex(where, workloads, n);
  const address = (second ? secondAddress(own, where, j) : null) ?? podAddress(own, where, j);
  return pod(own.namespace, podName(own, where, j), address, podLabels(own, where, j));
}

/** The records of the traffic: one list for each flow, in which its connections go from pod to pod. */
export function recordsOf({ workloads, traffic }: Cluster): readonly (readonly string[])[] {
  return traffic.map(({ from, to, port, protocol, outcome }, n) => {
    const second = n % 2 === 1 && hasSecond(from, workloads) && hasSecond(to, workloads);
    const at = from === to ? n + 1 : n;
    const web = typeof to === 'number' ? workloads[to]!.web[podIndex(to, workloads, at)] : undefined;
    const flow: HubbleFlow = {
      from: endOf(from, workloads, n, second),
      to: endOf(to, workloads, at, second),
      port: port === 'web' ? (web ?? 80) : port,
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
