import type { CountedOperation, EdgeKey, Tally } from '../model/edge.ts';
import type { Witness } from '../model/flow.ts';
import type { Choices } from '../model/decision.ts';
import type { Peer, WorkloadPeer } from '../model/peer.ts';

/** The graph as it is stored: what records said, before anything is worked out. */
export interface StoredGraph {
  readonly revision: number;
  /** These two can be gone through once each, while the store is being read. */
  readonly edges: Iterable<StoredEdge>;
  readonly pending: Iterable<StoredPending>;
  readonly peers: readonly StoredPeer[];
  readonly pods: readonly StoredPod[];
  readonly choices: Choices;
  readonly coverage: readonly StoredCoverage[];
}

export interface StoredEdge extends EdgeKey {
  readonly row: number;
  readonly witnesses: readonly { readonly witness: Witness; readonly tally: Tally }[];
  readonly days: readonly { readonly day: number; readonly hours: number }[];
  readonly pods: readonly { readonly pod: string; readonly witness: Witness; readonly opened: number }[];
  readonly addresses: readonly string[];
  readonly principals: readonly string[];
  readonly operations: readonly (CountedOperation & { readonly witness: Witness })[];
  /** `watched` is the latest revision at which it was seen while watching, 0 while learning. */
  readonly failedSlots: readonly { readonly witness: Witness; readonly slot: number; readonly watched: number }[];
  readonly violations: readonly StoredViolation[];
}

export interface StoredViolation {
  readonly epoch: number;
  readonly witness: Witness;
  readonly day: number;
  readonly hours: number;
  readonly tally: Tally;
}

export interface StoredPending extends EdgeKey {
  readonly row: number;
  readonly sourcePod: string;
  readonly destinationPod: string;
  readonly address: string;
  readonly principal: string;
  readonly witness: Witness;
  readonly revision: number;
  readonly minute: number;
  readonly records: number;
  readonly tally: Tally;
  readonly operations: readonly CountedOperation[];
}

export interface StoredPeer {
  readonly peer: Peer;
  /** The first revision at which a flow showed it; null if none did. */
  readonly revision: number | null;
  readonly labelSets: readonly string[];
  readonly accounts: readonly string[];
  /** Of an address outside: what anybody called it. Of a workload: what it calls such an address itself, `198.51.100.7 api.example.com`. */
  readonly names: readonly string[];
}

/** A pod that records named, with the times of its first and last record, and its addresses. */
export interface StoredPod {
  readonly peer: WorkloadPeer;
  readonly namespace: string;
  readonly name: string;
  readonly firstSeen: number;
  readonly lastSeen: number;
  readonly addresses: readonly { readonly address: string; readonly firstSeen: number; readonly lastSeen: number }[];
}

export interface StoredCoverage {
  readonly source: string;
  readonly lastRecord: number | null;
  /** Hour to counts by kind; hour -1 has the records without a time. */
  readonly hours: ReadonlyMap<number, ReadonlyMap<string, number>>;
}
