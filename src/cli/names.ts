import type { Graph } from '../learn/graph.ts';

/** DNS names that records gave for outside addresses. */
export type Names = ReadonlyMap<string, string>;

export function namesOf(graph: Graph): Names {
  const names = new Map<string, string>();
  for (const { peer, names: own } of graph.stored.peers) if (peer.type === 'external' && own[0] !== undefined) names.set(peer.address, own[0]);
  return names;
}
