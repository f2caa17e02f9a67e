import { cidrContains, compactCidrs, parseAddress, parseCidr, type Address, type Cidr } from '../../model/address.ts';
import { hasPorts } from '../../model/flow.ts';
import { groupBy } from '../../model/group.ts';
import { peerKey, peerName, type Peer } from '../../model/peer.ts';
import type { NetworkPolicy, PolicyPeer } from '../../model/policy.ts';
import type { Direction } from '../../model/proposal.ts';
import { selectorMatches } from '../../model/selector.ts';
import type { Graph } from '../../learn/graph.ts';
import type { PodEnd, PolicyProtocol, PolicySet } from '../evaluate/evaluate.ts';
import type { Roster } from '../roster.ts';

/** What policies let through though no accepted edge uses it: all of it is counted, and so much of it listed. */
export interface Unused {
  readonly count: number;
  readonly listed: readonly string[];
}

const LISTED = 1_000;

/** A workload that can be asked about, with the ports that are known of it. */
interface Place {
  readonly name: string;
  readonly order: number;
  readonly stands: readonly Stand[];
  readonly closedIn: boolean;
  readonly closedOut: boolean;
  readonly targets: Map<string, Target>;
  /** Of others, what accepted edges use. */
  readonly uses: Set<Target>;
}

interface Stand {
  readonly pod: PodEnd;
  readonly place: Place;
}

interface Target {
  readonly port: number;
  readonly protocol: PolicyProtocol;
}

/** Pairs of workloads, with the port, where a policy has a say in at least one of the ends. Ports are those that are known of the destination. */
export function unusedPairs(graph: Graph, set: PolicySet, roster: Roster): Unused {
  const places = placesOf(graph, set, roster);
  const candidates = candidatesOf(set, places.flatMap(({ stands }) => stands));
  const targets = new Map(places.map((place) => [place, [...place.targets.values()].toSorted((a, b) => a.port - b.port || (a.protocol < b.protocol ? -1 : 1))]));
  const listed: string[] = [];
  let count = 0;
  for (const from of places) {
    const byPlace = new Map<Place, (readonly [PodEnd, PodEnd])[]>();
    for (const source of from.stands) {
      for (const destination of candidates(source)) {
        const { place: to } = destination;
        if (from === to || (!to.closedIn && !from.closedOut)) continue;
        const ends = byPlace.get(to);
        if (ends === undefined) byPlace.set(to, [[source.pod, destination.pod]]);
        else ends.push([source.pod, destination.pod]);
      }
    }
    for (const [to, ends] of [...byPlace].toSorted(([a], [b]) => a.order - b.order)) {
      const asked = (targets.get(to) ?? []).filter((target) => !from.uses.has(target));
      const open = ends.map(([source, destination]) => set.openPorts(source, destination, asked));
      const all = open.length === 1 ? (open[0] ?? []) : asked.filter((target) => open.some((some) => some.includes(target)));
      count += all.length;
      for (const { port, protocol } of all.slice(0, LISTED - listed.length)) listed.push(`${from.name} -> ${to.name} ${port}/${protocol}`);
    }
  }
  return { count, listed };
}

/** Whom each could reach at some port, as far as rules name their peers. */
function candidatesOf(set: PolicySet, all: readonly Stand[]): (source: Stand) => readonly Stand[] {
  const out = set.reach('egress', all);
  const into = set.reach('ingress', all);
  const open = all.filter((stand) => into.get(stand) === null);
  const admitting = new Map<Stand, Stand[]>(all.map((stand) => [stand, []]));
  for (const [stand, sources] of into) for (const source of sources ?? []) admitting.get(source)?.push(stand);
  return (source) => {
    const named = out.get(source) ?? null;
    if (named === null) return [...open, ...(admitting.get(source) ?? [])];
    return [...named].filter((destination) => into.get(destination)?.has(source) ?? true);
  };
}

function placesOf(graph: Graph, set: PolicySet, roster: Roster): readonly Place[] {
  const members = roster.local().filter(({ hostNetwork, standIns }) => !hostNetwork && standIns.length > 0);
  const sorted = members.map((member) => ({ member, name: peerName(member.peer), key: peerKey(member.peer) })).toSorted((a, b) => (a.name < b.name || (a.name === b.name && a.key < b.key) ? -1 : 1));
  const byKey = new Map<string, Place>();
  for (const [order, { member, name, key }] of sorted.entries()) {
    const isClosed = (direction: Direction): boolean => member.standIns.every((pod) => set.closes(direction, pod));
    const stands: Stand[] = [];
    const place: Place = { name, order, stands, closedIn: isClosed('ingress'), closedOut: isClosed('egress'), targets: new Map(), uses: new Set() };
    for (const pod of member.standIns) stands.push({ pod, place });
    byKey.set(key, place);
  }
  // Edges share the objects of their ends.
  const byPeer = new Map<Peer, Place | null>();
  const placeOf = (peer: Peer): Place | null => {
    let place = byPeer.get(peer);
    if (place === undefined) byPeer.set(peer, (place = byKey.get(peerKey(peer)) ?? null));
    return place;
  };
  for (const { source, destination, port, protocol, state } of graph.edges) {
    const to = placeOf(destination);
    if (to === null || !hasPorts(protocol) || port <= 0) continue;
    const target = targetOf(to, port, protocol);
    if (state === 'accepted') placeOf(source)?.uses.add(target);
  }
  const places = [...byKey.values()];
  for (const place of places) for (const { pod } of place.stands) for (const { port, protocol } of pod.ports) if (hasPorts(protocol)) targetOf(place, port, protocol);
  return places;
}

function targetOf({ targets }: Place, port: number, protocol: PolicyProtocol): Target {
  const key = `${protocol} ${port}`;
  let target = targets.get(key);
  if (target === undefined) targets.set(key, (target = { port, protocol }));
  return target;
}

/** A range that some policy names for one of its directions. */
interface NamedRange {
  readonly policy: string;
  readonly into: boolean;
  readonly range: Cidr;
  readonly holes: readonly Cidr[];
}

/** Ranges of outside addresses of which no accepted edge of the policy's pods holds one; the largest first. */
export function unusedRanges(graph: Graph, policies: readonly NetworkPolicy[], roster: Roster): Unused {
  const used = { into: addressesUsed(graph, true), out: addressesUsed(graph, false) };
  const byNamespace = groupBy(roster.local(), ({ peer }) => peer.namespace);
  const unused = new Map<string, NamedRange>();
  for (const { metadata, spec } of policies) {
    const named = [...(spec.ingress ?? []).flatMap(({ from }) => rangesOf(from, true)), ...(spec.egress ?? []).flatMap(({ to }) => rangesOf(to, false))];
    if (named.length === 0) continue;
    const selected = (byNamespace.get(metadata.namespace) ?? []).filter(({ standIns }) => standIns.some(({ labels }) => selectorMatches(spec.podSelector, labels)));
    const keys = selected.map(({ peer }) => peerKey(peer));
    for (const { into, range, holes } of named) {
      const isUsed = keys.some((key) => ((into ? used.into : used.out).get(key) ?? []).some((address) => cidrContains(range, address) && !holes.some((hole) => cidrContains(hole, address))));
      const policy = `${metadata.namespace}/${metadata.name}`;
      if (!isUsed) unused.set(`${policy} ${into ? 'from' : 'to'} ${range.text}`, { policy, into, range, holes });
    }
  }
  const sized = [...unused].map(([text, { range, holes }]) => ({ text, size: sizeOf(range, holes) }));
  const sorted = sized.toSorted((a, b) => (a.size > b.size ? -1 : a.size < b.size ? 1 : a.text < b.text ? -1 : 1));
  return { count: sorted.length, listed: sorted.slice(0, LISTED).map(({ text, size }) => `${text} (${sizeText(size)})`) };
}

/** Addresses that accepted edges of a workload come from or go to, by the workload's key. */
function addressesUsed(graph: Graph, into: boolean): ReadonlyMap<string, readonly Address[]> {
  const texts = new Map<string, Set<string>>();
  for (const { source, destination, state, evidence } of graph.edges) {
    const [self, other] = into ? [destination, source] : [source, destination];
    // Two workloads of the cluster name each other; ranges are for who has nothing but an address.
    if (state !== 'accepted' || self.type !== 'workload' || (other.type === 'workload' && evidence.addresses.size === 0)) continue;
    const key = peerKey(self);
    const own = texts.get(key) ?? new Set();
    texts.set(key, own);
    for (const text of other.type === 'external' ? [other.address] : evidence.addresses) own.add(text);
  }
  return new Map([...texts].map(([key, own]) => [key, [...own].map(parseAddress).filter((address): address is Address => address !== null)]));
}

function rangesOf(peers: readonly PolicyPeer[] | undefined, into: boolean): readonly Omit<NamedRange, 'policy'>[] {
  return (peers ?? []).flatMap(({ ipBlock }) => {
    const range = ipBlock === undefined ? null : parseCidr(ipBlock.cidr);
    return range === null ? [] : [{ into, range, holes: (ipBlock?.except ?? []).map(parseCidr).filter((hole): hole is Cidr => hole !== null) }];
  });
}

function sizeOf(range: Cidr, holes: readonly Cidr[]): bigint {
  const size = ({ family, bits }: Cidr): bigint => 1n << BigInt((family === 4 ? 32 : 128) - bits);
  return compactCidrs(holes).reduce((left, hole) => left - size(hole), size(range));
}

/** Beyond what IPv4 has, only the order of magnitude says anything. */
function sizeText(size: bigint): string {
  if (size === 1n) return '1 address';
  if (size <= 1n << 32n) return `${size.toLocaleString('en-US')} addresses`;
  return `about 2^${size.toString(2).length - 1} addresses`;
}
