import { parseCidr, cidrContains, parseAddress } from '../model/address.ts';
import type { AdminPolicy } from '../model/admin-policy.ts';
import { hasPorts } from '../model/flow.ts';
import { peerKey, peerName } from '../model/peer.ts';
import type { NetworkPolicy } from '../model/policy.ts';
import { selectorMatches } from '../model/selector.ts';
import type { Graph, GraphEdge } from '../learn/graph.ts';
import { isResolved } from '../learn/state.ts';
import { PolicySet, type PolicyProtocol } from './evaluate.ts';
import { serving } from './named-port.ts';
import { Roster, type Member } from './roster.ts';
import { wireOf, type WireEdge } from './wire.ts';

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
  readonly unused: readonly string[];
  /** Ranges that rules name and no accepted edge comes from or goes to. */
  readonly unusedRanges: readonly string[];
  readonly warnings: readonly string[];
}

/** Replays the edges of a graph against a set of policies. Pure. */
export function replay(graph: Graph, policies: readonly NetworkPolicy[], admin: readonly AdminPolicy[] = []): Replay {
  const roster = new Roster(graph);
  const set = new PolicySet(policies, roster.namespaces, admin, graph.directory.inventory.nodes);
  const { broken, unjudged, judged, warnings } = judgeEdges(graph, graph.edges.filter(isResolved), set, roster);
  for (const warning of mootWarnings(set, roster)) warnings.add(warning);
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
  let denied: string | null = null;
  let allowed = 0;
  for (const source of sources) {
    for (const destination of destinations) {
      const answer = set.evaluateBetween(source, destination, edge.port, edge.protocol);
      for (const warning of answer.warnings) warnings.add(warning);
      if (answer.allowed === null) return answer.because;
      if (answer.allowed) allowed++;
      else denied ??= answer.because;
    }
  }
  return { denied, partly: denied !== null && allowed > 0 };
}

const LISTED = 5;

/** Workloads whose NetworkPolicies are asked about no pod, since an administrator's rule ends every connection before. */
function mootWarnings(set: PolicySet, roster: Roster): readonly string[] {
  const moot = new Map<string, string[]>();
  for (const direction of ['ingress', 'egress'] as const) {
    for (const { peer, standIns } of roster.local()) {
      const titles = new Set(standIns.filter((pod) => set.isolates(direction, pod)).map((pod) => set.moot(direction, pod)));
      for (const title of titles) if (title !== null) moot.set(title, [...(moot.get(title) ?? []), peerName(peer)]);
    }
  }
  return [...moot].map(([title, workloads]) => {
    const listed = workloads.toSorted().slice(0, LISTED).join(', ');
    const more = workloads.length > LISTED ? ` and ${workloads.length - LISTED} more` : '';
    return `${title} decides before NetworkPolicies are asked: for other pods, those of ${listed}${more} are moot`;
  });
}

function unusedPairs(graph: Graph, set: PolicySet, roster: Roster): readonly string[] {
  const used = new Set(graph.edges.filter(({ state }) => state === 'accepted').map(({ key }) => key));
  const members = roster.local().filter(({ hostNetwork, standIns }) => !hostNetwork && standIns.length > 0);
  const ports = new Map<string, Set<string>>();
  const addPort = (key: string, port: number, protocol: string): void => {
    const known = ports.get(key) ?? new Set();
    ports.set(key, known.add(`${port}/${protocol}`));
  };
  for (const { destination, port, protocol } of graph.edges) if (hasPorts(protocol) && port > 0) addPort(peerKey(destination), port, protocol);
  for (const { peer, standIns } of members) for (const { ports: own } of standIns) for (const { port, protocol } of own) if (hasPorts(protocol)) addPort(peerKey(peer), port, protocol);
  const isClosed = (direction: 'ingress' | 'egress', { standIns }: Member): boolean => standIns.every((pod) => set.isolates(direction, pod));
  const closedOut = new Map(members.map((member) => [member, isClosed('egress', member)]));
  const unused: string[] = [];
  for (const to of members) {
    const closedIn = isClosed('ingress', to);
    for (const from of members) {
      if (from === to || (!closedIn && closedOut.get(from) !== true)) continue;
      for (const text of ports.get(peerKey(to.peer)) ?? []) {
        const [port = '', protocol = ''] = text.split('/');
        if (used.has(`${peerKey(from.peer)}>${peerKey(to.peer)}:${text}`)) continue;
        const open = from.standIns.some((source) => to.standIns.some((destination) => set.evaluate(source, destination, Number(port), protocol as PolicyProtocol).allowed === true));
        if (open) unused.push(`${peerName(from.peer)} -> ${peerName(to.peer)} ${text}`);
      }
    }
  }
  return unused.toSorted();
}

function unusedRanges(graph: Graph, policies: readonly NetworkPolicy[], roster: Roster): readonly string[] {
  const members = roster.local();
  const accepted = graph.edges.filter(({ state }) => state === 'accepted');
  const unused = new Set<string>();
  for (const { metadata, spec } of policies) {
    const selected = new Set(
      members
        .filter(({ peer, standIns }) => peer.namespace === metadata.namespace && standIns.some(({ labels }) => selectorMatches(spec.podSelector, labels)))
        .map(({ peer }) => peerKey(peer)),
    );
    const blocks = [...(spec.ingress ?? []).flatMap(({ from = [] }) => from.map((peer) => ({ peer, into: true }))), ...(spec.egress ?? []).flatMap(({ to = [] }) => to.map((peer) => ({ peer, into: false })))];
    for (const { peer, into } of blocks) {
      const range = peer.ipBlock === undefined ? null : parseCidr(peer.ipBlock.cidr);
      if (range === null) continue;
      const isUsed = accepted.some((edge) => {
        const [self, other] = into ? [edge.destination, edge.source] : [edge.source, edge.destination];
        if (!selected.has(peerKey(self))) return false;
        const texts = other.type === 'external' ? [other.address] : [...edge.evidence.addresses];
        return texts.some((text) => {
          const address = parseAddress(text);
          return address !== null && cidrContains(range, address);
        });
      });
      if (!isUsed) unused.add(`${metadata.namespace}/${metadata.name} ${into ? 'from' : 'to'} ${range.text}`);
    }
  }
  return [...unused].toSorted();
}
