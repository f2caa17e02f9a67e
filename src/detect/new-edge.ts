import type { Finding } from '../model/alert.ts';
import { DAY, HOUR } from '../model/edge.ts';
import { peerKey, peerName } from '../model/peer.ts';
import type { Graph, GraphEdge } from '../learn/graph.ts';
import { isResolved } from '../learn/state.ts';
import { classOf, knownPairs, severityOf, type KnownPairs } from './edge-class.ts';
import { learnedFor } from './history.ts';
import { attempts, breachedEdge, edgeName, type Breach } from './violation.ts';

/** Edges outside the baseline that were used while somebody watched: one finding each. */
export function findNewEdges(graph: Graph): readonly Finding[] {
  const known = knownPairs(graph);
  const learned = learnedFor(graph);
  return graph.edges.filter(isResolved).flatMap((edge): Finding[] => {
    const breach = breachedEdge(edge);
    return breach === null ? [] : [newEdge(graph, edge, breach, known, learned)];
  });
}

function newEdge(graph: Graph, edge: GraphEdge, breach: Breach, known: KnownPairs, learned: (edge: GraphEdge) => number): Finding {
  const edgeClass = classOf(edge, known);
  const { source, destination, protocol, port } = edge;
  return {
    kind: 'new-edge',
    class: edgeClass,
    severity: severityOf(edge, edgeClass),
    source,
    destination,
    protocol,
    port,
    firstSeen: breach.totals.firstSeen,
    lastSeen: breach.totals.lastSeen,
    count: attempts(breach.totals),
    reason: `${edgeName(edge)}: ${why(edge, breach, learned)}`,
    evidence: evidenceOf(graph, edge, breach),
    decides: [edge],
    foldedInto: null,
    since: breach.epoch,
  };
}

function why(edge: GraphEdge, breach: Breach, learned: (edge: GraphEdge) => number): string {
  if (edge.decision?.action === 'reject' && breach.epoch >= edge.decision.revision) return `rejected by ${edge.decision.by}, and used again`;
  if (edge.totals.firstSeen < breach.totals.firstSeen) return `held back while learning${edge.suspicions.length > 0 ? ` (${edge.suspicions.join(', ')})` : ''}, and used again`;
  return `never seen in ${duration(learned(edge))} of learning`;
}

function duration(ms: number): string {
  if (ms >= 2 * DAY) return `${Math.floor(ms / DAY)} days`;
  const hours = Math.round(ms / HOUR);
  return `${hours} ${hours === 1 ? 'hour' : 'hours'}`;
}

/** Sentences for whoever has to decide. */
function evidenceOf(graph: Graph, edge: GraphEdge, { totals, hours }: Breach): readonly string[] {
  const came: string[] = [];
  if (totals.answered > 0) came.push('answered');
  if (totals.refused > 0) came.push(`${totals.refused} refused`);
  if (totals.denied > 0) came.push(`${totals.denied} denied by policy`);
  if (totals.failed > 0) came.push(`${totals.failed} failed`);
  const sentences = [`${attempts(totals)} ${attempts(totals) === 1 ? 'connection' : 'connections'} in ${hours} ${hours === 1 ? 'hour' : 'hours'}${came.length > 0 ? `: ${came.join(', ')}` : ''}`];
  const pods = [...edge.evidence.pods.keys()].toSorted().slice(0, 3);
  if (pods.length > 0) sentences.push(`from ${pods.join(', ')}${edge.evidence.pods.size > 3 ? ` and ${edge.evidence.pods.size - 3} more` : ''}`);
  const witnesses = [...edge.evidence.witnesses.values()].map(({ witness }) => `${witness.collector} at the ${witness.side}`);
  sentences.push(`told by ${[...new Set(witnesses)].toSorted().join(', ')}`);
  const usual = graph.edges.filter(({ source, state }) => state === 'accepted' && peerKey(source) === peerKey(edge.source)).map(({ destination }) => peerName(destination));
  const talks = [...new Set(usual)].toSorted();
  if (edge.source.type === 'workload') {
    sentences.push(talks.length === 0 ? `${peerName(edge.source)} has no accepted edge out` : `${peerName(edge.source)} talks to ${talks.slice(0, 5).join(', ')}${talks.length > 5 ? ` and ${talks.length - 5} more` : ''}`);
  }
  return sentences;
}
