/**
 * One measurement in a process of its own: `node replaying.mjs footpath|open|scan`. A made-up cluster of 2,000 workloads whose edges are replayed against a policy for each. With `open` the policies
 * name every namespace, so that there is most to count of what is allowed and unused; `scan` asks a share of the edges as one would without an index: every policy of the namespace, every rule,
 * every peer. Prints one line of JSON. The same data each time.
 */
import { buildGraph } from '../../dist/src/learn/graph.js';
import { EMPTY_INVENTORY } from '../../dist/src/model/inventory.js';
import { selectorMatches } from '../../dist/src/model/selector.js';
import { replay } from '../../dist/src/policy/replay/replay.js';
import { Directory } from '../../dist/src/resolve/directory.js';

const NAMESPACES = 100;
const WORKLOADS = 20;
/** Namespaces that a workload connects to: to all of their workloads, at all of these ports. */
const REACHED = 5;
const PORTS = [80, 443, 8080, 9090, 5432];
/** Of a hundred peers that policies should name, they lack so many. */
const LACKING = 2;

let state = 7;
const next = (below) => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return (state >>> 8) % below;
};

const workloads = Array.from({ length: NAMESPACES * WORKLOADS }, (_, i) => {
  const namespace = `team-${Math.floor(i / WORKLOADS)}`;
  const name = `service-${i}`;
  return { namespace, name, labels: new Map([['app.kubernetes.io/name', name]]), peer: { type: 'workload', cluster: 'default', namespace, kind: 'StatefulSet', name }, to: [], from: [] };
});
for (const workload of workloads) {
  const reached = new Set();
  while (reached.size < REACHED) reached.add(next(NAMESPACES));
  for (const n of reached) for (let i = 0; i < WORKLOADS; i++) workload.to.push(workloads[n * WORKLOADS + i]);
  for (const other of workload.to) other.from.push(workload);
}

const evidence = { witnesses: new Map(), days: new Map(), pods: new Map(), addresses: new Set(), operations: [], failedSlots: new Map(), byLabelsOnly: new Set() };
const edges = workloads.flatMap((workload) => workload.to.flatMap((other) => PORTS.map((port) => ({ source: workload.peer, destination: other.peer, port, protocol: 'TCP', state: 'accepted', evidence }))));

/** In rules of twenty peers each, as a person would write them. */
function rules(self, others, field) {
  const all = [];
  for (let i = 0; i < others.length; i += 20) {
    const peers = others
      .slice(i, i + 20)
      .filter(() => next(100) >= LACKING)
      .map(({ namespace, name }) => {
        const podSelector = { matchLabels: { 'app.kubernetes.io/name': name } };
        return namespace === self.namespace ? { podSelector } : { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } }, podSelector };
      });
    if (peers.length > 0) all.push({ [field]: peers, ports: PORTS.map((port) => ({ protocol: 'TCP', port })) });
  }
  return all;
}

const everybody = (field) => [{ [field]: [{ namespaceSelector: {} }], ports: PORTS.map((port) => ({ protocol: 'TCP', port })) }];
const isOpen = process.argv[2] === 'open';
const policies = workloads.map((workload) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { namespace: workload.namespace, name: workload.name },
  spec: { podSelector: { matchLabels: { 'app.kubernetes.io/name': workload.name } }, policyTypes: ['Ingress', 'Egress'], ingress: isOpen ? everybody('from') : rules(workload, workload.from, 'from'), egress: isOpen ? everybody('to') : rules(workload, workload.to, 'to') },
}));

const pods = workloads.map(({ namespace, name, labels }, i) => ({
  namespace,
  name: `${name}-0`,
  uid: `${i}`,
  labels,
  owner: { kind: 'StatefulSet', name },
  addresses: [`10.0.${i >> 8}.${i & 255}`],
  hostAddresses: [],
  node: null,
  hostNetwork: false,
  serviceAccount: 'default',
  ports: [],
  from: null,
  until: null,
  completed: false,
  gone: false,
}));

function measured(work) {
  const [started, used] = [process.hrtime.bigint(), process.cpuUsage()];
  const result = work();
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  const { user, system } = process.cpuUsage(used);
  console.log(JSON.stringify({ edges: edges.length, policies: policies.length, seconds, cpu: (user + system) / 1e6, megabytes: process.resourceUsage().maxRSS / 1_000, ...result }));
}

/** Whether a policy admits, found by reading all of them. */
function scan(share) {
  const byKey = new Map(workloads.map((workload) => [workload.peer, workload]));
  let broken = 0;
  let judged = 0;
  for (let i = 0; i < edges.length; i += share) {
    const edge = edges[i];
    const [from, to] = [byKey.get(edge.source), byKey.get(edge.destination)];
    const open = (self, other, list, field) => {
      const selecting = policies.filter(({ metadata, spec }) => metadata.namespace === self.namespace && selectorMatches(spec.podSelector, self.labels));
      const matches = ({ namespaceSelector, podSelector }, own) =>
        (namespaceSelector === undefined ? other.namespace === own : namespaceSelector.matchLabels['kubernetes.io/metadata.name'] === other.namespace) && selectorMatches(podSelector, other.labels);
      return selecting.some(({ metadata, spec }) => spec[list].some((rule) => rule.ports.some(({ port }) => port === edge.port) && rule[field].some((peer) => matches(peer, metadata.namespace))));
    };
    judged++;
    if (!open(from, to, 'egress', 'to') || !open(to, from, 'ingress', 'from')) broken++;
  }
  return { judged, broken };
}

if (process.argv[2] === 'scan') measured(() => scan(100));
else {
  const stored = { revision: 0, edges: [], pending: [], peers: [], pods: [], choices: { modes: [], decisions: [], baselines: [], scans: [] }, coverage: [] };
  const directory = new Directory({ ...EMPTY_INVENTORY, pods }, [], 'default');
  const graph = { ...buildGraph({ stored, directory, fingerprint: (text) => text, connectionsOf: () => new Map() }), edges };
  measured(() => {
    const { judged, broken, unused } = replay(graph, policies);
    return { judged, broken: broken.length, unused: unused.count };
  });
}
