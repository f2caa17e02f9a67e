import type { WorkloadPeer } from '../model/peer.ts';

/** A pod at an address, from the first to the last record that carries both. */
export interface Life {
  readonly address: string;
  readonly namespace: string;
  readonly pod: string;
  /** Who it belongs to: what the records said, as the inventory corrects it. */
  readonly workload: WorkloadPeer;
  readonly firstSeen: number;
  readonly lastSeen: number;
}

/** Lives by address. */
export type Sightings = ReadonlyMap<string, readonly Life[]>;

export const NO_SIGHTINGS: Sightings = new Map();
