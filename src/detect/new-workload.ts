import { worst, type Finding } from '../model/alert.ts';
import { groupBy, largest, smallest } from '../model/group.ts';
import { peerKey, peerName } from '../model/peer.ts';
import type { Graph } from '../learn/graph.ts';
import { verdictsOf } from './history.ts';
import { edgeName } from './violation.ts';

/** What detection knows of what people said of alerts. */
export interface Settled {
  /** Whether the alert of a new workload was decided: its later edges are alerts of their own. */
  readonly workload: (key: string) => boolean;
}

/** Workloads that a flow first showed after their scope went watching: one finding each, which tells of all their edges' findings. */
export function findNewWorkloads(graph: Graph, edges: readonly Finding[], settled: Settled): readonly Finding[] {
  const verdictsAt = verdictsOf(graph);
  const ends = edges.flatMap((finding) => [...new Set([finding.source, finding.destination].map((peer) => (peer === null ? '' : peerKey(peer))))].map((key) => ({ key, finding })));
  const byWorkload = groupBy(ends, ({ key }) => key);
  return [...graph.workloads].flatMap(([key, { workload, revision }]): Finding[] => {
    if (verdictsAt(revision).modeOf(workload) !== 'watching') return [];
    const all = (byWorkload.get(key) ?? []).map(({ finding }) => finding);
    // Once its alert is decided, it tells of the edges that were decided with it; others speak for themselves.
    const own = settled.workload(key) ? all.filter(({ decides }) => decides.every((edge) => graph.verdicts.decision(edge) !== null)) : all;
    if (own.length === 0) return [];
    const decides = own.flatMap((finding) => finding.decides);
    return [
      {
        kind: 'new-workload',
        class: null,
        severity: worst(own.map(({ severity }) => severity)),
        source: workload,
        destination: null,
        protocol: null,
        port: 0,
        firstSeen: smallest(own.map(({ firstSeen }) => firstSeen)),
        lastSeen: largest(own.map(({ lastSeen }) => lastSeen)),
        count: own.reduce((sum, { count }) => sum + count, 0),
        reason: `${peerName(workload)} (${workload.kind}) was first seen while its namespace was watched, with ${own.length} ${own.length === 1 ? 'edge' : 'edges'}`,
        evidence: decides.map(edgeName),
        decides,
        foldedInto: null,
        since: largest(own.map(({ since }) => since)),
      },
    ];
  });
}
