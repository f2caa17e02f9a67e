import { findingKey, type Finding } from '../model/alert.ts';
import { peerKey } from '../model/peer.ts';
import { isBreach, type Graph } from '../learn/graph.ts';
import { isResolved } from '../learn/state.ts';
import { classOf, knownPairs } from './edge-class.ts';
import { attempts, breachedEdge, breachOf, edgeName } from './violation.ts';

/**
 * Connections that a policy stopped while somebody watched. One that was accepted is an outage in the making; any other is an
 * attempt that the policy held off.
 */
export function findDenials(graph: Graph, scans: readonly Finding[]): readonly Finding[] {
  const known = knownPairs(graph);
  const scanOf = new Map(scans.map((scan) => [scan.source === null ? '' : peerKey(scan.source), findingKey(scan)]));
  return graph.edges.filter(isResolved).flatMap((edge): Finding[] => {
    const denied = breachOf(edge, (violation) => !isBreach(violation));
    // An edge that got through as well is told of as a new edge.
    if (denied === null || (edge.state !== 'accepted' && breachedEdge(edge) !== null)) return [];
    const wasAccepted = edge.state === 'accepted';
    const { source, destination, protocol, port } = edge;
    return [
      {
        kind: 'denied',
        class: classOf(edge, known),
        severity: wasAccepted ? 'high' : 'low',
        source,
        destination,
        protocol,
        port,
        firstSeen: denied.totals.firstSeen,
        lastSeen: denied.totals.lastSeen,
        count: attempts(denied.totals),
        reason: `${edgeName(edge)}: ${wasAccepted ? 'accepted, but a policy denies it' : 'a policy denied it'}`,
        evidence: [`${denied.totals.denied} denied in ${denied.hours} ${denied.hours === 1 ? 'hour' : 'hours'}`],
        decides: [edge],
        foldedInto: edge.success === 'none' && !wasAccepted ? (scanOf.get(peerKey(source)) ?? null) : null,
        since: denied.epoch,
      },
    ];
  });
}
