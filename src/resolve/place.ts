import { countedAs, type CountedAs, type Endpoint, type Flow, type Role, type SkipReason, type Window } from '../model/flow.ts';
import { peerKey } from '../model/peer.ts';
import { whyNoEdge } from './no-edge.ts';
import { windowOf, type Resolved, type Resolver } from './resolver.ts';

/** Why a flow between these two is no edge, or null. */
export function whyNone({ source, destination }: Flow, client: Resolved, server: Resolved): SkipReason | null {
  return whyNoEdge(client, source.address, server, destination.address);
}

/** What becomes of a flow, and within which times it is the same. */
export function placeOf(flow: Flow, resolver: Resolver): Window & { readonly as: CountedAs } {
  const source = resolver.source(flow);
  const destination = resolver.destination(flow);
  const { from, until } = windowOf(flow.time, source, destination);
  return { from, until, as: countedAs(flow, whyNone(flow, source, destination)) };
}

/** The workload of an end, whether it is the client or the server; null if it is none's, or may be a Service. Within times at which that is so. */
export function roleOf(end: Endpoint, time: number, resolver: Resolver): Role {
  const { peer, from, until } = resolver.at(end, time);
  return { workload: peer.type === 'workload' && !resolver.isService(end) ? peerKey(peer) : null, from, until };
}
