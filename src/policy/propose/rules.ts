import { groupBy } from '../../model/group.ts';
import type { WorkloadPeer } from '../../model/peer.ts';
import type { PolicyPort } from '../../model/policy.ts';
import type { Direction, ProposedRule, RulePeer, Widening } from '../../model/proposal.ts';
import { ruleComment, type NamesOf } from './comment.ts';
import type { PodEnd, PolicyProtocol } from '../evaluate/evaluate.ts';
import { factor } from './factor.ts';
import { numbersOf } from './named-port.ts';
import { mergedByPort, portText, type Need } from './need.ts';
import { policyPeers, rulePeerKey } from './peers.ts';

/** Ports in a row are written as a range from this many on; each of them was seen, so that it opens nothing else. */
const RUN = 3;

/** The fewest rules that let through what is needed, and nothing else. What is open to the world stands alone. */
export function rulesOf(direction: Direction, workload: WorkloadPeer, needs: readonly Need[], namesOf: NamesOf): readonly ProposedRule[] {
  const isPublic = ({ whom }: Need): boolean => whom.type === 'addresses' && whom.of === 'public';
  return [needs.filter((need) => !isPublic(need)), needs.filter(isPublic)].flatMap((own) => factored(direction, workload, own, namesOf));
}

/** By what they say, so that one that gets more evidence stays in its place. */
export function sortedRules(rules: readonly ProposedRule[]): readonly ProposedRule[] {
  return rules
    .map((rule) => ({ rule, order: JSON.stringify([rule.peers, rule.ports]) }))
    .toSorted((a, b) => (a.order < b.order ? -1 : 1))
    .map(({ rule }) => rule);
}

function factored(direction: Direction, workload: WorkloadPeer, needs: readonly Need[], namesOf: NamesOf): readonly ProposedRule[] {
  const cells = new Map<string, ReadonlyMap<string, Need>>();
  for (const [row, own] of groupBy(needs, ({ whom }) => rulePeerKey(whom))) {
    const [first] = own;
    if (first !== undefined) cells.set(row, new Map(mergedByPort(first.whom, own).map((need) => [portText(need), need])));
  }
  // Sorted, so that equal needs give equal rules in whatever order they come.
  const table = new Map([...cells].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([row, own]) => [row, new Set([...own.keys()].toSorted())]));
  return factor(table).map(({ rows, columns }) => ruleOf(direction, workload, rows.flatMap((row) => columns.flatMap((column) => cells.get(row)?.get(column) ?? [])), namesOf));
}

/** One rule for needs that are all of some peers at all of some ports. */
export function ruleOf(direction: Direction, { namespace }: WorkloadPeer, needs: readonly Need[], namesOf?: NamesOf): ProposedRule {
  const whom = [...new Map(needs.map((need): [string, RulePeer] => [rulePeerKey(need.whom), need.whom])).values()];
  const edges = [...new Set(needs.flatMap((need) => need.edges))];
  const widenings = distinct(needs.flatMap((need) => need.widenings));
  const ports = portsOf(needs);
  const peers = whom.flatMap((one) => policyPeers(one, namespace)).map((peer) => ({ peer, order: JSON.stringify(peer) }));
  return {
    direction,
    whom,
    peers: peers.toSorted((a, b) => (a.order < b.order ? -1 : 1)).map(({ peer }) => peer),
    ports,
    edges: [...new Set(edges.map(({ id }) => id))].toSorted(),
    widenings,
    comment: ruleComment(direction, edges, ports, widenings, namesOf),
  };
}

function distinct(widenings: readonly Widening[]): readonly Widening[] {
  return [...new Map(widenings.map((one) => [`${one.reason} ${one.beyond}`, one])).values()];
}

/** By number, then name, then protocol; what is in a row is one range. */
function portsOf(needs: readonly Need[]): readonly PolicyPort[] {
  const ports: PolicyPort[] = [];
  for (const protocol of ['SCTP', 'TCP', 'UDP'] as const) {
    const own = new Set(needs.filter((need) => need.protocol === protocol).map(({ port }) => port));
    for (const port of [...own].filter((one) => typeof one === 'string').toSorted()) ports.push({ port, protocol });
    for (const [first, last] of runsOf([...own].filter((one) => typeof one === 'number').toSorted((a, b) => a - b))) {
      if (last - first + 1 >= RUN) ports.push({ port: first, endPort: last, protocol });
      else for (let port = first; port <= last; port++) ports.push({ port, protocol });
    }
  }
  const order = ({ port = '', protocol }: PolicyPort): string => `${typeof port === 'number' ? String(port).padStart(5, '0') : port} ${protocol}`;
  return ports.toSorted((a, b) => (order(a) < order(b) ? -1 : 1));
}

function runsOf(numbers: readonly number[]): readonly (readonly [number, number])[] {
  const runs: [number, number][] = [];
  for (const number of numbers) {
    const run = runs[runs.length - 1];
    if (run !== undefined && run[1] === number - 1) run[1] = number;
    else runs.push([number, number]);
  }
  return runs;
}

/** The single ports that a rule opens; a name is what the destination's pods call so. */
export function unitPorts(ports: readonly PolicyPort[], destination: readonly PodEnd[]): readonly { readonly port: number; readonly protocol: PolicyProtocol }[] {
  return ports.flatMap(({ port, endPort, protocol = 'TCP' }) => {
    if (typeof port === 'string') return numbersOf(destination, port, protocol).map((number) => ({ port: number, protocol }));
    const first = port ?? 0;
    return Array.from({ length: (endPort ?? first) - first + 1 }, (_, i) => ({ port: first + i, protocol }));
  });
}
