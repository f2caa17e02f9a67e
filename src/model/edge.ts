import type { Operation, Protocol, Witness } from './flow.ts';
import { peerKey, type Peer } from './peer.ts';

/** A learned connection: source, destination, protocol and the port on the destination pod. */
export interface EdgeKey {
  readonly source: Peer;
  readonly destination: Peer;
  readonly protocol: Protocol;
  /** 0 where the protocol has none, MANY_PORTS for those over the cap of one pair. */
  readonly port: number;
}

/** Ports of a pair beyond the cap are folded into this one: shown, suspected, never a rule. */
export const MANY_PORTS = -1;

const PROTOCOL_NUMBER: Readonly<Record<Protocol, number>> = { TCP: 0, UDP: 1, SCTP: 2, ICMP: 3, ICMPv6: 4 };

/** A port, MANY_PORTS among them, with its protocol as one whole number. */
export function serviceNumber(port: number, protocol: Protocol): number {
  return (port + 1) * 8 + PROTOCOL_NUMBER[protocol];
}

export function edgeKey(edge: EdgeKey): string {
  return `${peerKey(edge.source)}>${peerKey(edge.destination)}:${edge.port}/${edge.protocol}`;
}

/** What one witness counted. Every field merges by sum, except the times, which merge by min and max. */
export interface Tally {
  /** Opening records that were forwarded. */
  opened: number;
  /** Later records from the client. */
  ongoing: number;
  /** Records that show that the server answered. */
  answered: number;
  /** Refused or reset by the server. */
  refused: number;
  /** Stopped by a policy (of the network or of the mesh). */
  denied: number;
  /** Let through although a policy in audit mode would have stopped it. */
  audited: number;
  /** Tried, and no server was reached or none answered, where the record itself says so; not among the opened. */
  failed: number;
  /** Answers that were dropped on the way back. */
  lostAnswers: number;
  bytesOut: number;
  bytesIn: number;
  firstSeen: number;
  lastSeen: number;
  /** When something first answered, MAX_SAFE_INTEGER while nothing did. */
  firstAnswered: number;
}

export const COUNTERS = [
  'opened',
  'ongoing',
  'answered',
  'refused',
  'denied',
  'audited',
  'failed',
  'lostAnswers',
  'bytesOut',
  'bytesIn',
] as const;

export type Counter = (typeof COUNTERS)[number];

export function emptyTally(): Tally {
  return {
    opened: 0,
    ongoing: 0,
    answered: 0,
    refused: 0,
    denied: 0,
    audited: 0,
    failed: 0,
    lostAnswers: 0,
    bytesOut: 0,
    bytesIn: 0,
    firstSeen: Number.MAX_SAFE_INTEGER,
    lastSeen: 0,
    firstAnswered: Number.MAX_SAFE_INTEGER,
  };
}

/** Adds `more` to `tally` in place. */
export function addTally(tally: Tally, more: Readonly<Tally>): void {
  for (const counter of COUNTERS) tally[counter] += more[counter];
  tally.firstSeen = Math.min(tally.firstSeen, more.firstSeen);
  tally.lastSeen = Math.max(tally.lastSeen, more.lastSeen);
  tally.firstAnswered = Math.min(tally.firstAnswered, more.firstAnswered);
}

/** Shows somebody trying to connect; an edge of lost answers alone is no edge. */
export function showsConnection(tally: Readonly<Tally>): boolean {
  return tally.opened + tally.ongoing + tally.answered + tally.refused + tally.denied + tally.audited + tally.failed > 0;
}

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

/** Hours since 1970. */
export function hourOf(time: number): number {
  return Math.floor(time / HOUR);
}

/** Days since 1970, UTC. */
export function dayOf(time: number): number {
  return Math.floor(time / DAY);
}

/** Scans are looked for in slots of 600 seconds of event time. */
export const SLOT = 600_000;
export const SLOTS_IN_HOUR = HOUR / SLOT;

/** A connection that was tried in a slot failed if nothing had answered by the end of the next: answers may come a little late. */
export function failedInSlot(slot: number, firstAnswered: number): boolean {
  return (slot + 2) * SLOT <= firstAnswered;
}

/** Everything that is known of an edge. Times are event times in milliseconds. */
export interface Evidence {
  readonly witnesses: ReadonlyMap<string, WitnessTally>;
  /** Day since 1970 to the bit mask of its hours in which the edge was seen. */
  readonly days: ReadonlyMap<number, number>;
  /** Source pod to its connections. */
  readonly pods: ReadonlyMap<string, number>;
  /** Addresses that stood for a node, the API server or the public. */
  readonly addresses: ReadonlySet<string>;
  /** Certificates that its client showed when it was answered; PLAINTEXT where its server's proxy saw none. */
  readonly principals: ReadonlySet<string>;
  readonly operations: readonly CountedOperation[];
  /** Slots since 1970 in which it failed, with the latest revision at which it did while watching, 0 while learning. */
  readonly failedSlots: ReadonlyMap<number, number>;
  /** Traffic after a proxy that showed the same edge. */
  readonly byLabelsOnly: ReadonlySet<string>;
}

export interface WitnessTally {
  readonly witness: Witness;
  readonly tally: Readonly<Tally>;
}

export interface CountedOperation extends Operation {
  readonly count: number;
}

export interface Edge extends EdgeKey {
  /** Hash of the key, equal in every database. */
  readonly id: string;
  readonly evidence: Evidence;
}

/** What all witnesses together say: the largest count of each kind, never their sum. */
export function totals(evidence: Evidence): Tally {
  const total = emptyTally();
  for (const { tally } of evidence.witnesses.values()) {
    // One by one: by the names in COUNTERS it takes four times as long, and this is done for every edge of a graph.
    total.opened = Math.max(total.opened, tally.opened);
    total.ongoing = Math.max(total.ongoing, tally.ongoing);
    total.answered = Math.max(total.answered, tally.answered);
    total.refused = Math.max(total.refused, tally.refused);
    total.denied = Math.max(total.denied, tally.denied);
    total.audited = Math.max(total.audited, tally.audited);
    total.failed = Math.max(total.failed, tally.failed);
    total.lostAnswers = Math.max(total.lostAnswers, tally.lostAnswers);
    total.bytesOut = Math.max(total.bytesOut, tally.bytesOut);
    total.bytesIn = Math.max(total.bytesIn, tally.bytesIn);
    total.firstSeen = Math.min(total.firstSeen, tally.firstSeen);
    total.lastSeen = Math.max(total.lastSeen, tally.lastSeen);
    total.firstAnswered = Math.min(total.firstAnswered, tally.firstAnswered);
  }
  return total;
}

export function hoursSeen(evidence: Evidence): number {
  let hours = 0;
  for (const mask of evidence.days.values()) hours += bitCount(mask);
  return hours;
}

export function bitCount(mask: number): number {
  let count = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) count++;
  return count;
}
