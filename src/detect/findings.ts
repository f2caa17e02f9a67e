import { edgeKey } from '../model/edge.ts';
import type { Finding } from '../model/alert.ts';
import type { Graph } from '../learn/graph.ts';
import { findOutages, findStopped } from './denied.ts';
import { findNewEdges } from './new-edge.ts';
import { findNewPublicEntries, servedByNewEntries } from './new-public-entry.ts';
import { findNewWorkloads, type Settled } from './new-workload.ts';
import { findWatchedScans, foldedInto } from './scan.ts';
import { findStorms } from './storm.ts';

/** Everything that is worth an alert in a graph, decided or not. Pure. */
export function findAll(graph: Graph, settled: Settled): readonly Finding[] {
  const scans = findWatchedScans(graph);
  const entries = findNewPublicEntries(graph);
  const edges = [...findNewEdges(graph), ...findStopped(graph)];
  const workloads = findNewWorkloads(graph, edges, settled);
  // An edge that a greater finding tells of has none of its own.
  const told = new Set([...workloads, ...entries].flatMap(({ decides }) => decides.map(edgeKey)));
  for (const key of servedByNewEntries(graph)) told.add(key);
  const own = foldedInto(scans, graph, edges.filter(({ decides }) => !decides.some((edge) => told.has(edgeKey(edge)))));
  const all = [...scans, ...workloads, ...own, ...findOutages(graph), ...entries];
  return [...all, ...findStorms(all.filter((finding) => finding.foldedInto === null))];
}
