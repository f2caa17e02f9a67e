import type { IpBlock, Widening } from '../../model/proposal.ts';
import { peerName, type Peer, type WorkloadPeer } from '../../model/peer.ts';
import { PLAINTEXT } from '../../model/principal.ts';
import type { Graph, GraphEdge } from '../../learn/graph.ts';
import { namePeer } from '../propose/peers.ts';
import type { Roster } from '../roster.ts';
import type { Identities } from './identities.ts';

/**
 * How a policy of the mesh can tell a client: by certificates that it showed (`certificate`) or that its service account would have
 * (`account`), by addresses outside the mesh, or not at all, with the reason.
 */
export type ClientIdentity =
  | { readonly by: 'certificate' | 'account'; readonly principals: readonly string[]; readonly notes: readonly string[] }
  | { readonly by: 'addresses'; readonly blocks: readonly IpBlock[]; readonly widenings: readonly Widening[] }
  | { readonly by: 'nothing'; readonly reason: string };

export interface Around {
  readonly graph: Graph;
  readonly roster: Roster;
  readonly identities: Identities;
}

/** Tells the client of these edges, all of one source to one destination. `tunnelled`: a proxy cannot see its certificate in the tunnel. */
export function identify(client: Peer, edges: readonly GraphEdge[], server: WorkloadPeer, tunnelled: boolean, { graph, roster, identities }: Around): ClientIdentity {
  if (client.type !== 'workload') {
    const named = namePeer(client, server, new Set(edges.flatMap(({ evidence }) => [...evidence.addresses])), roster, graph.directory);
    if (named.whom === null) return { by: 'nothing', reason: named.reason };
    if (named.whom.type === 'addresses') return { by: 'addresses', blocks: named.whom.blocks, widenings: named.widenings };
  }
  const shown = new Set(edges.flatMap(({ evidence }) => [...evidence.principals]));
  const isPlain = shown.delete(PLAINTEXT) && !tunnelled;
  const name = peerName(client);
  if (shown.size > 0) {
    const principals = [...shown].toSorted();
    const foreign = identities.foreign(client, principals);
    const notes = [
      ...(isPlain ? [`${name} was seen with and without a certificate: what comes without is denied`] : []),
      ...(foreign.length > 0 ? [`${name} showed ${foreign.join(', ')}, though its pods run under another account: make sure that it may`] : []),
    ];
    return { by: 'certificate', principals, notes };
  }
  if (isPlain) return { by: 'nothing', reason: `${name} comes without a certificate` };
  const elsewhere = identities.shown(client);
  if (elsewhere.length > 0) return { by: 'certificate', principals: elsewhere, notes: [`${name} showed its certificate on other connections`] };
  const mesh = roster.member(client)?.mesh ?? new Set();
  if (mesh.size === 0) return { by: 'nothing', reason: `nobody knows whether ${name} is in the mesh: no certificate of it was seen, and no pod of it is in the inventory` };
  if (mesh.has('none')) return { by: 'nothing', reason: mesh.size === 1 ? `${name} is not in the mesh and has no certificate` : `some pods of ${name} are not in the mesh yet and have no certificate` };
  const principals = client.type === 'workload' ? identities.expected(client) : [];
  if (principals.length === 0) return { by: 'nothing', reason: `the service account of ${name} is not known` };
  return { by: 'account', principals, notes: [] };
}
