import type { Finding } from '../model/alert.ts';
import { peerKey, peerName, PUBLIC } from '../model/peer.ts';
import type { Graph } from '../learn/graph.ts';

/** Ports that anybody outside reaches now, and that were no public entry when their workload was switched to watching. */
export function findNewPublicEntries(graph: Graph): readonly Finding[] {
  return graph.newPublicEntries.flatMap(({ destination, protocol, port }): Finding[] => {
    const decision = graph.verdicts.decision({ source: PUBLIC, destination, protocol, port });
    const clients = graph.edges.filter(
      (edge) =>
        edge.source.type === 'external' && peerKey(edge.destination) === peerKey(destination) && edge.port === port && edge.protocol === protocol && edge.success !== 'none',
    );
    if (clients.length === 0) return [];
    return [
      {
        kind: 'new-public-entry',
        class: null,
        severity: 'high',
        source: destination,
        destination: null,
        protocol,
        port,
        firstSeen: Math.min(...clients.map(({ totals }) => totals.firstSeen)),
        lastSeen: Math.max(...clients.map(({ totals }) => totals.lastSeen)),
        count: clients.reduce((sum, { totals }) => sum + totals.opened, 0),
        reason: `${peerName(destination)} ${port}/${protocol} is reached from outside, and was no public entry when it was switched to watching`,
        evidence: [`${clients.length} outside ${clients.length === 1 ? 'client' : 'clients'}: ${clients.slice(0, 5).map(({ source }) => peerName(source)).join(', ')}`],
        decides: [{ source: PUBLIC, destination, protocol, port }],
        foldedInto: null,
        since: decision === null ? 0 : decision.revision - 1,
      },
    ];
  });
}
