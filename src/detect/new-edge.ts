import { findingKey, type Finding } from '../model/alert.ts';
import { DAY, edgeKey } from '../model/edge.ts';
import { peerKey, peerName } from '../model/peer.ts';
import type { Graph, GraphEdge } from '../learn/graph.ts';
import { isResolved } from '../learn/state.ts';
import { classOf, knownPairs, severityOf, type KnownPairs } from './edge-class.ts';
import { attempts, breachedEdge, edgeName, type Breach } from './violation.ts';

/** Edges outside the baseline that were used while somebody watched: one finding each, unless a greater one tells of them. */
export function findNewEdges(graph: Graph, greater: { readonly workloads: readonly Finding[]; readonly scans: readonly Finding[] }): readonly Finding[] {
  const known = knownPairs(graph);
  const told = new Set(greater.workloads.flatMap(({ decides }) => decides.map(edgeKey)));
  const scanOf = new Map(greater.scans.map((scan) => [scan.source === null ? '' : peerKey(scan.source), findingKey(scan)]));
  return graph.edges.filter(isResolved).flatMap((edge): Finding[] => {
    const breach = breachedEdge(edge);
    if (breach === null || told.has(edge.key)) return [];
    const folded = edge.success === 'none' ? (scanOf.get(peerKey(edge.source)) ?? null) : null;
    return [{ ...newEdge(graph, edge, breach, known), foldedInto: folded }];
  });
}

export function newEdge(graph: Graph, edge: GraphEdge, breach: Breach, known: KnownPairs): Finding {
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
    reason: `${edgeName(edge)}: ${why(graph, edge, breach)}`,
    evidence: evidenceOf(graph, edge, breach),
    decides: [edge],
    foldedInto: null,
    since: breach.epoch,
  };
}

function why(graph: Graph, edge: GraphEdge, breach: Breach): string {
  if (edge.decision?.action === 'reject') return `rejected by ${edge.decision.by}, and used again`;
  if (edge.totals.firstSeen < breach.totals.firstSeen) return `held back while learning${edge.suspicions.length > 0 ? ` (${edge.suspicions.join(', ')})` : ''}, and used again`;
  return `never seen in ${learnedFor(graph)} of learning`;
}

function learnedFor(graph: Graph): string {
  const hours = graph.stored.coverage.flatMap(({ hours: cells }) => [...cells.keys()].filter((hour) => hour >= 0));
  if (hours.length === 0) return '0 hours';
  const span = (Math.max(...hours) - Math.min(...hours) + 1) * 3_600_000;
  return span >= 2 * DAY ? `${Math.floor(span / DAY)} days` : `${Math.max(1, Math.round(span / 3_600_000))} hours`;
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
