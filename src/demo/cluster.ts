import type { Random } from './random.ts';

/** Istio's Bookinfo with an ingress gateway, cluster DNS, Prometheus and a nightly job: who there is, and where from when to when. */

export interface DemoWorkload {
  readonly namespace: string;
  readonly kind: 'Deployment' | 'StatefulSet' | 'CronJob';
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly account: string;
  readonly replicas: number;
  readonly port: number;
  readonly inMesh: boolean;
  /** Hours since the beginning at which all its pods are replaced: a release, a node that is drained. */
  readonly rollouts: readonly number[];
}

export interface DemoPod {
  readonly workload: DemoWorkload;
  readonly name: string;
  readonly address: string;
  readonly node: DemoNode;
  readonly uid: string;
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly until: number;
}

export interface DemoNode {
  readonly name: string;
  readonly address: string;
  readonly podCidr: string;
  /** The node's own address within its pods' range. */
  readonly bridge: string;
}

export const HOUR = 3_600_000;
/** Monday, 2 March 2026. */
export const BEGIN = Date.UTC(2026, 2, 2);
export const WEEK_HOURS = 7 * 24;

export const NODES: readonly DemoNode[] = ['a', 'b', 'c'].map((letter, i) => ({
  name: `node-${letter}`,
  address: `192.168.10.${11 + i}`,
  podCidr: `10.42.${i}.0/24`,
  bridge: `10.42.${i}.1`,
}));

export const APISERVER = { address: '192.168.10.10', port: 6443, service: '10.96.0.1' } as const;

function app(name: string, version: string, port: number, extra: Partial<DemoWorkload> = {}): DemoWorkload {
  return {
    namespace: 'bookinfo',
    kind: 'Deployment',
    name: `${name}-${version}`,
    labels: { app: name },
    account: `bookinfo-${name}`,
    replicas: 2,
    port,
    inMesh: true,
    rollouts: [],
    ...extra,
  };
}

export const WORKLOADS = {
  gateway: {
    ...app('istio-ingress', 'x', 80),
    namespace: 'istio-ingress',
    name: 'istio-ingress',
    labels: { istio: 'ingress' },
    account: 'istio-ingress',
    rollouts: [61],
  },
  istiod: { ...app('istiod', 'x', 15_012), namespace: 'istio-system', name: 'istiod', labels: { app: 'istiod' }, account: 'istiod', inMesh: false },
  productpage: app('productpage', 'v1', 9080, { rollouts: [38, 110] }),
  details: app('details', 'v1', 9080),
  reviewsV1: app('reviews', 'v1', 9080, { labels: { app: 'reviews', version: 'v1' } }),
  reviewsV2: app('reviews', 'v2', 9080, { labels: { app: 'reviews', version: 'v2' }, rollouts: [90] }),
  reviewsV3: app('reviews', 'v3', 9080, { labels: { app: 'reviews', version: 'v3' } }),
  ratings: app('ratings', 'v1', 9080, { rollouts: [77] }),
  database: { ...app('mysqldb', 'v1', 3306), kind: 'StatefulSet', name: 'mysqldb', labels: { app: 'mysqldb' }, account: 'mysqldb', replicas: 1, inMesh: false },
  report: { ...app('report', 'x', 0), kind: 'CronJob', name: 'nightly-report', labels: { app: 'nightly-report' }, account: 'report', replicas: 1, inMesh: false },
  dns: { ...app('coredns', 'x', 53), namespace: 'kube-system', name: 'coredns', labels: { 'k8s-app': 'kube-dns' }, account: 'coredns', inMesh: false, rollouts: [20] },
  prometheus: { ...app('prometheus', 'x', 9090), namespace: 'monitoring', kind: 'StatefulSet', name: 'prometheus', labels: { app: 'prometheus' }, account: 'prometheus', replicas: 1, inMesh: false },
} as const satisfies Readonly<Record<string, DemoWorkload>>;

export type WorkloadName = keyof typeof WORKLOADS;

const SUFFIX = 'bcdfghjklmnpqrstvwxz2456789';

/** Hands out addresses of a node's range; one that is given back is the next to be handed out again. */
class AddressPool {
  readonly #free: { readonly node: DemoNode; readonly address: string; readonly since: number }[] = [];
  readonly #next = new Map<string, number>();

  /** Freed addresses wait a while, as every network plugin has it; then they are somebody else's. */
  take(node: DemoNode, at: number): string {
    const index = this.#free.findIndex((entry) => entry.node === node && entry.since + HOUR / 2 <= at);
    const [freed] = index < 0 ? [] : this.#free.splice(index, 1);
    if (freed !== undefined) return freed.address;
    const host = (this.#next.get(node.name) ?? 9) + 1;
    this.#next.set(node.name, host);
    return node.podCidr.replace(/0\/24$/, String(host));
  }

  giveBack(node: DemoNode, address: string, since: number): void {
    this.#free.push({ node, address, since });
  }
}

/** All pods of the story, with the time that each had its address. */
export function castPods(random: Random, hours: number): readonly DemoPod[] {
  const pool = new AddressPool();
  const births: { readonly workload: DemoWorkload; readonly index: number; readonly from: number; readonly until: number }[] = [];
  const end = Number.MAX_SAFE_INTEGER;
  for (const workload of Object.values<DemoWorkload>(WORKLOADS)) {
    if (workload.kind === 'CronJob') {
      for (let day = 0; day * 24 < hours; day++) births.push({ workload, index: 0, from: BEGIN + (day * 24 + 2) * HOUR, until: BEGIN + (day * 24 + 2) * HOUR + HOUR / 3 });
      continue;
    }
    const starts = [-24, ...workload.rollouts].map((hour) => BEGIN + hour * HOUR + (hour > 0 ? 11 * 60_000 : 0));
    for (const [i, from] of starts.entries()) for (let index = 0; index < workload.replicas; index++) births.push({ workload, index, from, until: starts[i + 1] ?? end });
  }
  const pods: DemoPod[] = [];
  for (const { workload, index, from, until } of births.toSorted((a, b) => a.from - b.from)) {
    for (const pod of pods) if (pod.until <= from && pod.until > from - HOUR * 1000) giveBackOnce(pool, pod);
    const node = NODES[(index + random.below(NODES.length)) % NODES.length] ?? NODES[0];
    if (node === undefined) continue;
    pods.push({ workload, name: podName(workload, index, from, random), address: pool.take(node, from), node, uid: uid(random), from, until });
  }
  return pods;
}

const returned = new WeakSet<DemoPod>();

function giveBackOnce(pool: AddressPool, pod: DemoPod): void {
  if (returned.has(pod)) return;
  returned.add(pod);
  pool.giveBack(pod.node, pod.address, pod.until);
}

function podName({ kind, name }: DemoWorkload, index: number, from: number, random: Random): string {
  if (kind === 'StatefulSet') return `${name}-${index}`;
  if (kind === 'CronJob') return `${name}-${Math.floor(from / 60_000)}-${random.text(SUFFIX, 5)}`;
  // The hash belongs to the revision, not to the pod.
  return `${name}-${revisionHash(name, from)}-${random.text(SUFFIX, 5)}`;
}

export function revisionHash(name: string, from: number): string {
  let mixed = from % 2_147_483_647;
  for (const c of name) mixed = (Math.imul(mixed, 31) + c.charCodeAt(0)) >>> 0;
  let hash = '';
  for (let i = 0; i < 9; i++) {
    hash += SUFFIX[mixed % SUFFIX.length] ?? '';
    mixed = (Math.imul(mixed, 1_103_515_245) + 12_345) >>> 0;
  }
  return hash;
}

function uid(random: Random): string {
  const hex = (length: number): string => random.text('0123456789abcdef', length);
  return `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`;
}

/** Pods of a workload that are alive at a time. */
export function alive(pods: readonly DemoPod[], workload: DemoWorkload, time: number): readonly DemoPod[] {
  return pods.filter((pod) => pod.workload === workload && pod.from + 30_000 <= time && time < pod.until - 30_000);
}
