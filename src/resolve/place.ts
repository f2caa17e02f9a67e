import { countedAs, type CountedAs, type Endpoint, type Flow, type SkipReason, type Window } from '../model/flow.ts';
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

/** The workload of an end, as long as it is that at any time and any address; else null. */
export function roleOf(end: Endpoint, resolver: Resolver): string | null {
  const resolved = resolver.stated(end);
  return resolved?.peer.type === 'workload' ? peerKey(resolved.peer) : null;
}
