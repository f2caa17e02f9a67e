import { peerKey, type WorkloadPeer } from '../model/peer.ts';
import type { Graph } from '../learn/graph.ts';
import { readinessOf, type WorkloadReadiness } from '../learn/readiness.ts';
import { isResolved } from '../learn/state.ts';

/**
 * How far learning of a workload has got, in one line:
 * `shop/cart (Deployment): 2 edges in, 2 out; learned over 7 days, coverage 0.998; enforced now, expect 0.1 edges not yet seen …`
 */
export function readinessLines(graph: Graph): (workload: WorkloadPeer) => string {
  const readiness = new Map(readinessOf(graph).map((row) => [peerKey(row.workload), row]));
  const [into, out] = [new Map<string, number>(), new Map<string, number>()];
  for (const { source, destination } of graph.edges.filter(isResolved)) {
    bump(out, peerKey(source));
    bump(into, peerKey(destination));
  }
  return (workload) => {
    const key = peerKey(workload);
    return line(workload, into.get(key) ?? 0, out.get(key) ?? 0, readiness.get(key));
  };
}

function bump(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function line(workload: WorkloadPeer, into: number, out: number, own: WorkloadReadiness | undefined): string {
  const parts = [`${workload.namespace}/${workload.name} (${workload.kind}): ${into} ${into === 1 ? 'edge' : 'edges'} in, ${out} out`];
  if (own !== undefined) {
    const days = own.observedHours / 24;
    const span = days >= 2 ? `${Math.floor(days)} days` : `${own.observedHours} ${own.observedHours === 1 ? 'hour' : 'hours'}`;
    parts.push(`learned over ${span}${own.coverage === null ? '' : `, coverage ${own.coverage.toFixed(3)}`}`);
    const expected = own.expectedNewEdges['24h'];
    if (expected !== null) parts.push(`enforced now, expect ${expected.toFixed(1)} edges not yet seen in the next 24 h`);
  }
  return parts.join('; ');
}
