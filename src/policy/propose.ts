import { MANY_PORTS } from '../model/edge.ts';
import { groupBy } from '../model/group.ts';
import { peerKey, peerName, type Peer, type WorkloadPeer } from '../model/peer.ts';
import type { EgressRule, IngressRule, NetworkPolicy, PolicyPort } from '../model/policy.ts';
import { POLICY_TYPE, type Direction, type LeftAlone, type NoProposal, type Proposal, type ProposedRule, type RulePeer, type Widening } from '../model/proposal.ts';
import type { Graph, GraphEdge } from '../learn/graph.ts';
import { ruleComment } from './comment.ts';
import { clusterResolvers, isDns, type Resolver } from './dns.ts';
import { lacksDns, unseenClients, unseenResolvers } from './unseen-dns.ts';
import { policyNames } from './names.ts';
import { namePeer, policyPeers } from './peers.ts';
import { prove } from './proof.ts';
import { Roster, type Member } from './roster.ts';
import { chooseSelector } from './selector.ts';

export interface ProposeOptions {
  /** Also from edges that succeeded and that nobody has rejected; without it from the accepted ones alone. */
  readonly includeObserved?: boolean;
  /** Workloads to propose for. */
  readonly wants?: (workload: WorkloadPeer) => boolean;
}

export interface Proposals {
  readonly proposals: readonly Proposal[];
  readonly none: readonly NoProposal[];
}

/** More outside addresses than this for one workload want ranges, which a person has to choose. */
const MAX_ADDRESSES = 64;

const DIRECTIONS: readonly Direction[] = ['ingress', 'egress'];

/** One NetworkPolicy for each workload that has edges, with the evidence for each rule; pure and in a fixed order. */
export function propose(graph: Graph, options: ProposeOptions = {}): Proposals {
  const roster = new Roster(graph);
  const resolvers = clusterResolvers(graph);
  const edges = graph.edges.filter((edge) => makesRule(edge, options.includeObserved === true));
  const into = groupBy(edges, ({ destination }) => peerKey(destination));
  const out = groupBy(edges, ({ source }) => peerKey(source));
  const local = roster.local();
  const members = local
    .filter(({ peer }) => options.wants?.(peer) !== false)
    .toSorted((a, b) => (peerKey(a.peer) < peerKey(b.peer) ? -1 : 1));
  // Of everybody, so that neither depends on whom else is proposed for.
  const names = policyNames(local.map(({ peer }) => peer));
  const withoutDns = new Set(local.map(({ peer }) => peer).filter((peer) => lacksDns(peer, out.get(peerKey(peer)) ?? [], resolvers)));
  const around = { graph, roster, resolvers, withoutDns };
  const results = members.map((member) => {
    const key = peerKey(member.peer);
    return proposeFor(member, names.get(key) ?? member.peer.name, { ingress: into.get(key) ?? [], egress: out.get(key) ?? [] }, around);
  });
  return {
    proposals: results.filter((result): result is Proposal => 'policy' in result),
    none: results.filter((result): result is NoProposal => !('policy' in result)),
  };
}

function makesRule(edge: GraphEdge, includeObserved: boolean): boolean {
  return edge.state === 'accepted' || (includeObserved && edge.state === 'observed' && edge.success !== 'none');
}

interface Surroundings {
  readonly graph: Graph;
  readonly roster: Roster;
  readonly resolvers: readonly Resolver[];
  /** Workloads that need names, and were not seen to ask for one. */
  readonly withoutDns: ReadonlySet<WorkloadPeer>;
}

function proposeFor(member: Member, name: string, edges: Readonly<Record<Direction, readonly GraphEdge[]>>, around: Surroundings): Proposal | NoProposal {
  const { peer: workload, hostNetwork, gone } = member;
  const no = (reason: string): NoProposal => ({ workload, reason, untouched: hostNetwork || gone });
  if (hostNetwork) return no("its pods are on the host's network, where NetworkPolicies do not apply");
  if (edges.ingress.length === 0 && edges.egress.length === 0) return no(whyNoEdges(workload, around.graph));
  const chosen = chooseSelector(member, around.roster);
  if (chosen.selector === null) return no(chosen.reason);
  const rules: ProposedRule[] = [];
  const leftAlone: LeftAlone[] = [];
  const notes = [...chosen.notes];
  const closed = new Map<Direction, readonly GraphEdge[]>();
  for (const direction of DIRECTIONS) {
    const made = rulesFor(direction, workload, edges[direction], around, notes);
    if (typeof made === 'string') leftAlone.push({ direction, reason: made, edges: edges[direction].length });
    else {
      closed.set(direction, edges[direction]);
      rules.push(...made);
    }
  }
  if (closed.size === 0) return no(leftAlone.map(({ direction, reason }) => `${direction}: ${reason}`).join('; '));
  const policy = policyOf(workload, name, chosen.selector, [...closed.keys()], rules);
  const proof = prove(policy, workload, closed, rules, around.roster);
  if (typeof proof === 'string') return no(`the proposal failed its proof: ${proof}`);
  return { workload, policy, rules, leftAlone, notes, proof };
}

function whyNoEdges(workload: WorkloadPeer, graph: Graph): string {
  const own = graph.edges.filter(({ source, destination }) => [source, destination].some((peer) => peerKey(peer) === peerKey(workload)));
  if (own.length === 0) return 'no connection of it was seen';
  const flags = [...new Set(own.flatMap(({ suspicions }) => suspicions))].toSorted();
  const why = flags.length > 0 ? `flagged ${flags.join(', ')}` : own.every(({ state }) => state === 'rejected') ? 'rejected' : 'not accepted yet';
  return `${own.length === 1 ? 'its one edge is not' : `none of its ${own.length} edges is`} accepted: ${why} (footpath edges --workload ${workload.namespace}/${workload.name})`;
}

/** The rules of a direction, or why it is left alone: to close it would cut what cannot be named. */
function rulesFor(direction: Direction, workload: WorkloadPeer, edges: readonly GraphEdge[], around: Surroundings, notes: string[]): readonly ProposedRule[] | string {
  const named = edges.filter(({ port }) => port !== 0);
  for (const { protocol, source, destination } of edges.filter(({ port }) => port === 0)) {
    notes.push(`${protocol} ${direction === 'ingress' ? `from ${peerName(source)}` : `to ${peerName(destination)}`} is used: a NetworkPolicy cannot name it, and network plugins differ in what they do with it`);
  }
  if (edges.length === 0) return direction === 'egress' ? 'no accepted edge leads out of it' : 'no accepted edge leads to it';
  if (named.length === 0) return 'only ICMP was seen, which a NetworkPolicy cannot name';
  if (named.some(({ port }) => port === MANY_PORTS)) return 'more ports of one pair were used than the graph keeps: choose a range by hand';
  const other = ({ source, destination }: GraphEdge): Peer => (direction === 'ingress' ? source : destination);
  const outside = new Set(named.map(other).flatMap((peer) => (peer.type === 'external' ? [peer.address] : [])));
  if (outside.size > MAX_ADDRESSES) return `${outside.size} outside addresses were used: choose ranges for them by hand`;
  const rules: ProposedRule[] = [];
  for (const group of groupBy(named, (edge) => groupKey(other(edge), named, other)).values()) {
    const made = ruleFor(direction, workload, group, other, around);
    if (typeof made === 'string') return made;
    notes.push(...made.notes);
    rules.push(made.rule);
  }
  const unseen = direction === 'ingress' ? unseenClients(workload, around) : unseenResolvers(workload, around);
  rules.push(...unseen.rules);
  notes.push(...unseen.notes);
  return rules.toSorted((a, b) => (ruleOrder(a) < ruleOrder(b) ? -1 : 1));
}

/** A rule a peer; outside addresses with the same ports share one. */
function groupKey(peer: Peer, all: readonly GraphEdge[], other: (edge: GraphEdge) => Peer): string {
  if (peer.type !== 'external') return peerKey(peer);
  const key = peerKey(peer);
  const ports = all.filter((edge) => peerKey(other(edge)) === key).map(({ port, protocol }) => `${port}/${protocol}`);
  return `external ${[...new Set(ports)].toSorted().join(' ')}`;
}

interface MadeRule {
  readonly rule: ProposedRule;
  readonly notes: readonly string[];
}

function ruleFor(direction: Direction, workload: WorkloadPeer, edges: readonly GraphEdge[], other: (edge: GraphEdge) => Peer, around: Surroundings): MadeRule | string {
  const { roster, graph, resolvers } = around;
  const widenings: Widening[] = [];
  const notes: string[] = [];
  const whom: RulePeer[] = [];
  for (const [, own] of groupBy(edges, (edge) => peerKey(other(edge)))) {
    const [first] = own;
    if (first === undefined) continue;
    const seen = new Set(own.flatMap(({ evidence }) => [...evidence.addresses]));
    const named = namePeer(other(first), workload, seen, roster, graph.directory);
    if (named.whom === null) return named.reason;
    whom.push(named.whom);
    widenings.push(...named.widenings);
    notes.push(...named.notes);
  }
  const peers = whom.flatMap((one) => policyPeers(one, workload.namespace));
  const ports = portsOf(edges);
  // A rule without a peer or a port would admit everybody, or everything.
  if (peers.length === 0 || ports.length === 0) return 'a rule would have no peer or no port';
  // Answers that do not fit into a datagram come over TCP: whoever asks over one must be able to use the other, at both ends.
  for (const edge of edges.filter((candidate) => isDns(candidate, resolvers))) {
    for (const protocol of ['UDP', 'TCP'] as const) {
      if (ports.some((known) => known.port === edge.port && known.protocol === protocol)) continue;
      ports.push({ port: edge.port, protocol });
      widenings.push({ reason: 'dns-protocol', beyond: `${protocol} ${edge.port}` });
    }
  }
  const rule: ProposedRule = {
    direction,
    whom,
    peers: peers.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
    ports: ports.toSorted(byPort),
    edges: edges.map(({ id }) => id).toSorted(),
    widenings,
    comment: ruleComment(direction, edges, widenings),
  };
  return { rule, notes };
}

function portsOf(edges: readonly GraphEdge[]): { readonly port: number; readonly protocol: 'TCP' | 'UDP' | 'SCTP' }[] {
  const ports = new Map<string, { readonly port: number; readonly protocol: 'TCP' | 'UDP' | 'SCTP' }>();
  for (const { port, protocol } of edges) if (protocol === 'TCP' || protocol === 'UDP' || protocol === 'SCTP') ports.set(`${port}/${protocol}`, { port, protocol });
  return [...ports.values()];
}

function byPort(a: PolicyPort, b: PolicyPort): number {
  return Number(a.port) - Number(b.port) || ((a.protocol ?? '') < (b.protocol ?? '') ? -1 : 1);
}

function ruleOrder({ peers, ports }: ProposedRule): string {
  return JSON.stringify([peers, ports]);
}

function policyOf(workload: WorkloadPeer, name: string, podSelector: NetworkPolicy['spec']['podSelector'], closed: readonly Direction[], rules: readonly ProposedRule[]): NetworkPolicy {
  const of = (direction: Direction): readonly ProposedRule[] => rules.filter((rule) => rule.direction === direction);
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace: workload.namespace, labels: { 'app.kubernetes.io/managed-by': 'footpath' } },
    spec: {
      podSelector,
      policyTypes: closed.map((direction) => POLICY_TYPE[direction]),
      ...(closed.includes('ingress') ? { ingress: of('ingress').map(({ peers, ports }): IngressRule => ({ from: peers, ports })) } : {}),
      ...(closed.includes('egress') ? { egress: of('egress').map(({ peers, ports }): EgressRule => ({ to: peers, ports })) } : {}),
    },
  };
}
