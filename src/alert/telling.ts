import { atLeast, type Alert, type Severity, SEVERITIES } from '../model/alert.ts';
import { HOUR } from '../model/edge.ts';
import type { AlertEvent, ToldAlert } from '../notifier.ts';

/** Sentences of evidence that are told; whoever wants all asks for the alert. */
const EVIDENCE = 10;
/** What grows by and by (edges of a new workload) is told again once in this time, in milliseconds; what becomes worse at once. */
const CHANGE_EVERY = HOUR;

/** What one target was told of one alert, or will be by what waits for it. */
export interface Told {
  readonly firing: boolean;
  /** Wall-clock time of its first telling since it last began to fire. */
  readonly since: number;
  /** Wall-clock time at which it was over; null while it fires. */
  readonly ended: number | null;
  /** Tellings since it last began to fire. */
  readonly tellings: number;
  /** Wall-clock time at which the last of them but an end was due; it may be yet to come. */
  readonly lastDue: number;
  /** As it was told last; counts and times are newer. */
  readonly alert: ToldAlert;
}

/** The id of what is told: no other telling of this or another alert has it. */
export function tellingId({ alert, since, tellings: n }: Told): string {
  return `${alert.id}.${since.toString(36)}.${n}`;
}

export interface Telling {
  readonly told: Told;
  /** What the target has to be told; null if only what is known of the alert has changed. */
  readonly event: AlertEvent | null;
  /** Wall-clock time before which it is not delivered. */
  readonly due: number;
}

export interface Terms {
  readonly minSeverity: Severity;
  /** Wall-clock time in milliseconds. */
  readonly now: number;
  /** DNS name of an outside address. */
  readonly nameOf: (address: string) => string | null;
}

/**
 * What a target has to be told, given what it was told and all alerts as they are now. Pure; nothing to tell if nothing has
 * changed. A target holds the alerts that fire: those that somebody looks into, has muted or has decided are over for it.
 */
export function tellings(told: ReadonlyMap<string, Told>, alerts: readonly Alert[], terms: Terms): readonly Telling[] {
  const stormy = new Set(alerts.filter(({ kind }) => kind === 'storm').map(({ firstSeen }) => hour(firstSeen)));
  const scans = new Map(alerts.filter(({ kind }) => kind === 'scan').map((scan) => [scan.key, scan]));
  const known = new Set(alerts.map(({ id }) => id));
  const found: Telling[] = [];
  for (const alert of alerts) {
    const before = told.get(alert.id);
    const isOut = before?.firing === true;
    // A storm is told instead of what it is made of; what was told before it stays so.
    const isHidden = !isOut && alert.kind !== 'storm' && stormy.has(hour(alert.firstSeen));
    const fires = alert.state === 'firing' && !isHidden && (isOut || atLeast(alert.severity, terms.minSeverity));
    const now = seen(alert, terms, fires ? null : whyOver(alert, scans));
    if (fires && before !== undefined && isOut) found.push(...still(before, now, terms.now));
    else if (fires) found.push(begins(before, now, terms.now));
    else if (before !== undefined && isOut) found.push(ends(before, now, terms.now));
  }
  for (const [id, before] of told) {
    if (known.has(id) || !before.firing) continue;
    found.push(ends(before, { ...before.alert, state: 'resolved', over: 'it is an alert no more: forgotten, or told of by another one' }, terms.now));
  }
  return found;
}

function hour(time: number): number {
  return Math.floor(time / HOUR);
}

function begins(before: Told | undefined, alert: ToldAlert, now: number): Telling {
  // Two runs of one alert never share a beginning: it is part of the id of what is told.
  const since = Math.max(now, (before?.since ?? 0) + 1);
  return { told: { firing: true, since, ended: null, tellings: 1, lastDue: now, alert }, event: 'firing', due: now };
}

function still(before: Told, alert: ToldAlert, now: number): readonly Telling[] {
  const was = before.alert;
  const isWorse = SEVERITIES.indexOf(alert.severity) > SEVERITIES.indexOf(was.severity);
  const isOther = alert.severity !== was.severity || alert.class !== was.class || (alert.kind === 'new-workload' && alert.edges > was.edges);
  if (!isOther) return same(was, alert) ? [] : [{ told: { ...before, alert }, event: null, due: now }];
  // One that still waits is replaced, and waits no longer for that.
  const waits = before.lastDue > now ? before.lastDue : Math.max(now, before.lastDue + CHANGE_EVERY);
  const due = isWorse ? now : waits;
  return [{ told: { ...before, tellings: before.tellings + 1, lastDue: due, alert }, event: 'changed', due }];
}

function ends(before: Told, alert: ToldAlert, now: number): Telling {
  return { told: { ...before, firing: false, ended: Math.max(now, before.since), tellings: before.tellings + 1, alert }, event: 'resolved', due: now };
}

function same(one: ToldAlert, other: ToldAlert): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function whyOver({ state, foldedInto }: Alert, scans: ReadonlyMap<string, Alert>): string {
  const scan = foldedInto === null ? undefined : scans.get(foldedInto);
  if (scan !== undefined) return `told of by the scan ${scan.id}: ${scan.reason}`;
  if (state === 'acknowledged') return 'acknowledged: somebody looks into it';
  return state;
}

function seen(alert: Alert, { nameOf }: Terms, over: string | null): ToldAlert {
  const { id, kind, class: edgeClass, severity, state, source, destination, protocol, port, firstSeen, lastSeen, count, reason, decides } = alert;
  const rest = alert.evidence.length - EVIDENCE;
  const evidence = rest > 0 ? [...alert.evidence.slice(0, EVIDENCE), `and ${rest} more`] : alert.evidence;
  const name = (peer: Alert['source']): string | null => (peer?.type === 'external' ? nameOf(peer.address) : null);
  return {
    id, kind, class: edgeClass, severity, state, source, destination, protocol, port, firstSeen, lastSeen, count, reason, evidence,
    sourceName: name(source),
    destinationName: name(destination),
    edges: decides.length,
    over,
  };
}
