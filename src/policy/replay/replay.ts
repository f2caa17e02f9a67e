import type { AdminPolicy } from '../../model/admin-policy.ts';
import { hasPorts } from '../../model/flow.ts';
import { peerName } from '../../model/peer.ts';
import type { NetworkPolicy } from '../../model/policy.ts';
import type { Graph, GraphEdge } from '../../learn/graph.ts';
import { isResolved } from '../../learn/state.ts';
import { explain, hasWarnings, PolicySet, type Judgement } from '../evaluate/evaluate.ts';
import { mootInCluster, mootWarnings } from './moot.ts';
import { serving } from '../propose/named-port.ts';
import { Roster } from '../roster.ts';
import { unusedPairs, unusedRanges, type Unused } from './unused.ts';
import { wireOf, type WireEdge } from '../propose/wire.ts';

export interface BrokenEdge {
  readonly edge: GraphEdge;
  readonly because: string;
  /** Only some of the pods at its ends are cut off. */
  readonly partly: boolean;
}

export interface Replay {
  /** Edges that were judged. */
  readonly judged: number;
  /** Those that would be denied, in the order of the graph. */
  readonly broken: readonly BrokenEdge[];
  /** Edges that cannot be judged, with the reason: ICMP, ends whose labels or addresses are not known. */
  readonly unjudged: readonly { readonly edge: GraphEdge; readonly because: string }[];
  /** Pairs of workloads, with the port, that a policy lets through though nobody was seen to use it. */
  readonly unused: Unused;
  /** Ranges that rules name and no accepted edge comes from or goes to; the largest first. */
  readonly unusedRanges: Unused;
  readonly warnings: readonly string[];
}

/** Replays the edges of a graph against a set of policies. Pure. */
export function replay(graph: Graph, policies: readonly NetworkPolicy[], admin: readonly AdminPolicy[] = []): Replay {
  const roster = new Roster(graph);
  const set = new PolicySet(policies, roster.namespaces, admin, graph.directory.inventory.nodes);
  const { broken, unjudged, judged, warnings } = judgeEdges(graph, graph.edges.filter(isResolved), set, roster);
  for (const warning of admin.length > 0 ? mootWarnings(set, roster) : mootInCluster(graph, policies)) warnings.add(warning);
  return { judged, broken, unjudged, unused: unusedPairs(graph, set, roster), unusedRanges: unusedRanges(graph, policies, roster), warnings: [...warnings].toSorted() };
}

/** Which of these edges of a graph a set of policies denies, and which it cannot be asked about. */
export function judgeEdges(graph: Graph, edges: readonly GraphEdge[], set: PolicySet, roster: Roster): Pick<Replay, 'judged' | 'broken' | 'unjudged'> & { readonly warnings: Set<string> } {
  const wire = wireOf(graph, roster);
  const broken: BrokenEdge[] = [];
  const unjudged: { readonly edge: GraphEdge; readonly because: string }[] = [];
  const warnings = new Set<string>();
  let judged = 0;
  for (const edge of edges) {
    const verdict = judgeEdge(wire(edge), set, roster, warnings);
    if (typeof verdict === 'string') unjudged.push({ edge, because: verdict });
    else {
      judged++;
      if (verdict.denied !== null) broken.push({ edge, because: verdict.denied, partly: verdict.partly });
    }
  }
  return { judged, broken, unjudged, warnings };
}

interface Verdict {
  readonly denied: string | null;
  readonly partly: boolean;
}

/** An edge stands if every connection does that it is on the wire. A sentence says why it cannot be judged. */
function judgeEdge(wire: readonly WireEdge[], set: PolicySet, roster: Roster, warnings: Set<string>): string | Verdict {
  let verdict: Verdict = { denied: null, partly: false };
  for (const edge of wire) {
    const own = judgeConnection(edge, set, roster, warnings);
    if (typeof own === 'string') return own;
    if (verdict.denied === null || (verdict.partly && own.denied !== null && !own.partly)) verdict = own;
  }
  return verdict;
}

function judgeConnection(edge: WireEdge, set: PolicySet, roster: Roster, warnings: Set<string>): string | Verdict {
  if (!hasPorts(edge.protocol)) return `NetworkPolicies say nothing of ${edge.protocol}`;
  if (edge.port <= 0) return 'its ports are not kept one by one';
  const sources = roster.endsOf(edge.source, edge.evidence.addresses);
  const destinations = serving(roster.endsOf(edge.destination, edge.evidence.addresses), edge.port, edge.protocol);
  if (sources.length === 0) return `nothing is known of the pods or addresses of ${peerName(edge.source)}`;
  if (destinations.length === 0) return `nothing is known of the pods or addresses of ${peerName(edge.destination)}`;
  let denied: Judgement | null = null;
  let undecided: Judgement | null = null;
  let allowed = 0;
  for (const source of sources) {
    for (const destination of destinations) {
      const judgement = set.judgeBetween(source, destination, edge.port, edge.protocol);
      if (hasWarnings(judgement)) for (const warning of explain(judgement).warnings) warnings.add(warning);
      if (judgement.allowed === true) allowed++;
      else if (judgement.allowed === false) denied ??= judgement;
      else undecided ??= judgement;
    }
  }
  if (denied === null && undecided !== null) return explain(undecided).because;
  return { denied: denied === null ? null : explain(denied).because, partly: denied !== null && allowed > 0 };
}
