import type { Graph, GraphEdge } from '../../learn/graph.ts';
import { isOpen, type Alert } from '../../model/alert.ts';
import { edgeKey, hoursSeen } from '../../model/edge.ts';
import { peerName, type WorkloadPeer } from '../../model/peer.ts';
import { WIDENINGS, type Direction, type ProposedRule } from '../../model/proposal.ts';
import type { EndOutlook, Outlook, RuleChange } from '../../policy/review/outlook.ts';
import type { ReviewItem, RuleItem } from '../../policy/review/review.ts';
import { peerText, portText } from '../edge-text.ts';
import { evidenceLines, stateText } from '../evidence-text.ts';
import { flagLines } from '../flag-text.ts';
import type { Names } from '../names.ts';
import { portsText } from '../ports-text.ts';
import { age, count, plural } from '../text.ts';
import type { Line } from './lines.ts';
import { changeYaml, ruleYaml } from './rule-yaml.ts';

/** What items are told by. */
export interface Surroundings {
  readonly edges: ReadonlyMap<string, GraphEdge>;
  readonly names: Names;
  /** Time of the newest record: ages count back from it. */
  readonly latest: number;
  /** Open alerts by the key of the edge that they are about, as they were at this revision: what was decided since has settled its own. */
  readonly alerts: ReadonlyMap<string, Alert>;
  readonly since: number;
}

export function surroundingsOf(graph: Graph, { alerts, since, names, latest }: Pick<Surroundings, 'since' | 'names' | 'latest'> & { readonly alerts: readonly Alert[] }): Surroundings {
  const open = alerts.filter(({ state, foldedInto }) => isOpen(state) && foldedInto === null);
  return {
    edges: new Map(graph.edges.map((edge) => [edge.id, edge])),
    names,
    latest,
    alerts: new Map(open.flatMap((alert) => alert.decides.map((edge) => [edgeKey(edge), alert] as const))),
    since,
  };
}

/** Longer lists, and longer rules, are cut: the evidence page has all of them. */
export const EDGES_SHOWN = 8;
const LINES_SHOWN = 24;

/** An item on its screen; without an outlook while that is worked out. */
export function itemLines(item: ReviewItem, outlook: Outlook | null, around: Surroundings): readonly Line[] {
  const edges = item.edges.flatMap((id) => around.edges.get(id) ?? []);
  return item.kind === 'rule' ? ruleLines(item, edges, outlook, around) : edges.flatMap((edge) => edgeLines(edge, outlook, around));
}

/** Everything that is known of the edges of an item, as `explain` tells it. */
export function evidencePage(item: ReviewItem, around: Surroundings): readonly Line[] {
  const edges = item.edges.flatMap((id) => around.edges.get(id) ?? []);
  const rule = item.kind === 'rule' ? [...ruleYaml(item.rule), { text: '' }] : [];
  const evidence = edges.flatMap((edge): readonly Line[] => [
    ...evidenceLines(edge, around.names).map((text, i): Line => ({ text: text.trimStart(), indent: i === 0 ? 1 : 3, ...(i === 0 ? { tone: 'title' } : {}) })),
    ...warnings(edge, around, 3),
    ...[...edge.evidence.pods].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([pod, opened]): Line => ({ text: `${pod}: ${plural(opened, 'connection')}`, indent: 5 })),
    { text: '' },
  ]);
  return [...rule, ...evidence];
}

function edgeLines(edge: GraphEdge, outlook: Outlook | null, around: Surroundings): readonly Line[] {
  return [
    { text: `edge ${nameOf(edge, around)}`, tone: 'title', indent: 1 },
    { text: sightings(edge, around), indent: 3 },
    { text: `${stateText(edge)}; id ${edge.id}`, indent: 3, tone: 'aside' },
    ...warnings(edge, around, 3),
    { text: '' },
    ...(outlook === null
      ? [WAITING]
      : [
          heading(outlook.ends.some(({ changes }) => changes.some(({ after }) => after !== null)) ? 'accept opens' : 'accept opens nothing'),
          ...outlook.ends.flatMap((end) => changeLines(end, 'with')),
          { text: '' },
          heading('leaving it out'),
          ...cutLines(outlook, around),
          { text: '' },
          heading('reject'),
          { text: 'leaves it out for good: it is remembered, and alerts in every mode when it is used again', indent: 3 },
        ]),
  ];
}

function ruleLines({ id, workload, rule }: RuleItem, edges: readonly GraphEdge[], outlook: Outlook | null, around: Surroundings): readonly Line[] {
  const own = outlook === null ? null : currentRule(outlook, workload, rule);
  const undecided = edges.filter(({ decision }) => decision === null).length;
  return [
    { text: `rule ${rule.direction} of ${peerName(workload)}: ${portsText(rule.ports)}`, tone: 'title', indent: 1 },
    ...rule.comment.split('\n').map((text, i): Line => ({ text, indent: 3, ...(i > 0 || rule.edges.length === 0 ? { tone: 'warning' } : {}) })),
    { text: `id ${id}`, indent: 3, tone: 'aside' },
    ...cutTo(LINES_SHOWN, ruleYaml(own ?? rule), 'line'),
    ...(outlook !== null && own === null ? [{ text: 'no longer proposed so: its edges were decided on since', indent: 3, tone: 'warning' } as const] : []),
    { text: '' },
    heading(`made of ${plural(edges.length, 'edge')}, ${undecided === 0 ? 'decided' : undecided === edges.length ? 'undecided' : `${count(undecided)} of them undecided`}`),
    ...edges.slice(0, EDGES_SHOWN).flatMap((edge): readonly Line[] => [
      { text: nameOf(edge, around), indent: 3 },
      { text: `${sightings(edge, around)}; ${stateText(edge)}`, indent: 5 },
      ...warnings(edge, around, 5),
    ]),
    ...more(edges.length - EDGES_SHOWN, 'edge'),
    { text: '' },
    heading('accept'),
    { text: `${edges.length === 1 ? 'its edge is' : 'its edges are'} your word from then on: no evidence that comes later takes the rule back`, indent: 3 },
    { text: '' },
    ...(outlook === null
      ? [WAITING]
      : [
          heading('reject'),
          ...cutLines(outlook, around),
          ...more(edges.length - EDGES_SHOWN, 'edge'),
          ...outlook.ends.flatMap((end) => (end.with.closed && end.without.closed ? [remaining(end)] : changeLines(end, 'without'))),
          { text: `${plural(edges.length, 'edge')} ${edges.length === 1 ? 'is' : 'are'} remembered, and ${edges.length === 1 ? 'alerts' : 'alert'} in every mode when used again`, indent: 3 },
        ]),
  ];
}

const WAITING: Line = { text: 'working out what it opens, and what leaving it out breaks …', indent: 1, tone: 'aside' };

function heading(text: string): Line {
  return { text, indent: 1, tone: 'title' };
}

function more(n: number, noun: string): readonly Line[] {
  return n > 0 ? [{ text: `and ${plural(n, `more ${noun}`)} (e)`, indent: 3 }] : [];
}

function cutTo(most: number, lines: readonly Line[], noun: string): readonly Line[] {
  return [...lines.slice(0, most), ...more(lines.length - most, noun)];
}

/** The rule as it is proposed now, if decisions since then have left something of it. */
function currentRule({ ends }: Outlook, workload: WorkloadPeer, { direction, edges }: ProposedRule): ProposedRule | null {
  const end = ends.find((one) => one.direction === direction && peerName(one.workload) === peerName(workload));
  const rules = end?.with.closed === true ? end.with.rules : [];
  return rules.find((rule) => rule.edges.some((id) => edges.includes(id))) ?? null;
}

function nameOf(edge: GraphEdge, { names }: Surroundings): string {
  return `${peerText(edge.source, names)} -> ${peerText(edge.destination, names)} ${portText(edge)}`;
}

/** `336 connections in 168 hours of 7 days, 336 answers, from 6 pods, last 1h ago`. */
function sightings({ totals, evidence }: GraphEdge, { latest }: Surroundings): string {
  const failures = [['refused', totals.refused], ['denied', totals.denied]].flatMap(([word, n]) => (Number(n) > 0 ? [`${count(Number(n))} ${word}`] : []));
  const pods = evidence.pods.size > 0 ? [`from ${plural(evidence.pods.size, 'pod')}`] : [];
  const times = `${plural(totals.opened, 'connection')} in ${plural(hoursSeen(evidence), 'hour')} of ${plural(evidence.days.size, 'day')}`;
  return [times, plural(totals.answered, 'answer'), ...failures, ...pods, `last ${age(Math.max(0, latest - totals.lastSeen))} ago`].join(', ');
}

function warnings(edge: GraphEdge, { alerts, since }: Surroundings, indent: number): readonly Line[] {
  const flags = flagLines(edge.flags, '').trimEnd().split('\n').filter((text) => text !== '');
  const alert = alerts.get(edge.key);
  const told = alert === undefined || (edge.decision?.revision ?? 0) > since ? [] : [`open alert ${alert.id.slice(0, 7)}, ${alert.severity}: ${alert.reason}`];
  return [...flags.map((text) => `flagged ${text}`), ...told].map((text) => ({ text, indent, tone: 'warning' }));
}

const where = (direction: Direction, workload: WorkloadPeer): string => `${direction} of ${peerName(workload)}`;

/** What becomes of a direction with the edges, or without them. */
function changeLines({ workload, direction, with: having, without: lacking, changes }: EndOutlook, to: 'with' | 'without'): readonly Line[] {
  const [before, after] = to === 'with' ? [lacking, having] : [having, lacking];
  const at = where(direction, workload);
  if (!after.closed) {
    const text = before.closed ? `${at} is left open to everybody then: ${after.reason}` : `${at} stays open, without a rule: ${after.reason}`;
    return [{ text, indent: 3, ...(before.closed ? { tone: 'warning' } : {}) }];
  }
  const [own] = changes;
  if (own === undefined) return [{ text: `${at}: the rules stay as they are`, indent: 3 }];
  const intro: Line = before.closed
    ? { text: `${at}, ${own.before === null ? 'one rule more' : 'a rule that grows'}:`, indent: 3 }
    : { text: `${at} is closed then, but for what follows; it is open now: ${before.reason}`, indent: 3, tone: 'warning' };
  return [intro, ...changes.flatMap((change) => [...widerThan(change), ...changeYaml(direction, change)])];
}

/** What a rule would open beyond its edges. */
function widerThan({ before, after }: RuleChange): readonly Line[] {
  const known = new Set((before?.widenings ?? []).map(({ reason, beyond }) => `${reason} ${beyond}`));
  const made = (after?.widenings ?? []).filter(({ reason, beyond }) => !known.has(`${reason} ${beyond}`));
  return made.map(({ reason, beyond }) => ({ text: `widening ${reason} (${beyond}): ${WIDENINGS[reason]}`, indent: 6, tone: 'warning' }));
}

/** What a closed direction still lets through without the edges. */
function remaining({ workload, direction, without }: EndOutlook): Line {
  const rules = without.closed ? without.rules.length : 0;
  return { text: `${where(direction, workload)} stays closed, ${rules === 0 ? 'to everybody' : `but for ${plural(rules, 'rule')}`}`, indent: 3 };
}

/** Edges that policies without them cut, with what is known of them; and those that they do not. */
function cutLines({ cut, kept, unjudged }: Outlook, around: Surroundings): readonly Line[] {
  return [
    ...cut.map(({ edge, because, partly }): Line => ({ text: `breaks ${nameOf(edge, around)}${partly ? ', for some of its pods' : ''}: ${sightings(edge, around)} (${because})`, indent: 3 })),
    ...kept.map((edge): Line => ({ text: `breaks nothing of ${nameOf(edge, around)}: the proposals let it through all the same`, indent: 3 })),
    ...unjudged.map(({ edge, because }): Line => ({ text: `cannot be said of ${nameOf(edge, around)}: ${because}`, indent: 3 })),
  ];
}
