import { alive, APISERVER, BEGIN, HOUR, NODES, WORKLOADS, type DemoPod, type DemoWorkload } from './cluster.ts';
import type { Random } from './random.ts';

/** Who may stand at the end of a connection. */
export type DemoEnd = DemoPod | { readonly outside: string; readonly names: readonly string[] } | { readonly node: string; readonly isLocal: boolean } | { readonly apiserver: string };

export interface DemoConnection {
  readonly time: number;
  readonly source: DemoEnd;
  readonly destination: DemoEnd;
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP';
  readonly result: 'answered' | 'refused' | 'dropped' | 'unanswered';
  readonly request: { readonly method: string; readonly path: string; readonly status: number } | null;
}

/** A habit of the cluster: how often an hour somebody connects to somebody. */
interface Habit {
  readonly from: DemoWorkload;
  readonly to: DemoWorkload | 'apiserver' | 'books' | 'nodes';
  readonly port: number;
  readonly protocol?: 'UDP';
  readonly perHour: number;
  readonly path?: string;
}

const { gateway, istiod, productpage, details, reviewsV1, reviewsV2, reviewsV3, ratings, database, report, dns, prometheus } = WORKLOADS;

const HABITS: readonly Habit[] = [
  { from: gateway, to: productpage, port: 9080, perHour: 8, path: '/productpage' },
  { from: productpage, to: details, port: 9080, perHour: 6, path: '/details/0' },
  { from: productpage, to: reviewsV1, port: 9080, perHour: 3, path: '/reviews/0' },
  { from: productpage, to: reviewsV2, port: 9080, perHour: 3, path: '/reviews/0' },
  { from: productpage, to: reviewsV3, port: 9080, perHour: 3, path: '/reviews/0' },
  { from: reviewsV2, to: ratings, port: 9080, perHour: 3, path: '/ratings/0' },
  { from: reviewsV3, to: ratings, port: 9080, perHour: 3, path: '/ratings/0' },
  { from: ratings, to: database, port: 3306, perHour: 4 },
  { from: report, to: database, port: 3306, perHour: 3 },
  { from: details, to: 'books', port: 443, perHour: 2 },
  { from: istiod, to: 'apiserver', port: APISERVER.port, perHour: 2 },
  { from: prometheus, to: 'apiserver', port: APISERVER.port, perHour: 2 },
  { from: prometheus, to: 'nodes', port: 10_250, perHour: 3 },
  { from: prometheus, to: dns, port: 9153, perHour: 2 },
  ...[gateway, productpage, details, reviewsV1, reviewsV2, reviewsV3, ratings].flatMap((from): Habit[] => [
    { from, to: istiod, port: 15_012, perHour: 1 },
    { from, to: dns, port: 53, protocol: 'UDP', perHour: 2 },
  ]),
  ...[details, reviewsV1, reviewsV2, reviewsV3, ratings].map((to): Habit => ({ from: prometheus, to, port: 15_020, perHour: 1 })),
  { from: prometheus, to: dns, port: 53, protocol: 'UDP', perHour: 1 },
  { from: report, to: dns, port: 53, protocol: 'UDP', perHour: 1 },
];

const BOOKS = { outside: '142.250.74.106', names: ['www.googleapis.com'] } as const;

/** A week of the cluster's life, hour by hour, in the order of time. */
export function* everyday(pods: readonly DemoPod[], random: Random, hours: number): Generator<DemoConnection> {
  const clients = Array.from({ length: 120 }, () => `${random.pick([81, 91, 185, 203] as const)}.${random.below(256)}.${random.below(256)}.${1 + random.below(254)}`);
  for (let hour = 0; hour < hours; hour++) {
    const start = BEGIN + hour * HOUR;
    const within: DemoConnection[] = [];
    const moment = (): number => start + random.below(HOUR);
    for (const habit of HABITS) {
      for (let i = 0; i < habit.perHour; i++) {
        const time = habit.from === report ? start + 60_000 + random.below(HOUR / 4) : moment();
        const connection = connect(habit, pods, time, random);
        if (connection !== null) within.push(connection);
      }
    }
    for (let i = 0; i < 8; i++) {
      const time = moment();
      const destination = choose(alive(pods, gateway, time), random);
      const outside = clients[random.below(clients.length)] ?? BOOKS.outside;
      if (destination !== null) within.push({ time, source: { outside, names: [] }, destination, port: i % 4 === 0 ? 80 : 443, protocol: 'TCP', result: 'answered', request: { method: 'GET', path: '/productpage', status: 200 } });
    }
    for (const workload of [gateway, productpage, details, reviewsV1, reviewsV2, reviewsV3, ratings]) {
      const time = moment();
      const destination = choose(alive(pods, workload, time), random);
      if (destination !== null) within.push({ time, source: { node: destination.node.address, isLocal: true }, destination, port: 15_021, protocol: 'TCP', result: 'answered', request: null });
    }
    yield* within.toSorted((a, b) => a.time - b.time);
  }
}

function connect(habit: Habit, pods: readonly DemoPod[], time: number, random: Random): DemoConnection | null {
  const source = choose(alive(pods, habit.from, time), random);
  const destination = endOf(habit.to, pods, time, random);
  if (source === null || destination === null) return null;
  const path = habit.path === undefined ? null : habit.path.replace(/0$/, String(random.below(200)));
  return {
    time,
    source,
    destination,
    port: habit.port,
    protocol: habit.protocol ?? 'TCP',
    result: 'answered',
    request: path === null ? null : { method: 'GET', path, status: random.next() < 0.01 ? 503 : 200 },
  };
}

function endOf(to: Habit['to'], pods: readonly DemoPod[], time: number, random: Random): DemoEnd | null {
  if (to === 'apiserver') return { apiserver: APISERVER.address };
  if (to === 'books') return BOOKS;
  if (to === 'nodes') return { node: NODES[random.below(NODES.length)]?.address ?? '', isLocal: false };
  return choose(alive(pods, to, time), random);
}

function choose(pods: readonly DemoPod[], random: Random): DemoPod | null {
  return pods[random.below(pods.length)] ?? null;
}

/** What happens after the week: somebody is in the gateway, and in some of the pods. Each threat is a few connections. */
export function attack(pods: readonly DemoPod[], random: Random, hours: number): readonly DemoConnection[] {
  const start = BEGIN + hours * HOUR + 14 * 60_000;
  const pod = (workload: DemoWorkload): DemoPod => {
    const found = choose(alive(pods, workload, start), random);
    if (found === null) throw new Error(`the demo has no pod of ${workload.name}`);
    return found;
  };
  const few = (n: number, after: number, connection: Omit<DemoConnection, 'time'>): DemoConnection[] =>
    Array.from({ length: n }, (_, i) => ({ ...connection, time: start + after * 60_000 + i * 1_700 }));
  const tcp = { protocol: 'TCP', request: null, result: 'answered' } as const;
  const scanned = Array.from({ length: 14 }, (_, i): DemoConnection => ({
    ...tcp,
    result: 'refused',
    time: start + 9 * 60_000 + i * 90,
    source: pod(reviewsV2),
    destination: pod([details, reviewsV1, reviewsV3, ratings][i % 4] ?? details),
    port: [22, 80, 443, 3306, 5432, 6379, 8080][Math.floor(i / 2)] ?? 8443,
  }));
  return [
    ...few(5, 0, { ...tcp, source: pod(gateway), destination: pod(ratings), port: 9080, request: { method: 'GET', path: '/ratings/1', status: 200 } }),
    ...few(2, 1, { ...tcp, source: pod(productpage), destination: pod(database), port: 3306 }),
    ...few(3, 2, { ...tcp, source: pod(ratings), destination: { apiserver: APISERVER.address }, port: APISERVER.port }),
    ...few(2, 3, { ...tcp, source: pod(details), destination: { node: NODES[1]?.address ?? '', isLocal: false }, port: 10_250 }),
    ...few(4, 4, { ...tcp, source: pod(productpage), destination: { outside: '169.254.169.254', names: [] }, port: 80 }),
    ...few(6, 5, { ...tcp, source: pod(reviewsV1), destination: { outside: '203.0.113.66', names: [] }, port: 4444 }),
    ...scanned,
  ].toSorted((a, b) => a.time - b.time);
}
