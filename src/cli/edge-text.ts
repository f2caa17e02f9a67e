import { portName } from '../detect/violation.ts';
import { MANY_PORTS } from '../model/edge.ts';
import { METADATA_ADDRESSES } from '../model/address.ts';
import { peerName, type Peer } from '../model/peer.ts';
import type { GraphEdge } from '../learn/graph.ts';
import type { Names } from './names.ts';

export function portText(edge: Pick<GraphEdge, 'port' | 'protocol'>): string {
  if (edge.port === MANY_PORTS) return `many/${edge.protocol}`;
  return edge.port === 0 ? edge.protocol : `${edge.port}/${edge.protocol}`;
}

/** An outside address has its DNS name behind it, where records gave one. */
export function peerText(peer: Peer, names: Names): string {
  if (peer.type !== 'external') return peerName(peer);
  if (METADATA_ADDRESSES.has(peer.address)) return `metadata ${peer.address}`;
  const name = names.get(peer.address);
  return name === undefined ? peerName(peer) : `${peerName(peer)} (${name})`;
}

export function edgeText(edge: GraphEdge, names: Names): string {
  return `${peerText(edge.source, names)} -> ${peerText(edge.destination, names)} ${portName(edge)}`;
}
