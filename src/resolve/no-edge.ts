import type { SkipReason } from '../model/flow.ts';
import type { Peer } from '../model/peer.ts';

/** An end of a flow, as far as it matters for whether the flow is an edge; beside it, its address. */
export interface End {
  readonly peer: Peer;
  /** `namespace/name`, '' if unknown. */
  readonly pod: string;
  /** Addresses of the node that the pod is on. */
  readonly hostAddresses: readonly string[];
  readonly skip: SkipReason | null;
}

/** Why a flow between these two is no edge, or null. */
export function whyNoEdge(source: End, sourceAddress: string | null, destination: End, destinationAddress: string | null): SkipReason | null {
  if (source.skip !== null) return source.skip;
  if (destination.skip !== null) return destination.skip;
  if (sourceAddress !== null && sourceAddress === destinationAddress) return 'self';
  if (source.pod !== '' && source.pod === destination.pod && clusterOf(source.peer) === clusterOf(destination.peer)) return 'self';
  if (source.peer.type === 'node' && sourceAddress !== null && destination.hostAddresses.includes(sourceAddress)) return 'local-node';
  return couldBeWorkload(source.peer) || couldBeWorkload(destination.peer) ? null : 'no-workload';
}

function clusterOf(peer: Peer): string {
  return 'cluster' in peer ? peer.cluster : '';
}

function couldBeWorkload({ type }: Peer): boolean {
  return type === 'workload' || type === 'address' || type === 'labels' || type === 'unresolved';
}
