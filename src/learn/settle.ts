import { DAY, HOUR, showsConnection, SLOT } from '../model/edge.ts';
import type { Witness } from '../model/flow.ts';
import type { Peer, WorkloadPeer } from '../model/peer.ts';
import type { Canon } from '../resolve/canonical.ts';
import type { EdgeDelta, PodHour, Settlement, Sighting } from './delta.ts';
import type { Verdicts } from './judge.ts';
import { isResolved } from './state.ts';
import type { StoredPending } from './stored.ts';

/** Pending flows are settled for good when they are so much older than the newest record. */
export const PENDING_FOR = 7 * DAY;

/** The time that a row's records are from, in milliseconds. Lost answers alone tell the minute only. */
export function spanOf({ minute, tally }: Pick<StoredPending, 'minute' | 'tally'>): { readonly first: number; readonly last: number } {
  const start = minute * 60_000;
  return showsConnection(tally) ? { first: tally.firstSeen, last: tally.lastSeen } : { first: start, last: start + 59_999 };
}

/**
 * The edge that a pending row becomes when it is settled for good: its own if somebody is known to have been there, else one
 * with an end that stays unresolved. Null if it turned out to be no edge at all.
 */
export function settled(row: StoredPending, canon: Canon, verdictsAt: (revision: number) => Verdicts): Settlement | null {
  const span = spanOf(row);
  const { source, destination, protocol, port, sourcePod, destinationPod, skip, addresses } = canon.pending(row, span.first, span.last);
  if (skip !== null) return null;
  const edge = { source, destination, protocol, port };
  const { watching, violates, epoch } = verdictsAt(row.revision).judge(edge);
  const { tally, witness } = row;
  const start = row.minute * 60_000;
  const day = Math.floor(start / DAY);
  const shows = showsConnection(tally);
  const hours = shows ? 1 << (Math.floor(row.minute / 60) % 24) : 0;
  const isViolation = shows && isResolved(edge) && (violates || (watching && tally.denied > 0));
  const of = <T>(value: T): ReadonlyMap<Witness, T> => new Map([[witness, value]]);
  // Whoever is told by labels alone stays so.
  const stored = (settledPeer: Peer, peer: Peer): Peer => (peer.type === 'labels' ? peer : canon.toStored(settledPeer));
  const from = stored(source, row.source);
  const to = stored(destination, row.destination);
  const opens = sourcePod !== '' && tally.opened > 0;
  const delta: EdgeDelta = {
    source: from,
    destination: to,
    protocol,
    port,
    records: row.records,
    witnesses: of({
      tally,
      days: new Map(shows ? [[day, { hours, opened: tally.opened, bytesOut: tally.bytesOut, bytesIn: tally.bytesIn }]] : []),
      failedSlots: shows ? [Math.floor(start / SLOT)] : [],
    }),
    pods: opens ? [{ pod: sourcePod, witness, opened: tally.opened }] : [],
    addresses: new Set(addresses),
    principals: new Set(principalsOf(row)),
    operations: row.operations.map(({ method, path, count }) => ({ operation: { method, path }, witness, count })),
    watching,
    violation: isViolation ? { epoch, witnesses: of(new Map([[day, { hours, tally: withoutLostAnswers(row) }]])) } : null,
  };
  const podHours: PodHour[] = opens ? [{ peer: from, pod: sourcePod, witness, hour: Math.floor(start / HOUR), opened: tally.opened }] : [];
  const sightings = [sighting(from, sourcePod, span), sighting(to, destinationPod, span)].filter((seen) => seen !== null);
  return { edge: delta, podHours, sightings };
}

function sighting(peer: Peer, pod: string, { first, last }: { readonly first: number; readonly last: number }): Sighting | null {
  if (pod === '' || peer.type !== 'workload') return null;
  return { peer: peer satisfies WorkloadPeer, namespace: peer.namespace, pod: pod.slice(pod.indexOf('/') + 1), address: null, firstSeen: first, lastSeen: last };
}

/** The certificate that a row's client showed, if it was answered. */
export function principalsOf({ principal, tally }: Pick<StoredPending, 'principal' | 'tally'>): readonly string[] {
  return principal !== '' && tally.answered > 0 ? [principal] : [];
}

/** Lost answers violate nothing. */
export function withoutLostAnswers({ tally }: Pick<StoredPending, 'tally'>): StoredPending['tally'] {
  return tally.lostAnswers === 0 ? tally : { ...tally, lostAnswers: 0 };
}
