import type { Labels } from './labels.ts';

/** One observation, oriented client to server, as a collector understood it. */

export type Protocol = 'TCP' | 'UDP' | 'SCTP' | 'ICMP' | 'ICMPv6';

/** Protocols that have ports, which are those that a NetworkPolicy can name. */
export function hasPorts(protocol: Protocol): protocol is 'TCP' | 'UDP' | 'SCTP' {
  return protocol === 'TCP' || protocol === 'UDP' || protocol === 'SCTP';
}

/** What a record says of an end that is no pod: Cilium's reserved identities, and the same classes elsewhere. */
export type Reserved = 'host' | 'remote-node' | 'kube-apiserver' | 'health' | 'ingress' | 'world';

export interface WorkloadRef {
  readonly kind: string;
  readonly name: string;
}

/** What the record says about one side, before anybody is looked up. Immutable; the same object for the same bytes. */
export interface Endpoint {
  /** Canonical text, or null where the format has none. */
  readonly address: string | null;
  /** '' where the record does not name its cluster. */
  readonly cluster: string;
  readonly namespace: string | null;
  readonly pod: string | null;
  readonly workload: WorkloadRef | null;
  /** Pod labels; null where the format carries none. */
  readonly labels: Labels | null;
  readonly serviceAccount: string | null;
  /** The whole identity of its certificate, PLAINTEXT where its server's proxy saw none, null where the record cannot say. */
  readonly principal: string | null;
  readonly reserved: Reserved | null;
  /** DNS names that the record gives for the address. */
  readonly names: readonly string[];
}

/** An end of which nothing is said. */
export const NOBODY: Endpoint = {
  address: null,
  cluster: '',
  namespace: null,
  pod: null,
  workload: null,
  labels: null,
  serviceAccount: null,
  principal: null,
  reserved: null,
  names: [],
};

/** What the data plane did. */
export type Verdict = 'forwarded' | 'dropped' | 'audited';

/**
 * Which part of a connection the record shows. `open`: its first record (SYN, NEW, policy verdict, a request line);
 * `ongoing`: a later one from the client; `answer`: from the server, which confirms or refuses; `lost-answer`: from the
 * server, but dropped.
 */
export type Phase = 'open' | 'ongoing' | 'answer' | 'lost-answer';

/** What came of it. A packet on its way to the server does not know yet: `unknown`. */
export type Outcome = 'established' | 'refused' | 'unanswered' | 'rejected' | 'unknown';

export type Side = 'source' | 'destination' | 'unknown';

/** Who saw it: counts are kept for each witness apart, and compared, never added. */
export interface Witness {
  readonly collector: string;
  readonly side: Side;
  /** Observation point within the side, in the format's own word: `to-endpoint`, `policy-verdict`, `l7`, `inbound`. */
  readonly point: string;
}

/** Made once for an object: there are few witnesses, and each row has one. */
const witnessKeys = new WeakMap<Witness, string>();

export function witnessKey(witness: Witness): string {
  let key = witnessKeys.get(witness);
  if (key === undefined) witnessKeys.set(witness, (key = `${witness.collector}|${witness.side}|${witness.point}`));
  return key;
}

/** An HTTP operation: the method and the path template, without query and without tokens. */
export interface Operation {
  readonly method: string;
  readonly path: string;
}

/**
 * One record's flow, or those of many records that say the same at times between which nothing changes (see `Window`). Mutable while the
 * collector fills it in; whoever is given one may not keep it.
 */
export interface Flow {
  /** Event time in milliseconds since 1970; of the first record, if there are several. */
  time: number;
  /** Event time of the last record. */
  until: number;
  /** How many records say it; 0 for the further flow of a record that is counted already. */
  records: number;
  /** Bit i: there was one in the i-th ten minutes of the hour; 0 where there is one record, whose time says it. */
  slots: number;
  source: Endpoint;
  destination: Endpoint;
  protocol: Protocol;
  /** Destination port, 0 where the protocol has none. */
  port: number;
  phase: Phase;
  verdict: Verdict;
  outcome: Outcome;
  /** How many connections or packets the records stand for, all together. */
  count: number;
  /** Client to server, of all together; null where the format carries none. */
  bytesOut: number | null;
  bytesIn: number | null;
  witness: Witness;
  /** An operation that the server performed, not merely one that was asked for. */
  operation: Operation | null;
  /** Node that reported, '' if unknown. */
  node: string;
}

/** How many of a flow's connections performed an operation. */
export interface Performed {
  readonly operation: Operation;
  readonly count: number;
}

/** How many of a flow's connections an end opened, and a time at which it did. */
export interface Opened {
  readonly end: Endpoint;
  readonly time: number;
  readonly count: number;
}

const NOTHING: readonly Performed[] = [];

/** What all connections of a flow performed. */
export function performedBy({ operation, count }: Readonly<Flow>): readonly Performed[] {
  return operation === null ? NOTHING : [{ operation, count }];
}

/** Times in milliseconds, both within it, between which all that a flow's time decides is the same: who its ends are, and what it is counted under. */
export interface Window {
  readonly from: number;
  readonly until: number;
}

/** The workload whose pod an end is within these times; null for none. */
export interface Role extends Window {
  readonly workload: string | null;
}

/** A flow for a collector to fill in, again and again. */
export function blankFlow(collector: string): Flow {
  return {
    time: 0,
    until: 0,
    records: 1,
    slots: 0,
    source: NOBODY,
    destination: NOBODY,
    protocol: 'TCP',
    port: 0,
    phase: 'open',
    verdict: 'forwarded',
    outcome: 'unknown',
    count: 1,
    bytesOut: null,
    bytesIn: null,
    witness: { collector, side: 'unknown', point: '' },
    operation: null,
    node: '',
  };
}

/** Why a record is no flow. Closed list: metrics, the summary and `status` use these words. */
export const SKIP_REASONS = [
  'reply', // the answer of a connection: confirms its edge
  'lost-reply', // an answer that was dropped
  'local-node', // from the pod's own node: kubelet probes
  'health', // the CNI's own health checks
  'self', // a pod to itself, or to its own loopback
  'no-workload', // between nodes and the outside: no pod at either end
  'proxy-internal', // a proxy's own listeners and clusters
  'translated', // a socket event that shows a Service before translation; the packet event follows
  'unoriented', // cannot tell client from server
  'no-client', // the line does not say who connected
  'no-server', // no server was chosen: no route, no healthy host
  'no-port', // a protocol with ports, but none in the record
  'not-a-connection', // ICMP errors, neighbour discovery, multicast, routing protocols
  'not-a-flow', // another kind of line: status, agent events, a proxy's own log
  'lost-events', // says that events were lost; counted as loss
  'incomplete', // lacks a field that orients or places it (a field mask)
  'bad-name', // a name that breaks the Kubernetes grammar
  'malformed', // not what the format allows
  'too-long', // a line over 1 MiB
] as const;

export type SkipReason = (typeof SKIP_REASONS)[number];

/** What becomes of a record. */
export type CountedAs = 'flows' | SkipReason;

/** What a flow's records are counted as. An answer is counted as one, whatever becomes of it. */
export function countedAs({ phase }: Flow, reason: SkipReason | null): CountedAs {
  return reason ?? (phase === 'answer' ? 'reply' : phase === 'lost-answer' ? 'lost-reply' : 'flows');
}
