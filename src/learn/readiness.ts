import { DAY, HOUR, hourOf, hoursSeen } from '../model/edge.ts';
import { largest, smallest } from '../model/group.ts';
import { peerKey, peerName, type WorkloadPeer } from '../model/peer.ts';
import type { Mode } from '../model/decision.ts';
import { completeness } from './completeness.ts';
import type { Graph, GraphEdge } from './graph.ts';
import { isResolved } from './state.ts';

/** How far learning has got, with its reasons. The person's choice of mode is another matter. */
export type Readiness = 'learning' | 'settling' | 'stable' | 'incomplete';

export interface WorkloadReadiness {
  readonly workload: WorkloadPeer;
  readonly mode: Mode;
  readonly readiness: Readiness;
  readonly edges: number;
  /** Hours of coverage since the workload's first record. */
  readonly observedHours: number;
  readonly coverage: number | null;
  readonly expectedNewEdges: { readonly '24h': number | null; readonly '7d': number | null };
  readonly lastNewEdge: number | null;
  readonly missing: readonly string[];
}

/** What all sources together covered. */
export interface Window {
  readonly hours: ReadonlySet<number>;
  /** Hours that each source missed between its first and its last, while others had records. */
  readonly gaps: ReadonlyMap<string, number>;
  readonly first: number;
  readonly last: number;
  readonly records: number;
  readonly lost: number;
}

const LEARNED = 0.9;
const SETTLED = 0.99;
const FEW_NEW_EDGES = 0.5;
const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

export function windowOf(graph: Graph): Window {
  const hours = new Set<number>();
  const own = new Map<string, ReadonlySet<number>>();
  let records = 0;
  let lost = 0;
  for (const { source, hours: cells } of graph.stored.coverage) {
    own.set(source, new Set([...cells].filter(([hour, counts]) => hour >= 0 && (counts.get('records') ?? 0) > 0).map(([hour]) => hour)));
    for (const [hour, counts] of cells) {
      records += counts.get('records') ?? 0;
      lost += counts.get('lost') ?? 0;
      if (hour >= 0 && (counts.get('records') ?? 0) > 0) hours.add(hour);
    }
  }
  const gaps = [...own].map(([source, covered]) => [source, gapWithin(covered, hours)] as const).filter(([, gap]) => gap > 0);
  return { hours, gaps: new Map(gaps), first: smallest(hours), last: largest(hours), records, lost };
}

function gapWithin(covered: ReadonlySet<number>, all: ReadonlySet<number>): number {
  const [first, last] = [smallest(covered), largest(covered)];
  return [...all].filter((hour) => hour > first && hour < last && !covered.has(hour)).length;
}

/** Edges that count for completeness: noise (scans, refusals) says nothing of what is still to be learned. */
export function learnable(edge: GraphEdge): boolean {
  return isResolved(edge) && edge.success !== 'none' && edge.state !== 'rejected';
}

interface Measured {
  readonly hours: number;
  readonly coverage: number | null;
  readonly expected: { readonly '24h': number | null; readonly '7d': number | null };
}

/** Completeness of some edges over the covered time from `since` on. */
export function measure(edges: readonly GraphEdge[], window: Window, since: number): Measured {
  const first = hourOf(since);
  const hours = [...window.hours].filter((hour) => hour >= first);
  const days = new Set(hours.map((hour) => Math.floor(hour / 24))).size;
  const byHour = completeness(edges.map(({ evidence }) => hoursSeen(evidence)), hours.length);
  const byDay = completeness(edges.map(({ evidence }) => evidence.days.size), days);
  return { hours: hours.length, coverage: byHour.coverage, expected: { '24h': byHour.expectedNew(24), '7d': byDay.expectedNew(7) } };
}

export function readinessOf(graph: Graph): readonly WorkloadReadiness[] {
  const window = windowOf(graph);
  const edgesOf = new Map<string, GraphEdge[]>();
  for (const edge of graph.edges) {
    if (!isResolved(edge)) continue;
    for (const key of new Set([peerKey(edge.source), peerKey(edge.destination)])) {
      const own = edgesOf.get(key);
      if (own === undefined) edgesOf.set(key, [edge]);
      else own.push(edge);
    }
  }
  const order = ([key, { workload }]: readonly [string, { readonly workload: WorkloadPeer }]): string => `${peerName(workload)} ${key}`;
  return [...graph.workloads]
    .toSorted((a, b) => (order(a) < order(b) ? -1 : 1))
    .map(([key, { workload }]) => readinessOfOne(graph, workload, edgesOf.get(key) ?? [], window));
}

function readinessOfOne(graph: Graph, workload: WorkloadPeer, all: readonly GraphEdge[], window: Window): WorkloadReadiness {
  const edges = all.filter(learnable);
  const first = [...all.map(({ totals }) => totals), ...(graph.pods.get(peerKey(workload)) ?? [])].reduce((time, { firstSeen }) => Math.min(time, firstSeen), Infinity);
  const { hours, coverage, expected } = measure(edges, window, Number.isFinite(first) ? first : 0);
  const missing = missingOf(graph, workload, window);
  return {
    workload,
    mode: graph.verdicts.modeOf(workload),
    readiness: readinessBy(hours, coverage, expected['24h'], window),
    edges: all.length,
    observedHours: hours,
    coverage,
    expectedNewEdges: expected,
    lastNewEdge: all.length === 0 ? null : all.reduce((time, { totals }) => Math.max(time, totals.firstSeen), 0),
    missing,
  };
}

function readinessBy(hours: number, coverage: number | null, expected: number | null, window: Window): Readiness {
  if (lossShare(window) > 0.01 || gapHours(window) > 0.05 * window.hours.size) return 'incomplete';
  if (hours < 24 || coverage === null || coverage < LEARNED) return 'learning';
  return coverage >= SETTLED && (expected ?? 1) <= FEW_NEW_EDGES ? 'stable' : 'settling';
}

function lossShare({ lost, records }: Window): number {
  return lost === 0 ? 0 : lost / (lost + records);
}

/** Hours without a single record between the first and the last one that has some. */
export function gapHours({ hours, first, last }: Window): number {
  return hours.size === 0 ? 0 : last - first + 1 - hours.size;
}

function missingOf(graph: Graph, workload: WorkloadPeer, window: Window): readonly string[] {
  const missing = [...missingOfAll(window)];
  const fact = graph.directory.workload(workload);
  if (workload.kind === 'CronJob' && fact?.lastRun === null) missing.push('has not run');
  const pods = graph.pods.get(peerKey(workload)) ?? [];
  const oldest = pods.reduce((time, { firstSeen }) => Math.min(time, firstSeen), Infinity);
  const mayRestart = workload.kind !== 'CronJob' && workload.kind !== 'Job' && pods.length > 0;
  // A pod that was not there in the first minutes is a new one.
  if (mayRestart && pods.every(({ firstSeen }) => firstSeen - oldest < HOUR)) missing.push('no restart seen');
  return missing;
}

/** What the window has not held, whoever is asked about. */
export function missingOfAll(window: Window): readonly string[] {
  if (window.hours.size === 0) return ['no records'];
  const missing: string[] = [];
  const seen = new Set([...window.hours].map((hour) => new Date(hour * HOUR).getUTCDay()));
  if (seen.size < 7) {
    const unseen = WEEKDAYS.filter((_, day) => !seen.has(day));
    missing.push(unseen.length <= 2 ? `no ${unseen.join(', no ')}` : 'no full week');
  } else if ((window.last - window.first + 1) * HOUR < 7 * DAY) missing.push('no full week');
  const gap = gapHours(window);
  if (gap > 0) missing.push(`${gap} h without records`);
  const [source, ...others] = [...window.gaps].toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  if (source !== undefined) missing.push(`${source[1]} h without records of ${source[0]}${others.length > 0 ? `, fewer of ${others.length} other sources` : ''}`);
  if (window.lost > 0) missing.push(`${window.lost} events lost`);
  return missing;
}

