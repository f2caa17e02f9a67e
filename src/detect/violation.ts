import { emptyTally, COUNTERS, type Tally } from '../model/edge.ts';
import { peerName } from '../model/peer.ts';
import type { EdgeKey } from '../model/edge.ts';
import { isBreach, type GraphEdge } from '../learn/graph.ts';
import type { ViolationEvidence } from '../learn/evidence.ts';

/** What an edge did while somebody watched, since the latest decision on it. */
export interface Breach {
  readonly totals: Tally;
  /** Hours in which it was seen. */
  readonly hours: number;
  /** The latest epoch of its violations. */
  readonly epoch: number;
}

/**
 * The violations that the latest decision on the edge does not cover; if it covers all of them, they themselves. Null if there
 * are none that `which` wants.
 */
export function breachOf(edge: GraphEdge, which: (violation: ViolationEvidence) => boolean): Breach | null {
  const all = edge.violations.filter(which);
  const open = all.filter(({ epoch }) => edge.decision === null || epoch >= edge.decision.revision);
  const shown = open.length > 0 ? open : all;
  if (shown.length === 0) return null;
  const totals = emptyTally();
  for (const { witnesses } of shown) {
    const of = emptyTally();
    for (const { tally } of witnesses.values()) {
      for (const counter of COUNTERS) of[counter] = Math.max(of[counter], tally[counter]);
      totals.firstSeen = Math.min(totals.firstSeen, tally.firstSeen);
      totals.lastSeen = Math.max(totals.lastSeen, tally.lastSeen);
    }
    for (const counter of COUNTERS) totals[counter] += of[counter];
  }
  return { totals, hours: shown.reduce((sum, { hours }) => sum + hours, 0), epoch: Math.max(...shown.map(({ epoch }) => epoch)) };
}

export function breachedEdge(edge: GraphEdge): Breach | null {
  return breachOf(edge, isBreach);
}

/** Connections that were tried: what an alert counts. */
export function attempts({ opened, ongoing, refused, denied, failed, audited, answered }: Tally): number {
  return Math.max(1, opened + denied + audited, failed + denied, refused, Math.min(1, ongoing + answered));
}

export function portName({ port, protocol }: Pick<EdgeKey, 'port' | 'protocol'>): string {
  if (port < 0) return `many ports/${protocol}`;
  return port === 0 ? protocol : `${port}/${protocol}`;
}

export function edgeName(edge: EdgeKey): string {
  return `${peerName(edge.source)} -> ${peerName(edge.destination)} ${portName(edge)}`;
}
