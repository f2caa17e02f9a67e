import { HOUR, type EdgeKey } from './edge.ts';
import type { Protocol } from './flow.ts';
import { peerKey, type Peer } from './peer.ts';

export const ALERT_KINDS = [
  'new-edge',
  'new-workload',
  'new-public-entry',
  'scan',
  'denied',
  'mesh-bypass',
  'identity-mismatch',
  'volume',
  'flood',
  'new-operation',
  'source-silent',
  'storm',
] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

export const SEVERITIES = ['low', 'medium', 'high', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

export function worst(severities: readonly Severity[]): Severity {
  return SEVERITIES[Math.max(0, ...severities.map((severity) => SEVERITIES.indexOf(severity)))] ?? 'low';
}

export function atLeast(severity: Severity, floor: Severity): boolean {
  return SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(floor);
}

/** Why an edge outside the baseline matters; decides the severity. */
export const EDGE_CLASSES = [
  'metadata',
  'infrastructure',
  'cross-namespace',
  'reversed',
  'new-external',
  'new-port',
  'same-namespace',
] as const;
export type EdgeClass = (typeof EDGE_CLASSES)[number];

export const ALERT_STATES = ['firing', 'acknowledged', 'accepted', 'rejected', 'muted', 'resolved'] as const;
export type AlertState = (typeof ALERT_STATES)[number];

/** Still waits for somebody. */
export function isOpen(state: AlertState): boolean {
  return state === 'firing' || state === 'acknowledged';
}

/** What detection found, before anybody said anything about it. */
export interface Finding {
  readonly kind: AlertKind;
  readonly class: EdgeClass | null;
  readonly severity: Severity;
  readonly source: Peer | null;
  readonly destination: Peer | null;
  readonly protocol: Protocol | null;
  /** 0 where there is none. */
  readonly port: number;
  readonly firstSeen: number;
  readonly lastSeen: number;
  readonly count: number;
  readonly reason: string;
  /** Sentences that back the reason. */
  readonly evidence: readonly string[];
  /** What a decision on the alert decides. */
  readonly decides: readonly EdgeKey[];
  /** Key of the scan that this one is folded into. */
  readonly foldedInto: string | null;
  /** It happened at this revision of people's choices, or later: a word that is older does not settle it. */
  readonly since: number;
}

/** The key of a new workload's alert, by the key of the workload. */
export function newWorkloadKey(workload: string): string {
  return `new-workload|${workload}|||0`;
}

/** One text for one alert: what its id is made of. */
export function findingKey({ kind, source, destination, protocol, port, firstSeen }: Finding): string {
  // A storm is about no peer, but about its hour.
  const when = kind === 'storm' ? `|${Math.floor(firstSeen / HOUR)}` : '';
  return `${kind}|${source === null ? '' : peerKey(source)}|${destination === null ? '' : peerKey(destination)}|${protocol ?? ''}|${port}${when}`;
}

export interface Alert extends Finding {
  readonly id: string;
  readonly key: string;
  readonly state: AlertState;
}
