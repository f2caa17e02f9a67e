/** Hubble lines for tests: what is not said is as in an ordinary first packet that arrives at its destination. */

export interface HubbleEnd {
  readonly ip?: string | undefined;
  readonly pod?: string;
  readonly namespace?: string;
  readonly labels?: readonly string[];
  readonly workload?: readonly [kind: string, name: string];
  readonly identity?: number;
  readonly cluster?: string;
  readonly local?: boolean;
}

export interface HubbleFlow {
  readonly time?: string | number;
  readonly from: HubbleEnd;
  readonly to: HubbleEnd;
  readonly port?: number;
  readonly clientPort?: number;
  readonly protocol?: 'TCP' | 'UDP' | 'SCTP';
  readonly flags?: readonly string[];
  /** The answer of the connection: ends and ports are written the other way round. */
  readonly reply?: boolean;
  readonly verdict?: string;
  readonly point?: string;
  readonly direction?: string;
  readonly node?: string;
  readonly names?: readonly string[];
  readonly http?: { readonly method: string; readonly url: string; readonly code?: number };
  /** Set or removed (undefined) in the flow at last. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

export const T0 = Date.UTC(2026, 2, 2, 12);

export function pod(namespace: string, name: string, ip: string, labels: Readonly<Record<string, string>> = {}, more: Partial<HubbleEnd> = {}): HubbleEnd {
  return { ip, pod: name, namespace, labels: Object.entries(labels).map(([key, value]) => `k8s:${key}=${value}`), ...more };
}

export const WORLD = (ip: string): HubbleEnd => ({ ip, labels: ['reserved:world'], identity: 2 });

function endpoint(end: HubbleEnd): object {
  return {
    ...(end.local === true ? { ID: 42 } : {}),
    ...(end.identity === undefined ? {} : { identity: end.identity }),
    ...(end.cluster === undefined ? {} : { cluster_name: end.cluster }),
    ...(end.namespace === undefined ? {} : { namespace: end.namespace }),
    ...(end.labels === undefined ? {} : { labels: end.labels }),
    ...(end.pod === undefined ? {} : { pod_name: end.pod }),
    ...(end.workload === undefined ? {} : { workloads: [{ kind: end.workload[0], name: end.workload[1] }] }),
  };
}

export function hubbleFlow(flow: HubbleFlow): object {
  const { from, to, port = 8080, clientPort = 40_000, protocol = 'TCP', reply = false, http } = flow;
  const [source, destination] = reply ? [to, from] : [from, to];
  const ports = reply ? { source_port: port, destination_port: clientPort } : { source_port: clientPort, destination_port: port };
  const flags = flow.flags ?? (reply ? ['SYN', 'ACK'] : ['SYN']);
  const time = typeof flow.time === 'string' ? flow.time : new Date(flow.time ?? T0).toISOString();
  const value: Record<string, unknown> = {
    time,
    verdict: flow.verdict ?? 'FORWARDED',
    IP: { source: source.ip, destination: destination.ip, ipVersion: 'IPv4' },
    l4: { [protocol]: protocol === 'TCP' && http === undefined ? { ...ports, flags: Object.fromEntries(flags.map((flag) => [flag, true])) } : ports },
    source: endpoint(source),
    destination: endpoint(destination),
    Type: http === undefined ? 'L3_L4' : 'L7',
    node_name: flow.node ?? 'node-a',
    ...(http === undefined ? {} : { l7: { type: reply ? 'RESPONSE' : 'REQUEST', http } }),
    event_type: { type: http === undefined ? 4 : 129 },
    ...(flow.names === undefined ? {} : { [reply ? 'source_names' : 'destination_names']: flow.names }),
    traffic_direction: flow.direction ?? 'INGRESS',
    ...(http === undefined ? { trace_observation_point: flow.point ?? 'TO_ENDPOINT' } : {}),
    is_reply: reply,
    ...flow.extra,
  };
  for (const key of Object.keys(value)) if (value[key] === undefined) delete value[key];
  return value;
}

export function hubbleLine(flow: HubbleFlow): string {
  const value = hubbleFlow(flow) as { readonly time?: unknown; readonly node_name?: unknown };
  return JSON.stringify({ flow: value, node_name: value.node_name, time: value.time });
}

/** A connection that succeeds: its first packet and the answer. */
export function connection(flow: HubbleFlow): readonly string[] {
  return [hubbleLine(flow), hubbleLine({ ...flow, reply: true })];
}

/** Connections in several hours of several days: enough for an edge to be above suspicion. */
export function settledTraffic(flow: HubbleFlow, days = 3, start = T0): readonly string[] {
  return Array.from({ length: days }, (_, day) => [0, 1, 5].flatMap((hour) => connection({ ...flow, time: start + (day * 24 + hour) * 3_600_000 }))).flat();
}
