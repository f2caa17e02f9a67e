import type { Peer } from '../model/peer.ts';

/** An end of a flow, as far as folding needs it. */
export interface FoldEnd {
  readonly peer: Peer;
  readonly pod: string;
  readonly address: string | null;
}

/** The address of an end that is a class, by which it is known there; null of all others. */
export function classAddress({ peer, address }: FoldEnd): string | null {
  return peer.type === 'node' || peer.type === 'apiserver' ? address : null;
}
