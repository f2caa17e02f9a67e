import { NODES, WORKLOADS, type DemoPod } from './cluster.ts';
import type { Random } from './random.ts';
import type { DemoConnection, DemoEnd } from './traffic.ts';

/** Writes connections as Cilium Hubble's exporter and Istio's proxies would. */

function isPod(end: DemoEnd): end is DemoPod {
  return 'uid' in end;
}

export function addressOf(end: DemoEnd): string {
  if ('outside' in end) return end.outside;
  if ('node' in end && !isPod(end)) return end.node;
  return isPod(end) ? end.address : end.apiserver;
}

/** Nanoseconds, as Go prints them: trailing zeros are left out. */
function goTime(ms: number, random: Random): string {
  return `${new Date(ms).toISOString().slice(0, -1)}${String(random.below(1_000_000)).padStart(6, '0')}`.replace(/0+$/, '').replace(/\.$/, '') + 'Z';
}

function endpoint(end: DemoEnd, isLocal: boolean): object {
  if (!isPod(end)) {
    if ('outside' in end) return { identity: 2, labels: ['reserved:world'] };
    if ('apiserver' in end) return { identity: 7, labels: ['reserved:kube-apiserver', 'reserved:remote-node'] };
    return end.isLocal ? { identity: 1, labels: ['reserved:host'] } : { identity: 6, labels: ['reserved:remote-node'] };
  }
  const { workload, name } = end;
  const own = Object.entries(workload.labels).map(([key, value]) => `k8s:${key}=${value}`);
  return {
    ...(isLocal ? { ID: 100 + (Number(end.address.split('.')[3]) % 900) } : {}),
    identity: 20_000 + (name.length * 37 + workload.namespace.length) % 9_000,
    namespace: workload.namespace,
    labels: [
      ...own,
      `k8s:io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name=${workload.namespace}`,
      'k8s:io.cilium.k8s.policy.cluster=default',
      `k8s:io.cilium.k8s.policy.serviceaccount=${workload.account}`,
      `k8s:io.kubernetes.pod.namespace=${workload.namespace}`,
    ].toSorted(),
    pod_name: name,
    workloads: [{ name: workload.name, kind: workload.kind }],
  };
}

/** The lines of one connection: its first packet where it arrives, and the answer where that arrives. */
export function hubbleLines(connection: DemoConnection, random: Random): readonly string[] {
  const { time, source, destination, port, protocol, result } = connection;
  const clientPort = 32_768 + random.below(28_000);
  const at = (end: DemoEnd): string => (isPod(end) ? end.node.name : (NODES[0]?.name ?? ''));
  const line = (ms: number, answer: boolean, flags: readonly string[], extra: object): string => {
    const [from, to] = answer ? [destination, source] : [source, destination];
    const [fromPort, toPort] = answer ? [port, clientPort] : [clientPort, port];
    // The packet is seen where it is delivered; towards the outside, where it leaves.
    const seenAt = isPod(to) ? to : from;
    const stamp = goTime(ms, random);
    const names = !answer && 'outside' in destination && destination.names.length > 0 ? { destination_names: destination.names } : {};
    const ports = { source_port: fromPort, destination_port: toPort };
    return JSON.stringify({
      flow: {
        time: stamp,
        verdict: 'FORWARDED',
        IP: { source: addressOf(from), destination: addressOf(to), ipVersion: 'IPv4' },
        l4: { [protocol]: protocol === 'TCP' ? { ...ports, flags: Object.fromEntries(flags.map((flag) => [flag, true])) } : ports },
        source: endpoint(from, seenAt === from),
        destination: endpoint(to, seenAt === to),
        Type: 'L3_L4',
        node_name: at(seenAt),
        ...names,
        event_type: { type: 4 },
        traffic_direction: (seenAt === to) === answer ? 'EGRESS' : 'INGRESS',
        trace_observation_point: isPod(to) ? 'TO_ENDPOINT' : 'TO_STACK',
        trace_reason: answer ? 'REPLY' : 'NEW',
        is_reply: answer,
        ...extra,
      },
      node_name: at(seenAt),
      time: stamp,
    });
  };
  if (result === 'dropped') return [line(time, false, ['SYN'], { verdict: 'DROPPED', drop_reason_desc: 'POLICY_DENIED', event_type: { type: 5 }, is_reply: undefined })];
  const first = line(time, false, ['SYN'], {});
  if (result === 'unanswered') return [first];
  return [first, line(time + 1 + random.below(3), true, result === 'refused' ? ['RST', 'ACK'] : ['SYN', 'ACK'], {})];
}

export interface ProxyLine {
  readonly pod: DemoPod;
  readonly line: string;
}

/** What the proxies at both ends write, in Istio's default text behind containerd's prefix. Only pods in the mesh have one. */
export function accessLogLines({ time, source, destination, port, result, request }: DemoConnection, random: Random): readonly ProxyLine[] {
  if (request === null || !isPod(destination) || !destination.workload.inMesh || result !== 'answered') return [];
  const { workload } = destination;
  const service = `${workload.labels['app'] ?? workload.name}.${workload.namespace}.svc.cluster.local`;
  const ephemeral = 40_000 + random.below(20_000);
  const id = random.text('0123456789abcdef', 32);
  const start = new Date(time).toISOString();
  const done = new Date(time + 12).toISOString().replace('Z', '000000Z');
  const head = `[${start}] "${request.method} ${request.path} HTTP/1.1" ${request.status} - via_upstream - "-" 0 ${200 + random.below(4_000)} ${2 + random.below(20)} ${1 + random.below(9)} "-" "Mozilla/5.0" "${id}" "${service}:${port}"`;
  const lines: ProxyLine[] = [];
  const add = (pod: DemoPod, text: string): void => void lines.push({ pod, line: `${done} stdout F ${text}` });
  const isGateway = workload === WORKLOADS.gateway;
  if (isPod(source) && source.workload.inMesh) {
    add(source, `${head} "${destination.address}:${port}" outbound|${port}||${service} ${source.address}:${ephemeral} 10.96.7.7:${port} ${source.address}:${30_000 + random.below(2_000)} - default`);
  }
  if (!isGateway) {
    add(destination, `${head} "${destination.address}:${port}" inbound|${port}|| 127.0.0.6:${ephemeral} ${destination.address}:${port} ${addressOf(source)}:${ephemeral} outbound_.${port}_._.${service} default`);
  }
  return lines;
}
