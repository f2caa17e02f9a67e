import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inbound, outbound } from './envoy.ts';
import { connection, pod, T0, type HubbleEnd } from './hubble.ts';
import { listObject, nodeObject, ownerObject, podObject } from './inventory.ts';

/**
 * A small shop whose connections are always the same, and whose pods live in different ways. What is learned is about
 * workloads: none of these ways may show in it.
 */

const KINDS = { web: 'Deployment', cart: 'Deployment', db: 'StatefulSet' } as const;
type Name = keyof typeof KINDS;
const NAMES = Object.keys(KINDS) as readonly Name[];

/** The pods of a workload in an hour: how many, of which revision, since which change, and at which address each. */
interface Life {
  readonly replicas: number;
  readonly revision: number;
  readonly change: number;
  readonly address: (index: number) => string;
}

export type Way = (name: Name, hour: number) => Life;

const place = (name: Name): number => NAMES.indexOf(name);
const at = (block: number, host: number): string => `10.0.${block}.${host + 10}`;

export const WAYS: Readonly<Record<string, Way>> = {
  'nothing ever happens': (name) => ({ replicas: 2, revision: 0, change: 0, address: (i) => at(place(name), i) }),
  'a rollout every seven hours': (name, hour) => {
    const revision = Math.floor(hour / 7);
    return { replicas: 2, revision, change: revision, address: (i) => at(place(name) * 20 + revision, i) };
  },
  'a restart every five hours': (name, hour) => {
    const change = Math.floor(hour / 5);
    return { replicas: 2, revision: 0, change, address: (i) => at(place(name) * 20 + change, i) };
  },
  'replicas that come and go': (name, hour) => ({ replicas: 1 + ((hour + place(name)) % 4), revision: 0, change: 0, address: (i) => at(place(name), i) }),
  // Whoever held an address an hour ago was another workload's pod.
  'addresses that pass from hand to hand': (name, hour) => ({ replicas: 1, revision: 0, change: hour, address: () => at(100, hour + place(name)) }),
};

const LETTERS = 'bcdfghjklmnpqrstvwxz2456789';

function letters(n: number, length: number): string {
  let text = '';
  for (let left = n + 7; text.length < length; left = Math.floor(left / 3) + 11) text += LETTERS[left % LETTERS.length] ?? '';
  return text;
}

function podName(name: Name, { revision, change }: Life, index: number): string {
  if (KINDS[name] === 'StatefulSet') return `${name}-${index}`;
  return `${name}-${letters(revision * 31 + 5, 9)}-${letters(change * 97 + index * 13 + 1, 5)}`;
}

function endOf(name: Name, life: Life, n: number): HubbleEnd & { readonly ip: string; readonly pod: string } {
  const index = n % life.replicas;
  const [own, ip] = [podName(name, life, index), life.address(index)];
  return { ...pod('shop', own, ip, { app: name }), ip, pod: own };
}

const HOUR = 3_600_000;
const HABITS = [
  { from: 'web', to: 'cart', port: 8080, path: '/cart/7' },
  { from: 'cart', to: 'db', port: 5432, path: null },
] as const;

/** Writes the logs of the hours from `first` to before `end`, and the inventory, into a folder; returns the arguments of `observe`. */
export function writeChurn(folder: string, way: Way, first: number, end: number): readonly string[] {
  const flows: string[] = [];
  const proxies = new Map<string, string[]>();
  const log = (owner: { readonly pod: string }, time: number, line: string): void => {
    const lines = proxies.get(owner.pod) ?? [];
    proxies.set(owner.pod, lines);
    lines.push(`${new Date(time).toISOString().replace('Z', '000000Z')} stdout F ${line}`);
  };
  for (let hour = first; hour < end; hour++) {
    for (const [habit, { from, to, port, path }] of HABITS.entries()) {
      for (let n = 0; n < 4; n++) {
        const time = T0 + hour * HOUR + (20 + n * 6 + habit) * 60_000;
        const [client, server] = [endOf(from, way(from, hour), n), endOf(to, way(to, hour), n + 1)];
        flows.push(...connection({ from: client, to: server, port, time, clientPort: 40_000 + n }));
        if (path === null) continue;
        const addresses = { time, path, host: `${server.ip}:${port}`, downstreamRemote: `${client.ip}:50001` };
        log(client, time, outbound({ ...addresses, cluster: `outbound|${port}||${to}.shop.svc.cluster.local`, upstreamLocal: `${client.ip}:50002`, downstreamLocal: `10.96.0.2:${port}` }));
        log(server, time, inbound({ ...addresses, cluster: `inbound|${port}||`, downstreamLocal: `${server.ip}:${port}` }));
      }
    }
  }
  writeFileSync(join(folder, 'flows.log'), `${flows.join('\n')}\n`);
  for (const [name, lines] of proxies) {
    const path = join(folder, `pods/shop_${name}_uid-${name}/istio-proxy/0.log`);
    mkdirSync(dirname(path), { recursive: true });
    appendFileSync(path, `${lines.join('\n')}\n`);
  }
  writeFileSync(join(folder, 'cluster.json'), inventoryOf(way, end));
  return [join(folder, 'pods'), join(folder, 'flows.log'), '--inventory', join(folder, 'cluster.json')];
}

/** The cluster as it is after the last hour. */
function inventoryOf(way: Way, end: number): string {
  const last = end - 1;
  const started = new Date(T0 + last * HOUR).toISOString();
  return listObject([
    nodeObject('node-a', '192.168.0.1', '10.0.0.0/16', new Date(T0 + end * HOUR).toISOString()),
    ...NAMES.flatMap((name) => {
      const life = way(name, last);
      const set = `${name}-${letters(life.revision * 31 + 5, 9)}`;
      const isDeployment = KINDS[name] === 'Deployment';
      return [
        ownerObject(KINDS[name], 'shop', name, { app: name }),
        ...(isDeployment ? [ownerObject('ReplicaSet', 'shop', set, { app: name }, { owner: ['Deployment', name] })] : []),
        ...Array.from({ length: life.replicas }, (_, i) =>
          podObject({ namespace: 'shop', name: podName(name, life, i), ip: life.address(i), labels: { app: name }, owner: isDeployment ? ['ReplicaSet', set] : ['StatefulSet', name], start: started }),
        ),
      ];
    }),
  ]);
}
