import { groupBy } from '../../model/group.ts';
import { peerKey, type WorkloadPeer } from '../../model/peer.ts';
import type { EgressRule, IngressRule, NetworkPolicy, PolicyPort } from '../../model/policy.ts';
import { POLICY_TYPE, type Direction, type EchoRule, type LeftAlone, type NoProposal, type Proposal, type ProposedRule } from '../../model/proposal.ts';
import type { Graph, GraphEdge, Unresolved } from '../../learn/graph.ts';
import { isResolved } from '../../learn/state.ts';
import { clusterResolvers, nodeLocalCache } from './dns.ts';
import { policyNames } from './names.ts';
import { echoRules } from './echo.ts';
import { needsOf, unnameable, type Surroundings } from './needs.ts';
import { outsideOf, type KnownRanges } from './outside-peers.ts';
import { prove } from './proof.ts';
import { Roster, type Member } from '../roster.ts';
import { rulesOf, sortedRules } from './rules.ts';
import { chooseSelector } from './selector.ts';
import { isUnasked, lacksDns, unseenClients, unseenResolvers } from './unseen-dns.ts';
import { istiodsOf, lacksIstiod, unseenMesh } from './unseen-mesh.ts';
import { wireOf, type WireEdge } from './wire.ts';

export interface ProposeOptions {
  /** Also from edges that succeeded and that nobody has rejected; without it from the accepted ones alone. */
  readonly includeObserved?: boolean;
  /** Workloads to propose for. */
  readonly wants?: (workload: WorkloadPeer) => boolean;
  /** Namespaces that are closed by default: what is left alone there is cut. */
  readonly closed?: readonly string[];
  /** How far beyond what was seen rules may go; without it nowhere but where they must. */
  readonly widen?: Widen;
  /** For a form that names outside destinations by their DNS names, where they have some. */
  readonly byName?: boolean;
}

export interface Widen {
  readonly ranges: readonly KnownRanges[];
  /** At most so many ranges for the outside addresses of a workload that have their ports in common; from 1 to 64. */
  readonly maxRanges: number | null;
  /** From how many workloads of a namespace at one port on the whole namespace is named. */
  readonly widenNamespaces: number | null;
}

/** Nothing is named wider than it was seen. */
export const NARROW: Widen = { ranges: [], maxRanges: null, widenNamespaces: null };

export interface Proposals {
  readonly proposals: readonly Proposal[];
  readonly none: readonly NoProposal[];
}

const DIRECTIONS: readonly Direction[] = ['ingress', 'egress'];

/** One NetworkPolicy for each workload that has edges, with the evidence for each rule; pure and in a fixed order. */
export function propose(graph: Graph, options: ProposeOptions = {}): Proposals {
  const roster = new Roster(graph);
  const resolvers = clusterResolvers(graph);
  const { ranges, maxRanges, widenNamespaces } = options.widen ?? NARROW;
  const isUsed = (edge: GraphEdge): boolean => makesRule(edge, options.includeObserved === true);
  const edges = graph.edges.filter(isUsed).flatMap(wireOf(graph, roster));
  const into = groupBy(edges, ({ destination }) => peerKey(destination));
  const out = groupBy(edges, ({ source }) => peerKey(source));
  const local = roster.local();
  const members = local
    .filter(({ peer }) => options.wants?.(peer) !== false)
    .toSorted((a, b) => (peerKey(a.peer) < peerKey(b.peer) ? -1 : 1));
  // Of everybody, so that neither depends on whom else is proposed for.
  const names = policyNames(local.map(({ peer }) => peer));
  const withoutDns = new Set(local.map(({ peer }) => peer).filter((peer) => lacksDns(peer, out.get(peerKey(peer)) ?? [], resolvers)));
  const istiods = istiodsOf(roster);
  const withoutIstiod = new Set(local.filter((member) => lacksIstiod(member, out.get(peerKey(member.peer)) ?? [], istiods)).map(({ peer }) => peer));
  const outside = outsideOf(graph, roster, ranges, maxRanges, graph.edges.filter((edge) => !isUsed(edge)));
  const around = { graph, roster, resolvers, withoutDns, nodeCache: nodeLocalCache(graph), istiods, withoutIstiod, outside, byName: options.byName === true, widenNamespaces, closed: new Set(options.closed) };
  const results = members.map((member) => {
    const key = peerKey(member.peer);
    return proposeFor(member, names.get(key) ?? member.peer.name, { ingress: into.get(key) ?? [], egress: out.get(key) ?? [] }, around);
  });
  return {
    proposals: results.filter((result): result is Proposal => 'policy' in result),
    none: results.filter((result): result is NoProposal => !('policy' in result)),
  };
}

/** Whether policies are made of an edge. */
export function makesRule(edge: GraphEdge, includeObserved: boolean): boolean {
  return edge.state === 'accepted' || (includeObserved && edge.state === 'observed' && edge.success !== 'none' && isResolved(edge));
}

function proposeFor(member: Member, name: string, edges: Readonly<Record<Direction, readonly WireEdge[]>>, around: Surroundings): Proposal | NoProposal {
  const { peer: workload, hostNetwork, gone } = member;
  const no = (reason: string): NoProposal => ({ workload, reason, untouched: hostNetwork || gone });
  if (gone) return no('it is gone: the inventory no longer holds it');
  if (hostNetwork) return no("its pods are on the host's network, where NetworkPolicies do not apply");
  const idle = edges.ingress.length === 0 && edges.egress.length === 0 ? whyNoEdges(workload, around.graph) : null;
  if (idle !== null && !around.closed.has(workload.namespace)) return no(idle);
  const chosen = chooseSelector(member, around.roster);
  if (chosen.selector === null) return no(idle ?? chosen.reason);
  const rules: ProposedRule[] = [];
  const leftAlone: LeftAlone[] = [];
  const notes = [...chosen.notes];
  const echoes: EchoRule[] = [];
  const closed = new Map<Direction, readonly WireEdge[]>();
  for (const direction of DIRECTIONS) {
    const made = rulesFor(direction, workload, edges[direction], around, notes);
    if (typeof made === 'string') leftAlone.push({ direction, reason: made, edges: edges[direction].length });
    else {
      closed.set(direction, edges[direction]);
      rules.push(...sortedRules(made));
      echoes.push(...echoRules(direction, workload, edges[direction], around));
    }
  }
  if (closed.size === 0) return no(idle ?? leftAlone.map(({ direction, reason }) => `${direction}: ${reason}`).join('; '));
  const policy = policyOf(workload, name, chosen.selector, [...closed.keys()], rules);
  const proof = prove(policy, workload, closed, rules, around.roster);
  if (typeof proof === 'string') return no(`the proposal failed its proof: ${proof}`);
  const isClosed = around.closed.has(workload.namespace);
  return { workload, policy, rules, echoes, leftAlone: isClosed ? leftAlone.map((one) => ({ ...one, reason: `${one.reason}; default-deny closes it` })) : leftAlone, notes, proof };
}

function whyNoEdges(workload: WorkloadPeer, graph: Graph): string {
  const own = graph.edges.filter(({ source, destination }) => [source, destination].some((peer) => peerKey(peer) === peerKey(workload)));
  if (own.length === 0) return 'no connection of it was seen';
  const flags = [...new Set(own.flatMap(({ suspicions }) => suspicions))].toSorted();
  const why = flags.length > 0 ? `flagged ${flags.join(', ')}` : own.every(({ state }) => state === 'rejected') ? 'rejected' : 'not accepted yet';
  return `${own.length === 1 ? 'its one edge is not' : `none of its ${own.length} edges is`} accepted: ${why} (footpath edges --workload ${workload.namespace}/${workload.name})`;
}

const UNASKED = 'it resolves names for others, and nobody was seen to ask it: to close it may cut them off';

/** The rules of a direction, or why it is left alone. */
function rulesFor(direction: Direction, workload: WorkloadPeer, edges: readonly WireEdge[], around: Surroundings, notes: string[]): readonly ProposedRule[] | string {
  notes.push(...unnameable(direction, edges));
  const made = needsOf(direction, workload, edges, around);
  const unseen = direction === 'ingress' ? unseenClients(workload, around) : unseenResolvers(workload, edges, around);
  const mesh = unseenMesh(direction, workload, around);
  const needed = [...unseen.rules, ...mesh.rules];
  // Who nobody was seen to ask is left alone; where that means closed, it stays open for those who have to ask.
  if (typeof made === 'string') return edges.length === 0 && needed.length > 0 && around.closed.has(workload.namespace) ? needed : made;
  if (direction === 'ingress' && !around.closed.has(workload.namespace) && isUnasked(workload, edges, around.resolvers)) return UNASKED;
  notes.push(...made.notes, ...unknown(direction, workload, around.graph.unresolved), ...unseen.notes, ...mesh.notes);
  return [...rulesOf(direction, workload, made.needs, (peer) => around.roster.namesOf(peer, workload)), ...needed];
}

/** That somebody was at the other end whom nobody knows. */
function unknown(direction: Direction, workload: WorkloadPeer, { clients, servers }: Unresolved): readonly string[] {
  const known = { ingress: servers, egress: clients }[direction];
  const what = direction === 'ingress' ? 'clients were answered' : 'servers answered';
  return known.has(peerKey(workload)) ? [`${direction}: ${what} that nobody is known to own, and no rule is for them: footpath edges -o wide --workload ${workload.namespace}/${workload.name}`] : [];
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
      ...(closed.includes('ingress') ? { ingress: of('ingress').map(({ peers, ports }): IngressRule => ({ from: peers, ...namedPorts(ports) })) } : {}),
      ...(closed.includes('egress') ? { egress: of('egress').map(({ peers, ports }): EgressRule => ({ to: peers, ...namedPorts(ports) })) } : {}),
    },
  };
}

/** A rule that names no port is for all of them. */
function namedPorts(ports: readonly PolicyPort[]): { readonly ports?: readonly PolicyPort[] } {
  return ports.length === 0 ? {} : { ports };
}
