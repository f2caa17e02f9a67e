import type { Graph } from './graph.ts';
import { isResolved } from './state.ts';

/** How many flows have an end that nobody is known to own: those that wait for word of it, and those that were given up on. */
export function unresolvedFlows({ unresolved, edges }: Pick<Graph, 'unresolved' | 'edges'>): number {
  const waiting = unresolved.records.reduce((sum, records) => sum + records, 0);
  const givenUp = edges.filter((edge) => !isResolved(edge)).reduce((sum, { totals, pendingRows }) => sum + (pendingRows.length > 0 ? 0 : totals.opened), 0);
  return waiting + givenUp;
}
