/** Logs of a made-up cluster, the same bytes each time: `count` records each. */
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';

const START = Date.UTC(2026, 2, 2);
const PODS = 3;
/** How large the cluster is, unless another size is asked for. */
const SIZE = { workloads: 200, namespaces: 20, edges: 2_000 };

/** A small linear congruential generator; quality is no matter here. */
function random(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state % below;
  };
}

function cluster({ workloads: many, namespaces, edges: asked } = SIZE) {
  const next = random(7);
  const letters = 'bcdfghjklmnpqrstvwxz';
  const word = (length) => Array.from({ length }, () => letters[next(letters.length)]).join('');
  const workloads = Array.from({ length: many }, (_, i) => {
    const name = `service-${i}`;
    const hash = word(9);
    return { namespace: `team-${i % namespaces}`, name, pods: Array.from({ length: PODS }, (__, p) => ({ name: `${name}-${hash}-${word(5)}`, ip: `10.${p}.${i >> 8}.${i & 255}` })) };
  });
  const edges = new Map();
  while (edges.size < asked) {
    const [from, to, port] = [next(many), next(many), [80, 8080, 9090, 5432][next(4)]];
    if (from !== to) edges.set(`${from}>${to}:${port}`, { from: workloads[from], to: workloads[to], port });
  }
  return { workloads, edges: [...edges.values()], next };
}

function write(path, count, line) {
  const file = openSync(path, 'w');
  let chunk = '';
  for (let i = 0; i < count; i++) {
    chunk += `${line(i)}\n`;
    if (chunk.length > 1 << 20) {
      writeSync(file, chunk);
      chunk = '';
    }
  }
  writeSync(file, chunk);
  closeSync(file);
}

function hubbleEnd({ namespace, name }, pod) {
  return {
    identity: 20_000,
    cluster_name: 'default',
    namespace,
    labels: [`k8s:app.kubernetes.io/name=${name}`, `k8s:io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name=${namespace}`, 'k8s:io.cilium.k8s.policy.cluster=default', `k8s:io.kubernetes.pod.namespace=${namespace}`],
    pod_name: pod.name,
    workloads: [{ name, kind: 'Deployment' }],
  };
}

/** A packet between two pods, and the node that saw it. */
function hubbleRecord({ from, to, port, client, server, clientPort, reply, node, time }) {
  const [source, destination] = reply ? [hubbleEnd(to, server), hubbleEnd(from, client)] : [hubbleEnd(from, client), hubbleEnd(to, server)];
  const flow = {
    time,
    verdict: 'FORWARDED',
    IP: { source: reply ? server.ip : client.ip, destination: reply ? client.ip : server.ip, ipVersion: 'IPv4' },
    l4: { TCP: { source_port: reply ? port : clientPort, destination_port: reply ? clientPort : port, flags: reply ? { SYN: true, ACK: true } : { SYN: true } } },
    source,
    destination,
    Type: 'L3_L4',
    node_name: node,
    event_type: { type: 4, sub_type: reply ? 3 : 0 },
    traffic_direction: reply ? 'EGRESS' : 'INGRESS',
    trace_observation_point: reply ? 'TO_STACK' : 'TO_ENDPOINT',
    is_reply: reply,
    Summary: 'TCP Flags: SYN',
  };
  return JSON.stringify({ flow, node_name: node, time });
}

/** Gives a Hubble record with this time, each time another one. */
export function hubbleRecords() {
  const { edges, next } = cluster();
  return (time) => {
    const { from, to, port } = edges[next(edges.length)];
    const [client, server] = [from.pods[next(PODS)], to.pods[next(PODS)]];
    const reply = next(2) === 1;
    const clientPort = 32_768 + next(28_000);
    return hubbleRecord({ from, to, port, client, server, clientPort, reply, node: `node-${next(20)}`, time });
  };
}

/** Every connection of a cluster of this size, opened and answered twice within an hour: as much as teaches each of them. */
export function writeEveryEdge(path, size) {
  const { edges } = cluster(size);
  write(path, edges.length * 4, (i) => {
    const { from, to, port } = edges[i >> 2];
    const again = i & 2 ? 1 : 0;
    return hubbleRecord({ from, to, port, client: from.pods[again], server: to.pods[again], clientPort: 32_768 + again, reply: (i & 1) === 1, node: `node-${again}`, time: new Date(START + i).toISOString() });
  });
}

export function writeHubble(path, count) {
  const record = hubbleRecords();
  write(path, count, (i) => record(new Date(START + i * 10).toISOString()));
}

export function writeEnvoy(path, count) {
  const { edges, next } = cluster();
  write(path, count, (i) => {
    const { from, to, port } = edges[next(edges.length)];
    const [client, server] = [from.pods[next(PODS)], to.pods[next(PODS)]];
    const time = new Date(START + i * 10).toISOString();
    const ephemeral = 32_768 + next(28_000);
    return `[${time}] "GET /api/items/${next(100_000)} HTTP/1.1" 200 - via_upstream - "-" 0 ${next(5_000)} 7 6 "-" "client/1.0" "8f2c1a30-0000-4000-8000-${String(i).padStart(12, '0')}" "${to.name}:${port}" "${server.ip}:${port}" inbound|${port}|| 127.0.0.6:${ephemeral} ${server.ip}:${port} ${client.ip}:${ephemeral} outbound_.${port}_._.${to.name}.${to.namespace}.svc.cluster.local default`;
  });
}

/** What kubectl would print of the same cluster. */
export function writeInventory(path, size) {
  const items = cluster(size).workloads.flatMap(({ namespace, name, pods }) => {
    const labels = { 'app.kubernetes.io/name': name };
    const owned = (kind, owner) => ({ namespace, ownerReferences: [{ kind, name: owner, controller: true }] });
    const set = pods[0].name.slice(0, -6);
    return [
      { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace }, spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: {} } } },
      { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name: set, ...owned('Deployment', name) }, spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: {} } } },
      ...pods.map((pod) => ({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: pod.name, labels, ...owned('ReplicaSet', set) },
        spec: { containers: [{ name: 'main' }] },
        status: { phase: 'Running', podIP: pod.ip, podIPs: [{ ip: pod.ip }], startTime: '2026-01-01T00:00:00Z' },
      })),
    ];
  });
  items.push({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-0' }, status: { conditions: [{ type: 'Ready', lastHeartbeatTime: '2027-01-01T00:00:00Z' }] } });
  writeFileSync(path, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
}
