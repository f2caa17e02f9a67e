import { peerKey, type WorkloadPeer } from '../model/peer.ts';
import type { Graph } from '../learn/graph.ts';
import { readinessOf } from '../learn/readiness.ts';
import { isResolved } from '../learn/state.ts';

const cache = new WeakMap<Graph, ReturnType<typeof readinessOf>>();

/** `shop/cart (Deployment): 2 edges in, 2 out; learned over 7 days, coverage 0.998; enforced now, expect 0.1 edges not yet seen …` */
export function readinessLine(graph: Graph, workload: WorkloadPeer): string {
  const all = cache.get(graph) ?? readinessOf(graph);
  cache.set(graph, all);
  const own = all.find((row) => peerKey(row.workload) === peerKey(workload));
  const edges = graph.edges.filter(isResolved);
  const into = edges.filter(({ destination }) => peerKey(destination) === peerKey(workload)).length;
  const out = edges.filter(({ source }) => peerKey(source) === peerKey(workload)).length;
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
