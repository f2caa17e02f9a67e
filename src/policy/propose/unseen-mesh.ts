import { peerKey, peerName, type WorkloadPeer } from '../../model/peer.ts';
import type { Direction, ProposedRule, RulePeer } from '../../model/proposal.ts';
import { ruleComment } from './comment.ts';
import type { Need } from './need.ts';
import type { Surroundings } from './needs.ts';
import { namePeer, policyPeers } from './peers.ts';
import type { Member, Roster } from '../roster.ts';
import { ruleOf } from './rules.ts';
import type { WireEdge } from './wire.ts';

/**
 * What the mesh itself needs of a workload that takes part in it, and what connections do not show: kubelet's probes of ambient pods, which
 * are no edges, and proxies' talk with istiod, which lasts for hours.
 */

/** Istio's ambient mode lets kubelet's probes come from here. */
const PROBES = { 4: '169.254.7.127/32', 6: 'fd16:9254:7127:1337:ffff:ffff:ffff:ffff/128' } as const;

/** Where proxies get their configuration and certificates. */
const XDS_PORT = 15_012;

export interface Unseen {
  readonly rules: readonly ProposedRule[];
  readonly notes: readonly string[];
}

/** Workloads with a proxy of their own that was not seen to ask istiod; those without egress edges are open anyway. */
export function lacksIstiod({ mesh }: Member, egress: readonly WireEdge[], istiods: readonly WorkloadPeer[]): boolean {
  const hasProxy = (['sidecar', 'gateway', 'waypoint'] as const).some((mode) => mesh.has(mode));
  return hasProxy && egress.some(({ port }) => port !== 0) && !egress.some(({ destination, port }) => port === XDS_PORT && istiods.some((one) => peerKey(one) === peerKey(destination)));
}

/** The mesh's control planes, by the label that Istio gives them. */
export function istiodsOf(roster: Roster): readonly WorkloadPeer[] {
  return roster.local().flatMap(({ peer, standIns }) => (standIns.some(({ labels }) => labels.get('app') === 'istiod') ? [peer] : []));
}

/** What a direction has to leave open for the mesh. */
export function unseenMesh(direction: Direction, workload: WorkloadPeer, around: Surroundings): Unseen {
  if (direction === 'egress') return around.withoutIstiod.has(workload) ? control('egress', workload, around.istiods, around) : NOTHING;
  const isIstiod = around.istiods.some((one) => peerKey(one) === peerKey(workload));
  if (isIstiod && around.withoutIstiod.size > 0) return control('ingress', workload, [...around.withoutIstiod], around);
  return around.roster.member(workload)?.mesh.has('ambient') === true ? { rules: [probeRule(workload, around.roster)], notes: [] } : NOTHING;
}

const NOTHING: Unseen = { rules: [], notes: [] };

function control(direction: Direction, workload: WorkloadPeer, others: readonly WorkloadPeer[], { roster, graph }: Surroundings): Unseen {
  const needs: Need[] = [];
  let why = 'istiod is not known, an inventory with its namespace tells it';
  for (const peer of others) {
    const named = namePeer(peer, workload, new Set(), roster, graph.directory);
    if (named.whom === null) why = named.reason;
    else needs.push({ whom: named.whom, port: XDS_PORT, protocol: 'TCP', edges: [], widenings: [{ reason: 'istiod-unseen', beyond: `TCP ${XDS_PORT} ${direction === 'egress' ? 'to' : 'from'} ${peerName(peer)}` }] });
  }
  if (needs.length > 0) return { rules: [ruleOf(direction, workload, needs)], notes: [] };
  return { rules: [], notes: direction === 'egress' ? [`egress is closed without istiod: ${why}`] : [] };
}

/** On every port: which ones are probed, no record tells. */
function probeRule({ namespace }: WorkloadPeer, roster: Roster): ProposedRule {
  const blocks = [{ cidr: PROBES[4] }, ...(roster.hasIpv6 ? [{ cidr: PROBES[6] }] : [])];
  const whom: RulePeer = { type: 'addresses', of: 'external', blocks, names: [] };
  const widenings = [{ reason: 'ambient-probes', beyond: blocks.map(({ cidr }) => cidr).join(', ') } as const];
  return { direction: 'ingress', whom: [whom], peers: policyPeers(whom, namespace), ports: [], edges: [], widenings, comment: ruleComment('ingress', [], [], widenings) };
}
