import { peerKey, type WorkloadPeer } from '../../model/peer.ts';
import type { Proposal, ProposedRule } from '../../model/proposal.ts';
import { isUndecided, type Graph, type GraphEdge } from '../../learn/graph.ts';
import { isResolved } from '../../learn/state.ts';

/** What a person decides on at once: a proposed rule with the edges behind it, or an edge that no rule comes of. */
export type ReviewItem = RuleItem | EdgeItem;

interface Item {
  /** Stable: an edge's own id; that of a rule changes with the edges behind it, so that an answer is never about others. */
  readonly id: string;
  /** Ids of the edges that it decides on, in the order of the graph; at least one. */
  readonly edges: readonly string[];
}

export interface RuleItem extends Item {
  readonly kind: 'rule';
  readonly workload: WorkloadPeer;
  readonly rule: ProposedRule;
}

export interface EdgeItem extends Item {
  readonly kind: 'edge';
}

/**
 * Everything that can be decided: the rules in the order of the proposals, then the edges that are in none, in that of the
 * graph. Rules that come of no edge follow from others, and are not among them. `fingerprint` is the hash that ids are made of.
 */
export function reviewItems(graph: Graph, proposals: readonly Proposal[], fingerprint: (text: string) => string): readonly ReviewItem[] {
  const place = new Map(graph.edges.map(({ id }, i) => [id, i]));
  const inOrder = (ids: readonly string[]): readonly string[] => ids.toSorted((a, b) => (place.get(a) ?? 0) - (place.get(b) ?? 0));
  const rules = proposals.flatMap(({ workload, rules: own }) =>
    own
      .filter(({ edges }) => edges.length > 0)
      .map((rule): RuleItem => ({ kind: 'rule', id: fingerprint(`rule|${peerKey(workload)}|${rule.direction}|${rule.edges.toSorted().join(' ')}`), edges: inOrder(rule.edges), workload, rule })),
  );
  const inRules = new Set(rules.flatMap(({ edges }) => edges));
  const edges = graph.edges.filter((edge) => isResolved(edge) && !inRules.has(edge.id)).map(({ id }): EdgeItem => ({ kind: 'edge', id, edges: [id] }));
  return [...rules, ...edges];
}

export type Word = 'accept' | 'reject';

/** What holds on an edge: a person's word, or the baseline that a person froze; null if nobody has decided. */
export function wordOn(edge: GraphEdge, graph: Graph): Word | null {
  return isUndecided(edge, graph.verdicts) ? null : edge.state === 'rejected' ? 'reject' : 'accept';
}

/** The words that hold, by the ids of their edges. */
export function wordsOn(graph: Graph): ReadonlyMap<string, Word> {
  return new Map(
    graph.edges.flatMap((edge) => {
      const word = wordOn(edge, graph);
      return word === null ? [] : [[edge.id, word] as const];
    }),
  );
}

/** Where an item stands: open while nobody has decided on one of its edges; accepted only if all of them are. */
export function standingOf({ edges }: ReviewItem, words: ReadonlyMap<string, Word>): 'open' | 'accepted' | 'rejected' {
  if (edges.some((id) => !words.has(id))) return 'open';
  return edges.every((id) => words.get(id) === 'accept') ? 'accepted' : 'rejected';
}
