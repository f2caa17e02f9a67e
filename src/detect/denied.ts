import type { Finding, Severity } from '../model/alert.ts';
import { isBreach, type Graph, type GraphEdge } from '../learn/graph.ts';
import { isResolved } from '../learn/state.ts';
import { classOf, knownPairs } from './edge-class.ts';
import { attempts, breachedEdge, breachOf, edgeName } from './violation.ts';

/** Accepted edges that a policy denied while somebody watched: outages in the making. */
export function findOutages(graph: Graph): readonly Finding[] {
  return denials(graph, (edge) => edge.state === 'accepted', 'high', 'accepted, but a policy denies it');
}

/** Attempts that a policy held off while somebody watched. An edge that got through as well is a new edge. */
export function findStopped(graph: Graph): readonly Finding[] {
  return denials(graph, (edge) => edge.state !== 'accepted' && breachedEdge(edge) === null, 'low', 'a policy denied it');
}

function denials(graph: Graph, which: (edge: GraphEdge) => boolean, severity: Severity, what: string): readonly Finding[] {
  const known = knownPairs(graph);
  return graph.edges.filter((edge) => isResolved(edge) && which(edge)).flatMap((edge): Finding[] => {
    const denied = breachOf(edge, (violation) => !isBreach(violation));
    if (denied === null) return [];
    const { source, destination, protocol, port } = edge;
    return [
      {
        kind: 'denied',
        class: classOf(edge, known),
        severity,
        source,
        destination,
        protocol,
        port,
        firstSeen: denied.totals.firstSeen,
        lastSeen: denied.totals.lastSeen,
        count: attempts(denied.totals),
        reason: `${edgeName(edge)}: ${what}`,
        evidence: [`${denied.totals.denied} denied in ${denied.hours} ${denied.hours === 1 ? 'hour' : 'hours'}`],
        decides: [edge],
        foldedInto: null,
        since: denied.epoch,
      },
    ];
  });
}
