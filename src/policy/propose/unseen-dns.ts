import { compactCidrs, parseCidr } from '../../model/address.ts';
import { peerKey, peerName, type WorkloadPeer } from '../../model/peer.ts';
import type { Direction, ProposedRule, RulePeer, Widening } from '../../model/proposal.ts';
import type { GraphEdge } from '../../learn/graph.ts';
import { isDns, isResolver, type Resolver } from './dns.ts';
import type { Need } from './need.ts';
import type { Surroundings } from './needs.ts';
import { namePeer, type NamedPeer } from './peers.ts';
import { ruleOf } from './rules.ts';

/**
 * Whoever has egress needs names: resolvers cache, so none may have been asked while somebody looked. It is opened at both
 * ends, for what one policy opens and the other keeps closed is closed.
 */

interface Opened {
  readonly rules: readonly ProposedRule[];
  readonly notes: readonly string[];
}

/** Whether a workload with these edges out of it needs names, and was not seen to ask for one. */
export function lacksDns(workload: WorkloadPeer, egress: readonly GraphEdge[], resolvers: readonly Resolver[]): boolean {
  return egress.some(({ port }) => port !== 0) && !egress.some((edge) => isDns(edge, resolvers)) && !isResolver(workload, resolvers);
}

/** Egress to the cluster's resolvers, and to the cache on the node that may answer for them. */
export function unseenResolvers(workload: WorkloadPeer, edges: readonly GraphEdge[], around: Surroundings): Opened {
  const { graph, roster, resolvers, withoutDns, nodeCache } = around;
  const cache = nodeCache.length > 0 && (withoutDns.has(workload) || asksResolvers(edges, resolvers)) ? [cacheRule(workload, nodeCache)] : [];
  if (!withoutDns.has(workload)) return { rules: cache, notes: [] };
  const rules: ProposedRule[] = [...cache];
  let why = 'no resolver is known, an inventory with services tells it';
  for (const { peer, port } of resolvers) {
    const named = namePeer(peer, workload, new Set(), roster, graph.directory);
    if (named.whom === null) why = named.reason;
    else rules.push(opened('egress', workload, [named], port, `to ${peerName(peer)}`));
  }
  return { rules, notes: rules.length > 0 ? [] : [`egress is closed without DNS: ${why}`] };
}

function asksResolvers(edges: readonly GraphEdge[], resolvers: readonly Resolver[]): boolean {
  return edges.some((edge) => isDns(edge, resolvers) && resolvers.some(({ peer }) => peerKey(peer) === peerKey(edge.destination)));
}

function cacheRule(workload: WorkloadPeer, addresses: readonly string[]): ProposedRule {
  const blocks = compactCidrs(addresses.map(parseCidr).filter((cidr) => cidr !== null)).map(({ text }) => ({ cidr: text }));
  const widening: Widening = { reason: 'dns-node-local', beyond: `UDP and TCP 53 to ${blocks.map(({ cidr }) => cidr).join(', ')}` };
  const whom: RulePeer = { type: 'addresses', of: 'external', blocks, names: [] };
  return ruleOf('egress', workload, (['TCP', 'UDP'] as const).map((protocol) => ({ whom, port: 53, protocol, edges: [], widenings: [widening] })));
}

/** Whether a resolver was reached for other things alone: it is asked by somebody, and nobody knows by whom. */
export function isUnasked(workload: WorkloadPeer, ingress: readonly GraphEdge[], resolvers: readonly Resolver[]): boolean {
  return isResolver(workload, resolvers) && !ingress.some((edge) => isDns(edge, resolvers));
}

/** Ingress of a resolver, from those whom the other end is open for. */
export function unseenClients(workload: WorkloadPeer, { graph, roster, resolvers, withoutDns }: Surroundings): Opened {
  const ports = resolvers.filter(({ peer }) => peerKey(peer) === peerKey(workload)).map(({ port }) => port);
  if (ports.length === 0) return { rules: [], notes: [] };
  const clients = [...withoutDns]
    .map((peer) => ({ name: peerName(peer), named: namePeer(peer, workload, new Set(), roster, graph.directory) }))
    .filter(({ named }) => named.whom !== null)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  if (clients.length === 0) return { rules: [], notes: [] };
  const from = `from ${clients.map(({ name }) => name).join(', ')}`;
  return { rules: ports.map((port) => opened('ingress', workload, clients.map(({ named }) => named), port, from)), notes: [] };
}

function opened(direction: Direction, workload: WorkloadPeer, named: readonly NamedPeer[], port: number, what: string): ProposedRule {
  const widening: Widening = { reason: 'dns-unseen', beyond: `UDP and TCP ${port} ${what}` };
  const needs = named.flatMap((one): readonly Need[] => {
    if (one.whom === null) return [];
    const { whom, widenings } = one;
    return (['TCP', 'UDP'] as const).map((protocol) => ({ whom, port, protocol, edges: [], widenings: [...widenings, widening] }));
  });
  return ruleOf(direction, workload, needs);
}
