import type { EdgeKey, Tally } from '../model/edge.ts';
import type { Operation, Witness } from '../model/flow.ts';
import type { Peer, WorkloadPeer } from '../model/peer.ts';

/** What one batch adds to the graph. Every part merges by sum, min, max or union, in any order. */
export interface Delta {
  /** The revision of people's choices that was in force. */
  readonly revision: number;
  readonly edges: readonly EdgeDelta[];
  readonly pending: readonly PendingDelta[];
  readonly podHours: readonly PodHour[];
  readonly sightings: readonly Sighting[];
  readonly attributes: readonly Attribute[];
  readonly coverage: readonly CoverageCell[];
}

export interface EdgeDelta extends EdgeKey {
  /** How many records told of it, answers apart. */
  readonly records: number;
  readonly witnesses: ReadonlyMap<Witness, WitnessDelta>;
  readonly pods: readonly PodCount[];
  readonly addresses: ReadonlySet<string>;
  /** Certificates that its client showed; PLAINTEXT where it showed none. */
  readonly principals: ReadonlySet<string>;
  readonly operations: readonly OperationCount[];
  readonly watching: boolean;
  readonly violation: Violation | null;
}

/** Connections of an edge that a source pod, `namespace/name`, opened, as a witness saw them. */
export interface PodCount {
  readonly pod: string;
  readonly witness: Witness;
  readonly opened: number;
}

export interface OperationCount {
  readonly operation: Operation;
  readonly witness: Witness;
  readonly count: number;
}

export interface WitnessDelta {
  readonly tally: Tally;
  readonly days: Map<number, DayDelta>;
  /** Slots in which it was tried, and had not been answered by then. */
  readonly failedSlots: readonly number[];
}

export interface DayDelta {
  /** Bit i: seen in hour i of the day, UTC. */
  hours: number;
  opened: number;
  bytesOut: number;
  bytesIn: number;
}

/** Connections that a pod opened in one hour since 1970, to whomever. */
export interface PodHour {
  readonly peer: Peer;
  readonly pod: string;
  readonly witness: Witness;
  readonly hour: number;
  readonly opened: number;
}

export interface Violation {
  /** Revision of the edge's latest decision when it was seen, 0 if there was none. */
  readonly epoch: number;
  readonly witnesses: ReadonlyMap<Witness, ReadonlyMap<number, ViolationDay>>;
}

export interface ViolationDay {
  hours: number;
  readonly tally: Tally;
}

/** Flows of one minute with an end that nobody is known to own yet. */
export interface PendingDelta extends EdgeKey {
  /** Minutes since 1970. */
  readonly minute: number;
  /** Pods, `namespace/name`, of the ends that records named; else ''. */
  readonly sourcePod: string;
  readonly destinationPod: string;
  /** Address of the end that is a class (a node, the API server), else ''. */
  readonly address: string;
  /** The certificate that the client showed, PLAINTEXT for none, '' where the records cannot say. */
  readonly principal: string;
  readonly witness: Witness;
  readonly tally: Tally;
  /** Records among them that count as flows: answers are none of their own. */
  records: number;
  readonly operations: ReadonlyMap<Operation, number>;
}

/** A pod in some records, and the address that they carry beside it, null if none. */
export interface Sighting {
  readonly peer: WorkloadPeer;
  readonly namespace: string;
  readonly pod: string;
  readonly address: string | null;
  readonly firstSeen: number;
  readonly lastSeen: number;
}

/** What pending flows turn into once they are settled for good. */
export interface Settlement {
  readonly edge: EdgeDelta;
  readonly podHours: readonly PodHour[];
  readonly sightings: readonly Sighting[];
}

export interface Attribute {
  readonly peer: Peer;
  readonly kind: 'labels' | 'account' | 'name';
  readonly value: string;
}

export interface CoverageCell {
  readonly source: string;
  /** Hours since 1970, -1 for records without a time. */
  readonly hour: number;
  /** records, flows, lost, overflow, or a skip reason. */
  readonly counts: ReadonlyMap<string, number>;
  readonly lastRecord: number;
}
