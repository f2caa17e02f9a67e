import { peerKey, workloadPeer, type Peer, type WorkloadPeer } from '../../model/peer.ts';
import type { Graph, GraphEdge } from '../../learn/graph.ts';
import { backendOf } from '../../resolve/service.ts';

/** Where workloads resolve names: a peer and its port. */
export interface Resolver {
  readonly peer: Peer;
  readonly port: number;
}

/** Services that answer DNS for a cluster, by the names that distributions give them. */
const DNS_SERVICES: ReadonlySet<string> = new Set(['kube-system/kube-dns', 'kube-system/coredns', 'kube-system/rke2-coredns-rke2-coredns', 'openshift-dns/dns-default']);

/** The cluster's resolvers: those that answer for its DNS Service, else whoever most workloads ask on port 53; and caches in pods, which ask for others. */
export function clusterResolvers(graph: Graph): readonly Resolver[] {
  const all = [...answering(graph), ...cachesInPods(graph)];
  return [...new Map(all.map((resolver) => [`${peerKey(resolver.peer)} ${resolver.port}`, resolver])).values()];
}

function answering(graph: Graph): readonly Resolver[] {
  const { directory, canon } = graph;
  const stated = directory.inventory.services
    .filter(({ namespace, name }) => DNS_SERVICES.has(`${namespace}/${name}`))
    .flatMap((service) => {
      const port = service.ports.find(({ protocol, port: number }) => protocol === 'UDP' && number === 53);
      const backend = port === undefined ? null : backendOf(service, port.port, 'UDP', directory);
      return backend === null ? [] : [{ peer: canon.end(backend.peer).peer, port: backend.port }];
    });
  if (stated.length > 0) return stated;
  const clients = new Map<string, { readonly resolver: Resolver; readonly askedBy: Set<string> }>();
  for (const { source, destination, port, protocol, state } of graph.edges) {
    if (port !== 53 || protocol === 'SCTP' || state !== 'accepted') continue;
    const key = peerKey(destination);
    const known = clients.get(key) ?? { resolver: { peer: destination, port }, askedBy: new Set<string>() };
    clients.set(key, known);
    known.askedBy.add(peerKey(source));
  }
  const [most] = [...clients].toSorted(([a, x], [b, y]) => y.askedBy.size - x.askedBy.size || (a < b ? -1 : 1));
  return most === undefined ? [] : [most[1].resolver];
}

const NODE_CACHE = 'node-local-dns';

/** NodeLocal DNSCache on the pods' network, as plugins that redirect to it have it; the records or the inventory tell of it. */
function cachesInPods({ workloads, directory, canon }: Graph): readonly Resolver[] {
  const facts = directory.inventory.workloads.filter(({ namespace, kind, name }) => namespace === 'kube-system' && kind === 'DaemonSet' && name === NODE_CACHE);
  if (facts.some(({ hostNetwork }) => hostNetwork)) return [];
  const stated = facts.map(({ namespace, kind, name }) => canon.end(workloadPeer({ cluster: '', namespace, kind, name })).peer);
  const seen = [...workloads.values()].map(({ workload }) => workload).filter(({ cluster, namespace, name }) => cluster === canon.localCluster && namespace === 'kube-system' && name === NODE_CACHE);
  return [...stated, ...seen].map((peer) => ({ peer, port: 53 }));
}

/** What NodeLocal DNSCache listens at, unless it is told otherwise. */
export const NODE_LOCAL = '169.254.20.10';

/**
 * Addresses of the cache on each node, if the inventory holds NodeLocal DNSCache. It runs on the host's network, where no
 * selector matches it, and also takes what is sent to the DNS Service's own address.
 */
export function nodeLocalCache({ directory }: Graph): readonly string[] {
  const { workloads, services } = directory.inventory;
  const runs = workloads.some(({ kind, name, hostNetwork, templateLabels }) => kind === 'DaemonSet' && hostNetwork && (name === NODE_CACHE || templateLabels?.get('k8s-app') === NODE_CACHE));
  if (!runs) return [];
  return [NODE_LOCAL, ...services.filter(({ namespace, name }) => DNS_SERVICES.has(`${namespace}/${name}`)).flatMap(({ addresses }) => addresses)];
}

/** Whether an edge asks a resolver. */
export function isDns({ destination, port, protocol }: Pick<GraphEdge, 'destination' | 'port' | 'protocol'>, resolvers: readonly Resolver[]): boolean {
  if (protocol !== 'UDP' && protocol !== 'TCP') return false;
  return port === 53 || resolvers.some((resolver) => resolver.port === port && peerKey(resolver.peer) === peerKey(destination));
}

/** A resolver does not need itself, and its own upstream is whatever it was seen to ask. */
export function isResolver(workload: WorkloadPeer, resolvers: readonly Resolver[]): boolean {
  return resolvers.some(({ peer }) => peerKey(peer) === peerKey(workload));
}
