import type { Finding } from '../model/alert.ts';
import type { Graph } from '../learn/graph.ts';
import { findDenials } from './denied.ts';
import { findNewEdges } from './new-edge.ts';
import { findNewPublicEntries } from './new-public-entry.ts';
import { findNewWorkloads, type Settled } from './new-workload.ts';
import { findWatchedScans } from './scan.ts';
import { findStorms } from './storm.ts';

/** Everything that is worth an alert in a graph, decided or not; sorted by key. Pure. */
export function findAll(graph: Graph, settled: Settled): readonly Finding[] {
  const scans = findWatchedScans(graph);
  const workloads = findNewWorkloads(graph, settled);
  const edges = findNewEdges(graph, { workloads, scans });
  const all = [...scans, ...workloads, ...edges, ...findDenials(graph, scans), ...findNewPublicEntries(graph)];
  return [...all, ...findStorms(all.filter(({ foldedInto }) => foldedInto === null))];
}
