import { peerKey, type Peer, type WorkloadPeer } from '../../model/peer.ts';
import { POLICY_TYPE, type Direction, type ProposedRule } from '../../model/proposal.ts';
import type { Graph, GraphEdge } from '../../learn/graph.ts';
import type { EdgeState } from '../../learn/state.ts';
import { PolicySet } from '../evaluate/evaluate.ts';
import { NARROW, propose, type Proposals, type Widen } from '../propose/propose.ts';
import { judgeEdges, type BrokenEdge } from '../replay/replay.ts';
import { Roster } from '../roster.ts';

/** What becomes of the proposals with some edges, and without them. */
export interface Outlook {
  /** Both ends of each of the shown edges that are workloads here, in the order of the edges. */
  readonly ends: readonly EndOutlook[];
  /** Those of the shown edges that the proposals without them deny. */
  readonly cut: readonly BrokenEdge[];
  /** Those that get through all the same, because nothing closes their ends or another rule lets them. */
  readonly kept: readonly GraphEdge[];
  /** Those that NetworkPolicies cannot be asked about, with the reason. */
  readonly unjudged: readonly { readonly edge: GraphEdge; readonly because: string }[];
}

/** One direction of a workload. */
export interface EndOutlook {
  readonly workload: WorkloadPeer;
  readonly direction: Direction;
  readonly without: Closing;
  readonly with: Closing;
  readonly changes: readonly RuleChange[];
}

/** The rules that are the only way through a closed direction, or why it stays open. */
export type Closing = { readonly closed: true; readonly rules: readonly ProposedRule[] } | { readonly closed: false; readonly reason: string };

/** A rule that there is only with the edges (no `before`), only without them (no `after`), or that grows by them. */
export interface RuleChange {
  readonly before: ProposedRule | null;
  readonly after: ProposedRule | null;
}

/**
 * Proposes twice, as wide as `widen` says: as if all of the edges were accepted, and as if all were rejected; for the ends of those
 * that are `shown`, as there may be hundreds. Pure.
 */
export function outlookOn(graph: Graph, edges: readonly GraphEdge[], shown: readonly GraphEdge[] = edges, widen: Widen = NARROW): Outlook {
  const wanted = endsOf(graph, shown);
  const keys = new Set(wanted.map(({ workload }) => peerKey(workload)));
  const options = { wants: (workload: WorkloadPeer): boolean => keys.has(peerKey(workload)), widen };
  const [accepted, rejected] = (['accepted', 'rejected'] as const).map((state) => propose(asIf(graph, edges, state), options)) as [Proposals, Proposals];
  const ends = wanted.map(({ workload, direction }): EndOutlook => {
    const [before, after] = [closing(rejected, workload, direction), closing(accepted, workload, direction)];
    return { workload, direction, without: before, with: after, changes: changesBetween(before.closed ? before.rules : [], after.closed ? after.rules : []) };
  });
  return { ends, ...judge(graph, shown, rejected) };
}

function asIf(graph: Graph, chosen: readonly GraphEdge[], state: EdgeState): Graph {
  const ids = new Set(chosen.map(({ id }) => id));
  return { ...graph, edges: graph.edges.map((edge) => (ids.has(edge.id) ? { ...edge, state } : edge)) };
}

function endsOf(graph: Graph, edges: readonly GraphEdge[]): readonly { readonly workload: WorkloadPeer; readonly direction: Direction }[] {
  const ends = new Map<string, { readonly workload: WorkloadPeer; readonly direction: Direction }>();
  const add = (peer: Peer, direction: Direction): void => {
    if (peer.type === 'workload' && peer.cluster === graph.canon.localCluster) ends.set(`${direction} ${peerKey(peer)}`, { workload: peer, direction });
  };
  for (const { source, destination } of edges) {
    add(source, 'egress');
    add(destination, 'ingress');
  }
  return [...ends.values()];
}

function closing({ proposals, none }: Proposals, workload: WorkloadPeer, direction: Direction): Closing {
  const isIt = (outcome: { readonly workload: WorkloadPeer }): boolean => peerKey(outcome.workload) === peerKey(workload);
  const proposal = proposals.find(isIt);
  if (proposal === undefined) return { closed: false, reason: none.find(isIt)?.reason ?? 'nothing is known of it' };
  if (!(proposal.policy.spec.policyTypes ?? []).includes(POLICY_TYPE[direction])) {
    return { closed: false, reason: proposal.leftAlone.find((left) => left.direction === direction)?.reason ?? 'its policy is not about it' };
  }
  return { closed: true, rules: proposal.rules.filter((rule) => rule.direction === direction) };
}

function changesBetween(before: readonly ProposedRule[], after: readonly ProposedRule[]): readonly RuleChange[] {
  const content = ({ peers, ports }: ProposedRule): string => JSON.stringify([peers, ports]);
  const [old, made] = [new Set(before.map(content)), new Set(after.map(content))];
  const gone = before.filter((rule) => !made.has(content(rule)));
  const grown = new Set<ProposedRule>();
  const changes = after
    .filter((rule) => !old.has(content(rule)))
    .map((rule): RuleChange => {
      const edges = new Set(rule.edges);
      const from = gone.find((one) => !grown.has(one) && one.edges.length > 0 && one.edges.every((id) => edges.has(id))) ?? null;
      if (from !== null) grown.add(from);
      return { before: from, after: rule };
    });
  return [...changes, ...gone.filter((rule) => !grown.has(rule)).map((rule): RuleChange => ({ before: rule, after: null }))];
}

function judge(graph: Graph, edges: readonly GraphEdge[], { proposals }: Proposals): Pick<Outlook, 'cut' | 'kept' | 'unjudged'> {
  const roster = new Roster(graph);
  const set = new PolicySet(proposals.map(({ policy }) => policy), roster.namespaces);
  const { broken, unjudged } = judgeEdges(graph, edges, set, roster);
  const other = new Set([...broken, ...unjudged].map(({ edge }) => edge));
  return { cut: broken, kept: edges.filter((edge) => !other.has(edge)), unjudged };
}
