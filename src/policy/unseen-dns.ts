import { peerKey, peerName, type WorkloadPeer } from '../model/peer.ts';
import type { Direction, ProposedRule, Widening } from '../model/proposal.ts';
import type { GraphEdge } from '../learn/graph.ts';
import { isDns, isResolver, type Resolver } from './dns.ts';
import type { Need, Surroundings } from './needs.ts';
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

/** Egress to the cluster's resolvers. */
export function unseenResolvers(workload: WorkloadPeer, { graph, roster, resolvers, withoutDns }: Surroundings): Opened {
  if (!withoutDns.has(workload)) return { rules: [], notes: [] };
  const rules: ProposedRule[] = [];
  let why = 'no resolver is known, an inventory with services tells it';
  for (const { peer, port } of resolvers) {
    const named = namePeer(peer, workload, new Set(), roster, graph.directory);
    if (named.whom === null) why = named.reason;
    else rules.push(opened('egress', workload, [named], port, `to ${peerName(peer)}`));
  }
  return { rules, notes: rules.length > 0 ? [] : [`egress is closed without DNS: ${why}`] };
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
