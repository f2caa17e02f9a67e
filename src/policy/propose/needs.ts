import { MANY_PORTS } from '../../model/edge.ts';
import { hasPorts } from '../../model/flow.ts';
import { groupBy } from '../../model/group.ts';
import { peerKey, peerName, type Peer, type WorkloadPeer } from '../../model/peer.ts';
import type { Direction, RulePeer, Widening } from '../../model/proposal.ts';
import type { Graph } from '../../learn/graph.ts';
import { isDns, type Resolver } from './dns.ts';
import { numbersOf, portName } from './named-port.ts';
import { fewRanges } from './few-ranges.ts';
import { withinKnown } from './known-ranges.ts';
import type { Need, Needs } from './need.ts';
import type { Outside } from './outside-peers.ts';
import { namePeer } from './peers.ts';
import type { Roster } from '../roster.ts';
import { wholeNamespaces } from './whole-namespaces.ts';
import type { WireEdge } from './wire.ts';

export interface Surroundings {
  readonly graph: Graph;
  readonly roster: Roster;
  readonly resolvers: readonly Resolver[];
  /** Workloads that need names, and were not seen to ask for one. */
  readonly withoutDns: ReadonlySet<WorkloadPeer>;
  /** Where the cache on each node answers for the resolvers; none if there is none. */
  readonly nodeCache: readonly string[];
  readonly istiods: readonly WorkloadPeer[];
  /** Workloads whose proxies need istiod, and were not seen to ask it. */
  readonly withoutIstiod: ReadonlySet<WorkloadPeer>;
  readonly outside: Outside;
  /** The form names outside destinations by their DNS names, where they have some. */
  readonly byName: boolean;
  /** From how many workloads of a namespace at one port on the whole namespace is named; null: never. */
  readonly widenNamespaces: number | null;
  /** Namespaces that are closed by default. */
  readonly closed: ReadonlySet<string>;
}

/** What the edges of a direction need, or why the direction is left alone: to close it would cut what cannot be named. */
export function needsOf(direction: Direction, workload: WorkloadPeer, edges: readonly WireEdge[], around: Surroundings): Needs | string {
  const named = edges.filter(({ port }) => port !== 0);
  const other = ({ source, destination }: WireEdge): Peer => (direction === 'ingress' ? source : destination);
  if (edges.length === 0) return direction === 'egress' ? 'no accepted edge leads out of it' : 'no accepted edge leads to it';
  if (named.length === 0) return 'only ICMP was seen, which a NetworkPolicy cannot name';
  if (named.some(({ port }) => port === MANY_PORTS)) return 'more ports of one pair were used than the graph keeps: choose a range by hand';
  const needs: Need[] = [];
  const notes: string[] = [];
  // Sorted, so that of several reasons it is always the same that is given.
  for (const [, own] of [...groupBy(named, (edge) => peerKey(other(edge)))].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const [first] = own;
    if (first === undefined) continue;
    const seen = new Set(own.flatMap(({ evidence }) => [...evidence.addresses]));
    const result = namePeer(other(first), workload, seen, around.roster, around.graph.directory);
    if (result.whom === null) return result.reason;
    needs.push(...needsOfPeer(own, result.whom, result.widenings, around));
    notes.push(...result.notes);
  }
  return widened(direction, workload, { needs, notes }, learnsNames(direction, workload, named, around), around);
}

/** The same, as wide as a person has said that it may be. What goes by a name, needs no range, and there may be any number of it. */
function widened(direction: Direction, workload: WorkloadPeer, made: Needs, byName: boolean, { outside, widenNamespaces, roster, resolvers }: Surroundings): Needs | string {
  // Whoever answers for names is asked for them at an address.
  const goesByName = ({ whom, edges }: Need): boolean => byName && whom.type === 'addresses' && whom.names.length > 0 && edges.length > 0 && !edges.some((edge) => isDns(edge, resolvers));
  const known = withinKnown(made.needs.filter((need) => !goesByName(need)), workload, outside);
  const few = fewRanges(known.needs, workload, outside);
  if (typeof few === 'string') return few;
  const needs = [...few, ...made.needs.filter(goesByName)];
  return { needs: widenNamespaces === null ? needs : wholeNamespaces(direction, needs, widenNamespaces, roster), notes: [...made.notes, ...known.notes] };
}

/** Names are learned from lookups: without them they open nothing. */
function learnsNames(direction: Direction, workload: WorkloadPeer, edges: readonly WireEdge[], { byName, resolvers, withoutDns }: Surroundings): boolean {
  return byName && direction === 'egress' && (edges.some((edge) => isDns(edge, resolvers)) || (withoutDns.has(workload) && resolvers.length > 0));
}

/** What no rule can name, said once a peer. */
export function unnameable(direction: Direction, edges: readonly WireEdge[]): readonly string[] {
  return edges
    .filter(({ port }) => port === 0)
    .map(({ protocol, source, destination }) => {
      const whom = direction === 'ingress' ? `from ${peerName(source)}` : `to ${peerName(destination)}`;
      return `${protocol} ${whom} is used: a NetworkPolicy cannot name it, and network plugins differ in what they do with it`;
    });
}

function needsOfPeer(edges: readonly WireEdge[], whom: RulePeer, widenings: readonly Widening[], { resolvers, roster }: Surroundings): readonly Need[] {
  const needs = new Map<string, Need>();
  for (const edge of edges) {
    const { destination, port, protocol } = edge;
    if (!hasPorts(protocol)) continue;
    const pods = roster.member(destination)?.standIns ?? [];
    const name = portName(pods, port, protocol);
    const key = `${name ?? port}/${protocol}`;
    const all = [...(needs.get(key)?.edges ?? []), edge];
    const onTheWire = all.flatMap(({ widening }) => widening ?? []);
    needs.set(key, { whom, port: name ?? port, protocol, edges: all, widenings: [...widenings, ...onTheWire, ...(name === null ? [] : unseenNumbers(name, numbersOf(pods, name, protocol), all))] });
  }
  // Answers that do not fit into a datagram come over TCP: whoever asks over one must be able to use the other, at both ends.
  for (const { port } of edges.filter((candidate) => isDns(candidate, resolvers))) {
    for (const protocol of ['UDP', 'TCP'] as const) {
      const key = `${port}/${protocol}`;
      if (!needs.has(key)) needs.set(key, { whom, port, protocol, edges: [], widenings: [...widenings, { reason: 'dns-protocol', beyond: `${protocol} ${port}` }] });
    }
  }
  return [...needs.values()];
}

function unseenNumbers(name: string, numbers: readonly number[], edges: readonly WireEdge[]): readonly Widening[] {
  const unseen = numbers.filter((number) => !edges.some(({ port }) => port === number));
  return unseen.length === 0 ? [] : [{ reason: 'named-port', beyond: `${unseen.join(', ')} where it is called ${name}` }];
}
