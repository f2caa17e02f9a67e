import { SKIP_REASONS, type CountedAs, type Endpoint, type Flow, type Operation, type Outcome, type Phase, type Protocol, type Verdict, type Witness } from '../model/flow.ts';

/**
 * What one thread tells another of the records that it decoded: rows of numbers, whose memory changes hands. What a row names is told once, when it is
 * named first, and by its number from then on.
 */
export interface Columns {
  /** New ones, numbered on from the last. */
  readonly names: Names;
  /** The numbers begin anew with the next. */
  readonly forgets: boolean;
  readonly records: number;
  /** Of them, those that were not recognised with certainty. */
  readonly unsure: number;
  readonly flows: Float64Array;
  /** What flows performed, those of one flow one after the other. */
  readonly performed: Float64Array;
  /** Ends that opened the connections of flows. */
  readonly opened: Float64Array;
  readonly counts: Float64Array;
  readonly sightings: Float64Array;
}

/** What rows name. */
export interface Names {
  readonly endpoints: readonly Endpoint[];
  readonly witnesses: readonly Witness[];
  readonly operations: readonly Operation[];
  readonly nodes: readonly string[];
}

/** A flow's numbers, by their place in its row; its node is counted apart. What is not there is NaN; what is one of a list is its place in the list. */
export const FLOW = {
  time: 0,
  until: 1,
  records: 2,
  source: 3,
  destination: 4,
  protocol: 5,
  port: 6,
  phase: 7,
  verdict: 8,
  outcome: 9,
  count: 10,
  bytesOut: 11,
  bytesIn: 12,
  witness: 13,
  /** How many rows of what was performed are its. */
  performed: 14,
  slots: 15,
  /** How many rows of who opened connections are its; NaN if its ends are those that it has. */
  opened: 16,
} as const satisfies Readonly<Record<Exclude<keyof Flow, 'node' | 'operation'> | 'performed' | 'opened', number>>;
export const FLOW_WIDTH = 17;

export const PERFORMED = { operation: 0, count: 1 } as const;
export const PERFORMED_WIDTH = 2;

export const OPENED = { end: 0, time: 1, count: 2 } as const;
export const OPENED_WIDTH = 3;

export const COUNT = { as: 0, node: 1, until: 2, records: 3 } as const;
export const COUNT_WIDTH = 4;

export const SIGHTING = { end: 0, first: 1, last: 2 } as const;
export const SIGHTING_WIDTH = 3;

export const PROTOCOLS: readonly Protocol[] = ['TCP', 'UDP', 'SCTP', 'ICMP', 'ICMPv6'];
export const PHASES: readonly Phase[] = ['open', 'ongoing', 'answer', 'lost-answer'];
export const VERDICTS: readonly Verdict[] = ['forwarded', 'dropped', 'audited'];
export const OUTCOMES: readonly Outcome[] = ['established', 'refused', 'unanswered', 'rejected', 'unknown'];
/** What records are counted as; events that were lost are none. */
export const COUNTED: readonly (CountedAs | 'lost')[] = ['lost', 'flows', ...SKIP_REASONS];
