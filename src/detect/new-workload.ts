import { worst, type Finding } from '../model/alert.ts';
import { groupBy } from '../model/group.ts';
import { peerKey, peerName } from '../model/peer.ts';
import type { Graph, GraphEdge } from '../learn/graph.ts';
import { Verdicts } from '../learn/judge.ts';
import { isResolved } from '../learn/state.ts';
import { knownPairs } from './edge-class.ts';
import { newEdge } from './new-edge.ts';
import { breachedEdge, edgeName } from './violation.ts';

/** What detection knows of what people said of alerts. */
export interface Settled {
  /** Whether the alert of a new workload was decided: its later edges are alerts of their own. */
  readonly workload: (key: string) => boolean;
}

/** Workloads that a flow first showed after their scope went watching: one finding each, which tells of all their edges. */
export function findNewWorkloads(graph: Graph, settled: Settled): readonly Finding[] {
  const known = knownPairs(graph);
  const modeAt = new Map<number, Verdicts>();
  const breached = graph.edges.filter(isResolved).flatMap((edge) => {
    const breach = breachedEdge(edge);
    return breach === null ? [] : [{ edge, breach }];
  });
  const ends = breached.flatMap((item) => [...new Set([peerKey(item.edge.source), peerKey(item.edge.destination)])].map((key) => ({ key, ...item })));
  const byWorkload = groupBy(ends, ({ key }) => key);
  return [...graph.workloads].flatMap(([key, { workload, revision }]): Finding[] => {
    let then = modeAt.get(revision);
    if (then === undefined) modeAt.set(revision, (then = new Verdicts(graph.stored.choices, revision, (peer) => graph.canon.end(peer).peer)));
    if (then.modeOf(workload) !== 'watching') return [];
    const all = byWorkload.get(key) ?? [];
    // Once its alert is decided, it tells of the edges that were decided with it; others speak for themselves.
    const own = settled.workload(key) ? all.filter(({ edge }) => isDecided(edge)) : all;
    if (own.length === 0) return [];
    const edges = own.map(({ edge, breach }) => newEdge(graph, edge, breach, known));
    return [
      {
        kind: 'new-workload',
        class: null,
        severity: worst(edges.map(({ severity }) => severity)),
        source: workload,
        destination: null,
        protocol: null,
        port: 0,
        firstSeen: Math.min(...edges.map(({ firstSeen }) => firstSeen)),
        lastSeen: Math.max(...edges.map(({ lastSeen }) => lastSeen)),
        count: edges.reduce((sum, { count }) => sum + count, 0),
        reason: `${peerName(workload)} (${workload.kind}) was first seen while its namespace was watched, with ${edges.length} ${edges.length === 1 ? 'edge' : 'edges'}`,
        evidence: own.map(({ edge }) => edgeName(edge)),
        decides: own.map(({ edge }) => edge),
        foldedInto: null,
        since: Math.max(...edges.map(({ since }) => since)),
      },
    ];
  });
}

function isDecided({ decision }: GraphEdge): boolean {
  return decision !== null;
}
