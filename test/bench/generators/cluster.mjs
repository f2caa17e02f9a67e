/** A made-up cluster, the same each time: who there is, and who talks to whom. */
import { letters, random, SAFE_LETTERS } from './random.mjs';

/** How large it is, unless another size is asked for: `edges` are those between workloads. */
export const SIZE = { workloads: 500, namespaces: 25, nodes: 60, edges: 18_300 };

const TEAMS = ['checkout', 'catalog', 'search', 'identity', 'payments', 'shipping', 'pricing', 'orders', 'inventory', 'media', 'risk', 'ledger', 'notifications'];
const PARTS = ['api', 'worker', 'gateway', 'cache', 'store', 'queue', 'scheduler', 'importer', 'exporter', 'profile', 'session', 'report', 'index', 'router'];
const PORTS = [80, 8080, 8443, 9090, 5432, 6379, 9092, 3000, 9_000];
const ZONES = ['a', 'b', 'c'];
const ADDRESSES_OF_A_NODE = 1_016;

function makeNode(i, below) {
  const [third, fourth] = [below(256), 1 + below(254)];
  const name = `ip-172-${16 + (i >> 8)}-${third}-${fourth}-${i}.eu-central-1.compute.internal`;
  const labels = {
    'beta.kubernetes.io/arch': 'amd64',
    'beta.kubernetes.io/instance-type': 'm6i.2xlarge',
    'beta.kubernetes.io/os': 'linux',
    'eks.amazonaws.com/nodegroup': `general-${i % 4}`,
    'kubernetes.io/arch': 'amd64',
    'kubernetes.io/hostname': name,
    'kubernetes.io/os': 'linux',
    'node.kubernetes.io/instance-type': 'm6i.2xlarge',
    'topology.kubernetes.io/region': 'eu-central-1',
    'topology.kubernetes.io/zone': `eu-central-1${ZONES[i % ZONES.length]}`,
  };
  return { type: 'node', name, labels, number: i, address: `172.${16 + (i >> 8)}.${third}.${fourth}`, pods: 0 };
}

/** Each node has a range of 1,024 addresses, of which the first few are its own. */
function addressAt(node) {
  const n = 4 + (node.pods++ % ADDRESSES_OF_A_NODE);
  return `10.${node.number >> 6}.${((node.number & 63) << 2) | (n >> 8)}.${n & 255}`;
}

function podName({ kind, name, hash }, i, below) {
  if (kind === 'StatefulSet') return `${name}-${i}`;
  return `${name}-${kind === 'Deployment' ? `${hash}-` : ''}${letters(SAFE_LETTERS, 5, below)}`;
}

/** New pods in the place of the old ones, under a new ReplicaSet, at new addresses. */
export function rollOut(workload, { nodes }, below) {
  workload.hash = letters(SAFE_LETTERS, 9, below);
  workload.pods = Array.from({ length: workload.replicas }, (_, i) => {
    const node = nodes[below(nodes.length)];
    return { workload, name: podName(workload, i, below), address: addressAt(node), node, endpoint: 1 + below(65_000) };
  });
}

function makeWorkload(i, namespaces, below) {
  const kind = below(10) < 8 ? 'Deployment' : below(2) === 0 ? 'StatefulSet' : 'DaemonSet';
  const namespace = `${TEAMS[i % namespaces % TEAMS.length]}-${i % namespaces}`;
  const name = `${PARTS[below(PARTS.length)]}-${TEAMS[below(TEAMS.length)]}-${i}`;
  return { type: 'workload', number: i, kind, namespace, name, replicas: 1 + Math.min(below(14), below(14)), port: PORTS[below(PORTS.length)], service: `10.96.${i >> 7}.${1 + (i & 127)}`, team: TEAMS[below(TEAMS.length)] };
}

const outside = (address, name) => ({ type: 'outside', address, name });
const clientOutside = (below) => outside(`${81 + below(15)}.${below(256)}.${below(256)}.${1 + below(254)}`, null);
/** A name has two addresses. */
const serverOutside = (i) => outside(`203.0.${i >> 8}.${i & 255}`, `api-${i >> 1}.example.com`);

/**
 * `edges` are exactly as many as were asked for, between workloads; `others` go to and come from outside, nodes and the API server. Each is a pair of ends, a protocol and a
 * port that no other one has. `entries` are whom the public reaches.
 */
export function makeCluster({ workloads: many, namespaces, nodes: nodeCount, edges: asked } = SIZE, seed = 7) {
  const below = random(seed);
  const nodes = Array.from({ length: nodeCount }, (_, i) => makeNode(i, below));
  const workloads = Array.from({ length: many }, (_, i) => makeWorkload(i, namespaces, below));
  const [dns] = workloads;
  Object.assign(dns, { namespace: 'kube-system', name: 'coredns', kind: 'Deployment' });
  for (const workload of workloads) rollOut(workload, { nodes }, below);
  const [entries, choice] = [workloads.filter(({ number }) => number % 40 === 1), () => workloads[below(many)]];

  const edges = new Map();
  const others = new Map();
  const add = (to, edge) => {
    const end = ({ type, number, address }) => (type === 'workload' ? number : `${type} ${address}`);
    if (edge.from !== edge.to) to.set(`${end(edge.from)}>${end(edge.to)} ${edge.protocol} ${edge.port}`, { ...edge, isDenied: to === edges && edge.protocol === 'TCP' && below(50) === 0 });
  };
  for (const from of workloads) if (edges.size < asked / 2) add(edges, { from, to: dns, protocol: 'UDP', port: 53 });
  while (edges.size < asked) {
    const [from, to] = [choice(), choice()];
    add(edges, { from, to, protocol: 'TCP', port: below(5) < 4 ? to.port : PORTS[below(PORTS.length)] });
  }
  for (let i = 0; i < many; i++) {
    const to = entries[below(entries.length)];
    add(others, { from: clientOutside(below), to, protocol: 'TCP', port: to.port });
    add(others, { from: clientOutside(below), to, protocol: 'TCP', port: to.port });
    add(others, { from: choice(), to: serverOutside(i), protocol: 'TCP', port: 443 });
    if (i % 5 === 0) add(others, { from: choice(), to: { type: 'apiserver', address: '172.16.0.10' }, protocol: 'TCP', port: 6443 });
    if (i % 10 === 0) {
      const server = choice();
      add(others, { from: { type: 'node' }, to: server, protocol: 'TCP', port: server.port });
      add(others, { from: choice(), to: choice(), protocol: 'ICMP', port: 0 });
    }
  }
  return { workloads, nodes, entries, edges: [...edges.values()], others: [...others.values()] };
}
