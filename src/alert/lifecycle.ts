import { findingKey, isOpen, newWorkloadKey, SEVERITIES, type Alert, type AlertState, type Finding } from '../model/alert.ts';
import { edgeKey, type EdgeKey } from '../model/edge.ts';
import { findAll } from '../detect/findings.ts';
import type { Graph } from '../learn/graph.ts';

/** What a person said of an alert; the store keeps it. */
export interface Word {
  readonly state: 'acknowledged' | 'accepted' | 'rejected' | 'muted';
  readonly since: number;
  readonly mutedUntil: number | null;
}

export interface AlertInput {
  readonly graph: Graph;
  readonly words: ReadonlyMap<string, Word>;
  readonly fingerprint: (text: string) => string;
  /** Wall-clock time: a mute ends by it. */
  readonly now: number;
}

/** Every alert with its state: what was detected, and what people said of it. Those that a scan folded come with the scan's id. */
export function alertsOf({ graph, words, fingerprint, now }: AlertInput): readonly Alert[] {
  const wordOf = (finding: Finding): Word | undefined => words.get(fingerprint(findingKey(finding)));
  const decidedWorkload = (key: string): boolean => {
    const state = words.get(fingerprint(newWorkloadKey(key)))?.state;
    return state === 'accepted' || state === 'rejected';
  };
  return findAll(graph, { workload: decidedWorkload })
    .map((finding): Alert => {
      const key = findingKey(finding);
      return { ...finding, key, id: fingerprint(key), state: stateOf(finding, wordOf(finding), graph, now) };
    })
    .toSorted(bySeverity);
}

function stateOf(finding: Finding, word: Word | undefined, graph: Graph, now: number): AlertState {
  // An alert that a scan tells of needs nobody any more.
  if (finding.foldedInto !== null) return 'resolved';
  const decided = decisionOn(finding, graph);
  if (decided !== null) return decided;
  if (word === undefined) return 'firing';
  if (word.state === 'muted') return word.mutedUntil === null || word.mutedUntil > now ? 'muted' : 'firing';
  // What happened after a word was said is not covered by it; an accepted scanner may scan again.
  return word.state === 'accepted' || finding.since < word.since ? word.state : 'firing';
}

/** What the decisions on the edges of an alert say: all must be decided, and nothing may have happened since. */
function decisionOn({ kind, decides, since }: Finding, graph: Graph): AlertState | null {
  if (decides.length === 0) return null;
  const decisions = decides.map((edge) => graph.verdicts.decision(edge));
  const actions = new Set<string>();
  for (const decision of decisions) {
    if (decision === null) return null;
    // An accepted edge that a policy denies is an alert of its own, which its acceptance does not settle.
    if (kind === 'denied' && decision.action === 'accept' && since >= decision.revision) return null;
    if (decision.action === 'reject' && since >= decision.revision) return null;
    actions.add(decision.action);
  }
  return actions.has('reject') ? 'rejected' : 'accepted';
}

function bySeverity(a: Alert, b: Alert): number {
  return SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity) || b.lastSeen - a.lastSeen || (a.key < b.key ? -1 : 1);
}

/** Edges that an open alert is about: a decision on many edges at once leaves them to a decision of their own. */
export function edgesWithOpenAlert(alerts: readonly Alert[]): ReadonlySet<string> {
  const open = alerts.filter(({ state }) => isOpen(state) || state === 'muted');
  const scans = new Set(open.map(({ key }) => key));
  const folded = alerts.filter(({ foldedInto }) => foldedInto !== null && scans.has(foldedInto));
  return new Set([...open, ...folded].flatMap(({ decides }) => decides.map(edgeKey)));
}

/** New workloads whose last undecided edge is decided now: these alerts are decided with it, and later edges speak for themselves. */
export function settledBy(alerts: readonly Alert[], verdicts: Pick<Graph['verdicts'], 'decision'>, decided: ReadonlySet<string>): readonly Alert[] {
  const isDecided = (edge: EdgeKey): boolean => decided.has(edgeKey(edge)) || verdicts.decision(edge) !== null;
  return alerts.filter(({ kind, decides }) => kind === 'new-workload' && decides.some((edge) => decided.has(edgeKey(edge))) && decides.every(isDecided));
}
