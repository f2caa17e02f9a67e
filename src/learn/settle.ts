import { DAY, SLOT } from '../model/edge.ts';
import type { Witness } from '../model/flow.ts';
import type { Canon } from '../resolve/canonical.ts';
import type { EdgeDelta } from './delta.ts';
import type { Verdicts } from './judge.ts';
import { isResolved } from './state.ts';
import type { StoredPending } from './stored.ts';

/** Pending flows are settled for good when they are so much older than the newest record. */
export const PENDING_FOR = 7 * DAY;

/**
 * The edge that a pending row becomes when it is settled for good: its own if somebody is known to have been there, else one
 * with an end that stays unresolved. Null if it turned out to be no edge at all.
 */
export function settled(row: StoredPending, canon: Canon, verdictsAt: (revision: number) => Verdicts): EdgeDelta | null {
  const { source, destination, protocol, port, pod, skip, addresses } = canon.pending(row, row.tally.firstSeen, row.tally.lastSeen);
  if (skip !== null) return null;
  const edge = { source, destination, protocol, port };
  const { watching, violates, epoch } = verdictsAt(row.revision).judge(edge);
  const start = row.minute * 60_000;
  const day = Math.floor(start / DAY);
  const hours = 1 << (Math.floor(row.minute / 60) % 24);
  const { tally, witness } = row;
  const isViolation = isResolved(edge) && (violates || (watching && tally.denied > 0));
  const of = <T>(value: T): ReadonlyMap<Witness, T> => new Map([[witness, value]]);
  return {
    source: canon.toStored(source),
    destination: canon.toStored(destination),
    protocol,
    port,
    witnesses: of({ tally, days: new Map([[day, { hours, opened: tally.opened, bytesOut: tally.bytesOut, bytesIn: tally.bytesIn }]]) }),
    pods: pod === '' || tally.opened === 0 ? new Map() : new Map([[pod, of(tally.opened)]]),
    addresses: new Set(addresses),
    operations: new Map(row.operations.map(({ method, path, count }) => [{ method, path }, of(count)])),
    failedSlots: tally.answered > 0 ? [] : [Math.floor(start / SLOT)],
    watching,
    violation: isViolation ? { epoch, witnesses: of(new Map([[day, { hours, tally }]])) } : null,
  };
}
