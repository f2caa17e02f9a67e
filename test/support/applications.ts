import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { inbound, outbound, tcp, type AccessLine } from './envoy.ts';
import { connection, hubbleLine, pod, T0, type HubbleEnd } from './hubble.ts';
import { listObject, nodeObject, ownerObject, podObject, serviceObject } from './inventory.ts';
import { shared } from './shared.ts';

/**
 * Applications with known traffic, and what a cluster in which they ran for three days would have logged of it. What is learned
 * is about workloads: neither who logged it nor how their pods lived may show in it.
 */

export const APPLICATIONS: readonly string[] = ['acs-security-demos', 'bookinfo', 'k8s_guestbook', 'onlineboutique', 'sockshop'];

/** Where the data of an application is: `workloads.yaml`, `flows.jsonl`. */
export const ofApplication = (name: string, file: string): string => shared('oracle/generator', name, file);

/** What becomes of the pods on the second day. */
export const LIVES = ['stay', 'are restarted', 'are rolled out'] as const;
export type Life = (typeof LIVES)[number];

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: {
    readonly selector?: object;
    readonly type?: string;
    readonly ports?: readonly object[];
    readonly template: { readonly metadata: { readonly labels: Record<string, string> }; readonly spec: { readonly containers: readonly { readonly ports?: readonly object[] }[] } };
  };
}

interface Traffic {
  readonly src: string;
  readonly src_kind: string;
  readonly dst: string;
  readonly dst_kind: string;
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
}

type PodOf = HubbleEnd & {
  readonly ip: string;
  readonly pod: string;
  readonly namespace: string;
  readonly set: string;
  readonly node: string;
  readonly own: Record<string, string>;
  /** In hours since the first record. */
  readonly since: number;
};

interface Connection {
  readonly client: PodOf;
  readonly server: PodOf;
  readonly port: number;
  readonly protocol: Traffic['protocol'];
  readonly time: number;
  readonly generation: number;
}

interface Deployed {
  readonly manifest: Manifest;
  /** Two pods of each generation: before the change and after it. */
  readonly generations: readonly (readonly PodOf[])[];
}

const HOUR = 3_600_000;
/** In hours since the first record; the pods change after the fifth. */
const SEEN = [0, 1, 5, 24, 25, 29, 48, 49, 53];
const CHANGE = 26;

const NODES: Readonly<Record<string, string>> = { 'node-a': '192.168.0.1', 'node-b': '192.168.0.2' };

const COREDNS: Manifest = {
  kind: 'Deployment',
  metadata: { name: 'coredns', namespace: 'kube-system' },
  spec: { selector: { matchLabels: { 'k8s-app': 'kube-dns' } }, template: { metadata: { labels: { 'k8s-app': 'kube-dns' } }, spec: { containers: [{}] } } },
};

const keyOf = (kind: string, path: string): string => `${kind} ${path}`;
const namespaceOf = ({ metadata }: Manifest): string => metadata.namespace ?? 'default';

function deployed(manifest: Manifest, i: number, life: Life): Deployed {
  const { kind, metadata, spec } = manifest;
  const namespace = namespaceOf(manifest);
  const generations = [0, 1].map((later) => {
    const changed = life === 'stay' ? 0 : later;
    const hash = life === 'are rolled out' && later === 1 ? '7f9c6d5b48' : '6b746f74dc';
    const set = kind === 'Deployment' ? `${metadata.name}-${hash}` : metadata.name;
    const labels = { ...spec.template.metadata.labels, ...(kind === 'Deployment' ? { 'pod-template-hash': hash } : {}) };
    return ['qx7kd', 'wz2mn', 'b4kxs', 'p9fzt'].slice(changed * 2, changed * 2 + 2).map((suffix, replica): PodOf => {
      const [name, ip] = [`${set}-${suffix}`, `10.0.${replica}.${i * 2 + changed + 10}`];
      return { ...pod(namespace, name, ip, labels), ip, pod: name, namespace, set, node: `node-${'ab'[replica]}`, own: labels, since: changed === 0 ? -1 : CHANGE };
    });
  });
  return { manifest, generations };
}

export class Application {
  readonly #workloads: ReadonlyMap<string, Deployed>;
  readonly #services: readonly Manifest[];
  readonly #traffic: readonly Traffic[];

  constructor(name: string, life: Life) {
    const manifests = parseAllDocuments(readFileSync(ofApplication(name, 'workloads.yaml'), 'utf8')).flatMap((document) => (document.toJS() as Manifest | null) ?? []);
    const workloads = [COREDNS, ...manifests.filter(({ kind }) => kind === 'Deployment' || kind === 'ReplicaSet')];
    this.#workloads = new Map(workloads.map((manifest, i) => [keyOf(manifest.kind, `${namespaceOf(manifest)}/${manifest.metadata.name}`), deployed(manifest, i, life)]));
    this.#services = manifests.filter(({ kind }) => kind === 'Service');
    const lines = readFileSync(ofApplication(name, 'flows.jsonl'), 'utf8').trimEnd().split('\n');
    this.#traffic = lines.map((line) => JSON.parse(line) as Traffic);
  }

  /** The cluster's objects as they are after the last record. */
  inventory(): string {
    const services = this.#services.map(({ metadata, spec }, i) => serviceObject(metadata.namespace ?? 'default', metadata.name, `10.96.0.${i + 20}`, (spec.selector ?? null) as Record<string, string> | null, spec.ports ?? [], spec.type));
    return listObject([
      ...Object.entries(NODES).map(([node, address], i) => nodeObject(node, address, `10.0.${i}.0/24`, new Date(T0 + 54 * HOUR).toISOString())),
      serviceObject('kube-system', 'kube-dns', '10.96.0.10', { 'k8s-app': 'kube-dns' }, [{ name: 'dns', port: 53, protocol: 'UDP' }, { name: 'dns-tcp', port: 53 }]),
      ...services,
      ...[...this.#workloads.values()].flatMap((workload) => objectsOf(workload)),
    ]);
  }

  /** What Hubble saw at both ends: queries, connections and what kubelet asks. */
  flows(): readonly string[] {
    const resolvers = this.#workloads.get('Deployment kube-system/coredns')?.generations ?? [];
    return this.#connections().flatMap(({ client, server, port, protocol, time, generation }) => {
      const flow = { from: client, to: server, port, protocol, time };
      const query = { from: client, to: resolvers[generation]?.[0] ?? {}, port: 53, protocol: 'UDP' as const, time };
      return [
        ...connection(query),
        ...connection({ ...flow, node: server.node }),
        ...connection({ ...flow, node: client.node, direction: 'EGRESS', point: 'TO_OVERLAY' }),
        hubbleLine({ from: { ip: '10.0.0.1', labels: ['reserved:host'], identity: 1 }, to: server, port, time, node: server.node }),
      ];
    });
  }

  /** Writes what the sidecars of both ends logged, as kubelet keeps it. */
  writeAccessLogs(folder: string): void {
    const logs = new Map<string, string[]>();
    const log = ({ namespace, pod: name }: PodOf, time: number, line: string): void => {
      const path = join(folder, `${namespace}_${name}_${UID}/istio-proxy/0.log`);
      const lines = logs.get(path) ?? [];
      logs.set(path, lines);
      lines.push(`${new Date(time).toISOString().replace('Z', '000000Z')} stdout F ${line}`);
    };
    for (const { client, server, port, time } of this.#connections()) {
      const opaque: Partial<AccessLine> = DATABASES.has(port) ? { method: '-', path: '-', protocol: '-', code: 0, details: '-' } : {};
      const seen = { ...opaque, time, host: `${server.ip}:${port}`, authority: `server:${port}` };
      log(client, time, (DATABASES.has(port) ? tcp : outbound)({ ...seen, cluster: `outbound|${port}||server.svc.cluster.local`, upstreamLocal: `${client.ip}:50002`, downstreamLocal: `10.96.0.200:${port}`, downstreamRemote: `${client.ip}:50001` }));
      log(server, time, inbound({ ...seen, cluster: `inbound|${port}||`, downstreamLocal: `${server.ip}:${port}`, downstreamRemote: `${client.ip}:50002` }));
    }
    for (const [path, lines] of logs) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, `${lines.join('\n')}\n`);
    }
  }

  /** Each replica of a client and another of its server, in every hour. */
  #connections(): readonly Connection[] {
    return this.#traffic.flatMap(({ src, src_kind: srcKind, dst, dst_kind: dstKind, port, protocol }, n) => {
      const [from, to] = [this.#workloads.get(keyOf(srcKind, src)), this.#workloads.get(keyOf(dstKind, dst))];
      return SEEN.flatMap((hour) =>
        [0, 1].flatMap((replica) => {
          const generation = hour < CHANGE ? 0 : 1;
          const [client, server] = [from?.generations[generation]?.[replica], to?.generations[generation]?.[1 - replica]];
          if (client === undefined || server === undefined) throw new Error(`no ${srcKind} ${src} or no ${dstKind} ${dst}`);
          return { client, server, port, protocol, time: T0 + hour * HOUR + n * 1000 + replica, generation };
        }),
      );
    });
  }
}

/** Names tell pods apart. */
const UID = '5f0c7a4e-3b1d-4d8e-9a56-0123456789ab';

/** Ports that a proxy knows no requests of. */
const DATABASES: ReadonlySet<number> = new Set([3306, 6379, 27_017]);

function objectsOf({ manifest, generations }: Deployed): readonly object[] {
  const { kind, metadata, spec } = manifest;
  const namespace = namespaceOf(manifest);
  const { labels } = spec.template.metadata;
  const selector = spec.selector ?? null;
  const ports = spec.template.spec.containers.flatMap((container) => container.ports ?? []);
  const sets = new Map(generations.flat().map(({ set, own }) => [set, own]));
  return [
    ownerObject(kind, namespace, metadata.name, labels, { selector, ports }),
    ...(kind === 'Deployment' ? [...sets].map(([set, own]) => ownerObject('ReplicaSet', namespace, set, own, { owner: [kind, metadata.name], ports })) : []),
    ...(generations[1] ?? []).map(({ pod: name, ip, own, set, node, since }) =>
      podObject({ namespace, name, ip, labels: own, owner: ['ReplicaSet', set], node, hostIP: NODES[node] ?? '', ports, start: new Date(T0 + since * HOUR).toISOString() }),
    ),
  ];
}
