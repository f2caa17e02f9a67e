import { METADATA_ADDRESSES } from '../model/address.ts';
import type { EdgeClass, Severity } from '../model/alert.ts';
import { groupBy } from '../model/group.ts';
import { peerKey } from '../model/peer.ts';
import type { Graph, GraphEdge } from '../learn/graph.ts';
import { attempts } from './violation.ts';

const SEVERITY: Readonly<Record<EdgeClass, Severity>> = {
  metadata: 'critical',
  infrastructure: 'high',
  'cross-namespace': 'high',
  reversed: 'high',
  'new-external': 'medium',
  'new-port': 'medium',
  'same-namespace': 'medium',
};

const ETCD_PORTS: readonly number[] = [2379, 2380];
const KUBELET_PORTS: readonly number[] = [10_250, 10_255];

/** Pairs of peers that talk by accepted edges, with the keys of these. */
export type KnownPairs = ReadonlyMap<string, ReadonlySet<string>>;

export function knownPairs(graph: Graph): KnownPairs {
  const pairs = groupBy(
    graph.edges.filter(({ state }) => state === 'accepted'),
    pairKey,
  );
  return new Map([...pairs].map(([pair, edges]) => [pair, new Set(edges.map(({ key }) => key))]));
}

/** Whether the pair talks by another edge than this one. */
function talks(known: KnownPairs, pair: string, edge: GraphEdge): boolean {
  return [...(known.get(pair) ?? [])].some((key) => key !== edge.key);
}

function pairKey({ source, destination }: Pick<GraphEdge, 'source' | 'destination'>): string {
  return `${peerKey(source)}>${peerKey(destination)}`;
}

/** What makes an edge outside the baseline matter; the first that fits. */
export function classOf(edge: GraphEdge, known: KnownPairs): EdgeClass {
  const { source, destination, port } = edge;
  if (destination.type === 'external' && METADATA_ADDRESSES.has(destination.address)) return 'metadata';
  if (destination.type === 'node' || destination.type === 'apiserver' || source.type === 'node' || ETCD_PORTS.includes(port)) return 'infrastructure';
  if (destination.type === 'external' || source.type === 'external' || source.type === 'public') return 'new-external';
  if (talks(known, pairKey(edge), edge)) return 'new-port';
  if (talks(known, pairKey({ source: destination, destination: source }), edge)) return 'reversed';
  const namespaces = [source, destination].map((peer) => (peer.type === 'workload' ? peer.namespace : ''));
  return namespaces[0] === namespaces[1] ? 'same-namespace' : 'cross-namespace';
}

/** By the class; kubelet and etcd are the keys to the cluster, and a lone attempt that nothing came of is low. */
export function severityOf(edge: GraphEdge, edgeClass: EdgeClass): Severity {
  if (isLoneAttempt(edge)) return 'low';
  if (edgeClass === 'infrastructure' && [...ETCD_PORTS, ...KUBELET_PORTS].includes(edge.port)) return 'critical';
  if (edgeClass === 'new-external' && edge.suspicions.includes('much-out')) return 'high';
  return SEVERITY[edgeClass];
}

function isLoneAttempt({ success, totals, evidence }: GraphEdge): boolean {
  // Each witness tells of the one attempt in its own way: what one saw leave, another saw denied.
  return success === 'none' && totals.audited === 0 && [...evidence.witnesses.values()].every(({ tally }) => attempts(tally) === 1);
}
