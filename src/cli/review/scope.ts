import { UsageError } from '../../errors.ts';
import type { Graph } from '../../learn/graph.ts';
import { standingOf, type ReviewItem, type Word } from '../../policy/review/review.ts';
import { workloadOption } from '../workload-option.ts';

export interface ScopeOptions {
  readonly workload?: string;
  readonly flagged?: boolean;
  readonly proposals?: boolean;
  readonly undecided?: boolean;
  readonly all?: boolean;
}

/** Which items are asked for: a rule by its own workload, an edge by either of its ends. */
export function inScope(options: ScopeOptions, namespace: string | null): (items: readonly ReviewItem[], graph: Graph, words: ReadonlyMap<string, Word>) => readonly ReviewItem[] {
  const isWanted = workloadOption(options.workload);
  if (options.proposals === true && options.undecided === true) throw new UsageError('--proposals and --undecided exclude each other: without both, rules come first, then edges');
  return (items, graph, words) => {
    const edges = new Map(graph.edges.map((edge) => [edge.id, edge]));
    return items.filter((item) => {
      const own = item.edges.flatMap((id) => edges.get(id) ?? []);
      const peers = item.kind === 'rule' ? [item.workload] : own.flatMap(({ source, destination }) => [source, destination]);
      return (
        (options.all === true || standingOf(item, words) === 'open') &&
        (options.proposals !== true || item.kind === 'rule') &&
        (options.undecided !== true || item.kind === 'edge') &&
        (options.flagged !== true || own.some(({ suspicions }) => suspicions.length > 0)) &&
        peers.some((peer) => peer.type === 'workload' && (namespace === null || peer.namespace === namespace) && isWanted?.(peer) !== false)
      );
    });
  };
}
