import type { Outcome, Phase, Side } from '../../src/model/flow.ts';
import type { FlowFacts } from './facts.ts';

/** What the facts of a Hubble flow mean. Pure; each function is one rule. */

/** Linux hands out ports from here to clients (`net.ipv4.ip_local_port_range`). */
const FIRST_EPHEMERAL_PORT = 32_768;

/** Which end a trace point watches, for a packet from client to server; for an answer it is the other one. */
const WATCHED_END: ReadonlyMap<string, Side> = new Map([
  ['FROM_ENDPOINT', 'source'],
  ['FROM_PROXY', 'source'],
  ['TO_STACK', 'source'],
  ['TO_OVERLAY', 'source'],
  ['TO_NETWORK', 'source'],
  ['TO_CRYPTO', 'source'],
  ['TO_ENDPOINT', 'destination'],
  ['FROM_NETWORK', 'destination'],
  ['FROM_OVERLAY', 'destination'],
  ['FROM_CRYPTO', 'destination'],
  ['FROM_HOST', 'destination'],
  ['FROM_STACK', 'destination'],
]);

/** The other words of `TraceObservationPoint`, and those for what is no packet in transit. Records that invent some are all seen at one point. */
const OTHER_POINTS = ['UNKNOWN_POINT', 'TO_PROXY', 'TO_HOST', 'l7', 'policy-verdict', 'drop'];
const POINTS: ReadonlyMap<string, string> = new Map([...WATCHED_END.keys(), ...OTHER_POINTS].map((point) => [point, point.toLowerCase().replaceAll('_', '-')]));

const LEAVES_NODE: ReadonlySet<string> = new Set(['TO_OVERLAY', 'TO_NETWORK', 'TO_CRYPTO']);

/** Drop reasons that are a policy's word; all others are the data plane's own troubles. */
const POLICY_DROPS: ReadonlySet<string> = new Set(['', 'POLICY_DENIED', 'POLICY_DENY', 'AUTH_REQUIRED']);

const OTHER_SIDE: Readonly<Record<Side, Side>> = { source: 'destination', destination: 'source', unknown: 'unknown' };

/** SYN without ACK: the first packet of a connection, whatever else is missing. */
function opens(facts: FlowFacts): boolean {
  return facts.syn && !facts.ack;
}

/**
 * Whether the packet goes from server to client; null if nothing in the record says. The format's own word counts before
 * anything else, and ports count never. SYN with ACK is not taken for an answer: where Cilium does not say, the packet is on
 * its way through an overlay, and its addresses may be a proxy's.
 */
export function isAnswer(facts: FlowFacts): boolean | null {
  if (facts.isReply !== null) return facts.isReply;
  if (facts.l7Type === 'REQUEST') return false;
  if (facts.l7Type === 'RESPONSE') return true;
  if (opens(facts)) return false;
  // Drops never say: the policy is asked before the connection is known.
  return facts.verdict === 'dropped' ? false : null;
}

/** A dropped packet from a service's port to a client's port: the answer of a connection that the node has forgotten. */
export function isLostAnswer(facts: FlowFacts, answer: boolean): boolean {
  if (facts.verdict !== 'dropped') return false;
  if (answer || facts.isEchoReply) return true;
  const fromService = facts.sourcePort > 0 && facts.sourcePort < FIRST_EPHEMERAL_PORT;
  return fromService && facts.destinationPort >= FIRST_EPHEMERAL_PORT && !opens(facts);
}

/** The part of a connection that a packet towards the server shows. */
export function phaseOf(facts: FlowFacts): Phase {
  if (facts.isL7 || facts.point === 'policy-verdict' || facts.point === 'drop' || opens(facts)) return 'open';
  if (facts.traceReason === 'ESTABLISHED' || facts.hasFlags) return 'ongoing';
  return 'open';
}

export function outcomeOf(facts: FlowFacts, answer: boolean): Outcome {
  if (facts.verdict === 'dropped') return POLICY_DROPS.has(facts.dropReason) ? 'rejected' : 'unanswered';
  if (!answer) return 'unknown';
  return facts.rst ? 'refused' : 'established';
}

/**
 * Which end reported. `traffic_direction` says it only for what a policy or a proxy decided: it is the connection's where the
 * record knows whether it is an answer, and the packet's where it does not.
 */
export function sideOf(facts: FlowFacts, backwards: boolean): Side {
  const watched = WATCHED_END.get(facts.point);
  if (watched !== undefined) return backwards ? OTHER_SIDE[watched] : watched;
  const side = facts.direction === 'EGRESS' ? 'source' : facts.direction === 'INGRESS' ? 'destination' : 'unknown';
  return backwards && facts.isReply === null && !facts.isL7 ? OTHER_SIDE[side] : side;
}

/** The point as a witness names it. */
export function pointName({ point }: FlowFacts): string {
  return POINTS.get(point) ?? 'other';
}

/** The node's own traffic to a pod on it (kubelet's probes); what leaves the node goes to somebody else's pod. */
export function isLocalNode(facts: FlowFacts, backwards: boolean): boolean {
  return backwards || !LEAVES_NODE.has(facts.point);
}
