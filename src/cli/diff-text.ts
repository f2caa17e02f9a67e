import type { Graph, GraphEdge } from '../learn/graph.ts';
import { groupBy } from '../model/group.ts';
import { peerJson } from '../model/json.ts';
import { addressCount, addressSetText, blocksOf } from '../policy/diff/address-set.ts';
import { diffPeerName, type DiffPeer, type Difference, type PolicyDiff } from '../policy/diff/diff.ts';
import { portRanges, portSetText } from '../policy/diff/port-set.ts';
import type { Context } from './context.ts';
import { portText } from './edge-text.ts';
import { edgeJson } from './json.ts';
import { namesOf } from './names.ts';
import { age, count, plain, plural, styleFor } from './text.ts';
import { newest } from './when.ts';
import { wrapped } from './wrap.ts';

const PAIRS = 25;
const WIDTH = 80;

interface Look {
  readonly a: string;
  readonly b: string;
  readonly graph: Graph;
  readonly wide: boolean;
  /** Whether the graph tells what was seen, and not only who there is. */
  readonly knowsTraffic: boolean;
}

/** What appears and what vanishes, by pair. The first line answers the question. */
export function diffText(context: Context, { differences, workloads }: PolicyDiff, look: Look): string {
  const { a, b, graph, wide } = look;
  const title = plain(`${a} -> ${b}`);
  if (differences.length === 0) return `${title}: no difference in what ${plural(workloads, 'workload')} can reach and be reached by\n`;
  const style = styleFor(context.stdout, context.env);
  const pairs = [...groupBy(differences, ({ source, destination }) => `${endText(source, wide)} -> ${endText(destination, wide)}`)].toSorted(([, x], [, y]) => urgency(x) - urgency(y));
  const shown = wide ? pairs : pairs.slice(0, PAIRS);
  const portsOf = ({ ports }: Difference): string => portSetText(ports, wide ? Number.POSITIVE_INFINITY : 6);
  const column = Math.min(24, Math.max(...shown.flatMap(([, own]) => own.map((one) => portsOf(one).length))));
  const latest = newest(graph);
  let text = `${title}: ${summary(differences, look)}\n`;
  for (const [name, own] of shown) {
    text += `\n${wrapped(name, wide ? Number.POSITIVE_INFINITY : WIDTH, '    ')}\n`;
    for (const difference of own) {
      const appears = difference.change === 'appears';
      const what = `${appears ? '+' : '-'} ${portsOf(difference).padEnd(column)}`;
      const line = `  ${what}  ${note(difference, { latest, look })}`.trimEnd();
      const lines = wrapped(line, wide ? Number.POSITIVE_INFINITY : WIDTH, ' '.repeat(column + 6));
      text += `${appears ? style.green(lines) : style.red(lines)}\n`;
    }
  }
  if (shown.length < pairs.length) text += `\nand ${count(pairs.length - shown.length)} more pairs (-o wide)\n`;
  return text;
}

function summary(differences: readonly Difference[], { knowsTraffic }: Look): string {
  const of = (change: Difference['change']): readonly Difference[] => differences.filter((one) => one.change === change);
  const pairs = (all: readonly Difference[]): number => new Set(all.map(({ source, destination }) => `${endText(source, true)}>${endText(destination, true)}`)).size;
  const [gone, fresh] = [of('vanishes'), of('appears')];
  const broken = breaking(differences).length;
  const unseen = fresh.filter(({ edges }) => edges.length === 0).length;
  const parts = [
    ...(gone.length > 0 ? [`${plural(pairs(gone), 'pair loses', 'pairs lose')} connections${knowsTraffic ? `, ${plural(broken, 'accepted edge')} would break` : ''}`] : []),
    ...(fresh.length > 0 ? [`${plural(pairs(fresh), 'pair gains', 'pairs gain')} some${knowsTraffic ? `, ${unseen === fresh.length ? 'none of them ever used' : `${fresh.length - unseen} of them in use`}` : ''}`] : []),
  ];
  return parts.join('; ');
}

/** What would break comes first, then what was used: a list that is cut holds what counts. */
function urgency(own: readonly Difference[]): number {
  return breaking(own).length > 0 ? 0 : own.some(({ edges }) => edges.length > 0) ? 1 : 2;
}

/** Accepted edges that vanish, each once. */
function breaking(differences: readonly Difference[]): readonly GraphEdge[] {
  return [...new Set(differences.filter(({ change }) => change === 'vanishes').flatMap(({ edges }) => edges.filter(({ state }) => state === 'accepted')))];
}

function note({ change, partly, edges }: Difference, { latest, look: { knowsTraffic, wide } }: { readonly latest: number; readonly look: Look }): string {
  const some = partly ? ['for some of the pods or addresses'] : [];
  if (!knowsTraffic) return some.join();
  if (edges.length === 0) return [...some, 'never used'].join(', ');
  const broken = edges.filter(({ state }) => state === 'accepted');
  const named = change === 'vanishes' && broken.length > 0 ? broken : edges;
  const shown = wide ? named : named.slice(0, 2);
  const texts = shown.map((edge) => `${outsider(edge)}${portText(edge)} ${edge.state}, ${plural(edge.totals.opened, 'connection')}, last ${age(Math.max(0, latest - edge.totals.lastSeen))} ago`);
  const more = named.length > shown.length ? [`and ${named.length - shown.length} more`] : [];
  return [...some, `${change === 'vanishes' && broken.length > 0 ? 'breaks' : 'used:'} ${[...texts, ...more].join('; ')}`].join(', ');
}

/** Which of the addresses of a range it was. */
function outsider({ source, destination }: GraphEdge): string {
  const outside = [source, destination].find(({ type }) => type !== 'workload' && type !== 'node' && type !== 'apiserver');
  return outside === undefined ? '' : `${outside.type === 'external' ? outside.address : outside.type} `;
}

function endText(peer: DiffPeer, wide: boolean): string {
  if (peer.type !== 'outside') return diffPeerName(peer);
  const text = addressSetText(peer.addresses, wide ? Number.POSITIVE_INFINITY : 4);
  return text === 'anywhere' ? 'anywhere outside' : `outside ${text}`;
}

/** The JSON that others rely on. Additions are welcome; changes are breaking. */
export function diffJson({ differences, workloads, leftOut }: PolicyDiff, { a, b }: { readonly a: string; readonly b: string }, graph: Graph): object {
  const names = namesOf(graph);
  const endJson = (peer: DiffPeer): object => {
    if (peer.type === 'outside') return { kind: 'external', ip: null, cidr: null, name: null, ranges: blocksOf(peer.addresses), addresses: addressCount(peer.addresses).toString() };
    return peerJson(peer.type === 'workload' ? peer : { type: peer.type, cluster: '' }, names);
  };
  return {
    a,
    b,
    workloads,
    breaks: breaking(differences).map(({ id }) => id),
    differences: differences.map(({ change, source, destination, ports, partly, edges }) => ({
      change,
      source: endJson(source),
      destination: endJson(destination),
      ports: portRanges(ports),
      partly,
      edges: edges.map((edge) => edgeJson(edge, names)),
    })),
    notCompared: leftOut.map(({ workload, because }) => ({ workload: peerJson(workload, names), because })),
  };
}
