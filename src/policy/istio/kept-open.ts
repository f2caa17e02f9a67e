import { peerKey, peerName } from '../../model/peer.ts';
import type { Roster } from '../roster.ts';
import type { PodAccess } from './access.ts';

/**
 * Why all else must not be denied in a namespace: somebody comes to one of its workloads and has no principal, so that nothing could let him
 * in again. By namespace; one that is not among them may be closed.
 */
export function keptOpen(pods: ReadonlyMap<string, PodAccess>, roster: Roster): ReadonlyMap<string, string> {
  const reasons = new Map<string, string>();
  for (const { peer, mesh } of [...roster.local()].toSorted((a, b) => (peerKey(a.peer) < peerKey(b.peer) ? -1 : 1))) {
    const access = pods.get(peerKey(peer));
    if (access === undefined || reasons.has(peer.namespace)) continue;
    const nameless = access.entries.find(({ identity }) => identity.by === 'addresses' || identity.by === 'nothing');
    if (access.problem !== null) reasons.set(peer.namespace, `${peerName(peer)}: ${access.problem}`);
    else if (nameless !== undefined) reasons.set(peer.namespace, `${peerName(nameless.client)} comes to ${peerName(peer)} (TCP ${nameless.port}) without a principal`);
    else if (access.entries.length > 0 && mesh.size === 1 && mesh.has('none')) reasons.set(peer.namespace, `${peerName(peer)} is not in the mesh`);
  }
  return reasons;
}
