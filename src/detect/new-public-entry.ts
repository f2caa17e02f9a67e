import type { Finding } from '../model/alert.ts';
import type { PublicEntry } from '../model/decision.ts';
import { largest, smallest } from '../model/group.ts';
import { peerKey, peerName, PUBLIC } from '../model/peer.ts';
import type { Graph, GraphEdge } from '../learn/graph.ts';
import { breachedEdge } from './violation.ts';

/** Edges from outside over which an entry answered. */
function clientsOf(graph: Graph, { destination, protocol, port }: PublicEntry): readonly GraphEdge[] {
  const isOutside = ({ source }: GraphEdge): boolean => source.type === 'external' || source.type === 'public';
  return graph.edges.filter((edge) => isOutside(edge) && peerKey(edge.destination) === peerKey(destination) && edge.port === port && edge.protocol === protocol && edge.success !== 'none');
}

/** Keys of the edges of clients that a new public entry tells of: they are no alerts by address. */
export function servedByNewEntries(graph: Graph): readonly string[] {
  return graph.newPublicEntries.flatMap((entry) => clientsOf(graph, entry).map(({ key }) => key));
}

/** Ports that anybody outside reaches now, and that were no public entry when their workload was switched to watching. */
export function findNewPublicEntries(graph: Graph): readonly Finding[] {
  return graph.newPublicEntries.flatMap(({ destination, protocol, port }): Finding[] => {
    const clients = clientsOf(graph, { destination, protocol, port });
    if (clients.length === 0) return [];
    const breaches = clients.map(breachedEdge);
    const seen = clients.map(({ totals }, i) => breaches[i]?.totals ?? totals);
    return [
      {
        kind: 'new-public-entry',
        class: null,
        severity: 'high',
        source: destination,
        destination: null,
        protocol,
        port,
        firstSeen: smallest(seen.map(({ firstSeen }) => firstSeen)),
        lastSeen: largest(seen.map(({ lastSeen }) => lastSeen)),
        count: seen.reduce((sum, { opened }) => sum + opened, 0),
        reason: `${peerName(destination)} ${port}/${protocol} is reached from outside, and was no public entry when it was switched to watching`,
        evidence: [whoCame(clients)],
        decides: [{ source: PUBLIC, destination, protocol, port }],
        foldedInto: null,
        since: Math.max(0, ...breaches.map((breach) => breach?.epoch ?? 0)),
      },
    ];
  });
}

/** Once the entry is decided, its clients are one edge with samples of their addresses. */
function whoCame(clients: readonly GraphEdge[]): string {
  const folded = clients.find(({ source }) => source.type === 'public');
  if (folded !== undefined) return `outside clients, among them ${[...folded.evidence.addresses].toSorted().slice(0, 5).join(', ')}`;
  return `${clients.length} outside ${clients.length === 1 ? 'client' : 'clients'}: ${clients.slice(0, 5).map(({ source }) => peerName(source)).join(', ')}`;
}
