import type { AdminPolicy } from '../../model/admin-policy.ts';
import { MANY_PORTS } from '../../model/edge.ts';
import { hasPorts } from '../../model/flow.ts';
import { groupBy } from '../../model/group.ts';
import { peerKey, peerName, type Peer, type WorkloadPeer } from '../../model/peer.ts';
import type { NetworkPolicy } from '../../model/policy.ts';
import type { Direction } from '../../model/proposal.ts';
import type { Graph, GraphEdge } from '../../learn/graph.ts';
import { isResolved } from '../../learn/state.ts';
import { addressPlace, type AddressSet } from './address-set.ts';
import type { AddressClass } from '../propose/classes.ts';
import type { PodEnd } from '../evaluate/evaluate.ts';
import { changesOutside, openAt, portChanges, type PortChange } from './outside.ts';
import { NO_PORTS, portPlace, type PortSet } from './port-set.ts';
import { intersect, isIn, sameRanges, union } from './ranges.ts';
import { openable, Reach, type Openable } from './reach.ts';
import { Roster, type Member } from '../roster.ts';
import { RuleBook } from './rule-book.ts';
import { wireOf } from '../propose/wire.ts';

/** Who is at an end of a difference: of what is outside the addresses, in ranges. */
export type DiffPeer = WorkloadPeer | { readonly type: AddressClass } | { readonly type: 'outside'; readonly addresses: AddressSet };

/** Connections of one pair that the one set of policies lets through and the other does not. */
export interface Difference {
  readonly change: 'appears' | 'vanishes';
  readonly source: DiffPeer;
  readonly destination: DiffPeer;
  readonly ports: PortSet;
  /** Not between all pods of the workloads, or not for all addresses of the class. */
  readonly partly: boolean;
  /** Edges of the graph among them, in its order. */
  readonly edges: readonly GraphEdge[];
}

/** One of the sets that are compared. */
export interface Policies {
  readonly network: readonly NetworkPolicy[];
  readonly admin: readonly AdminPolicy[];
}

export interface PolicyDiff {
  /** Workloads that were compared. */
  readonly workloads: number;
  /** Workloads that were not, with the reason; sorted. */
  readonly leftOut: readonly { readonly workload: WorkloadPeer; readonly because: string }[];
  /** Sorted by the names of the ends. */
  readonly differences: readonly Difference[];
}

/**
 * What two sets of policies let through otherwise, between the workloads of a graph, their nodes, the API server and all
 * addresses. Exact: ports and addresses are compared as sets. What policies cannot change is no difference (a pod and itself,
 * a pod and its own node). Addresses are told from pods, as selectors tell them: a range that holds pods' addresses also lets
 * these pods through. Pure.
 */
export function diffPolicies(graph: Graph, before: Policies, after: Policies): PolicyDiff {
  const roster = new Roster(graph);
  const local = roster.local().toSorted((a, b) => (peerKey(a.peer) < peerKey(b.peer) ? -1 : 1));
  const members = local.filter(({ hostNetwork, standIns }) => !hostNetwork && standIns.length > 0);
  const book = new RuleBook(members.flatMap(({ standIns }) => standIns), roster.namespaces, graph.directory.inventory.nodes);
  const comparison = new Comparison(new Reach(before.network, before.admin, book), new Reach(after.network, after.admin, book), roster);
  const seen = new Seen(graph, roster);
  const classes = CLASSES.map((type) => ({ type, addresses: seen.addressesOf(type) }));
  const differences = [
    ...members.flatMap((source) => members.flatMap((destination) => seen.mark(comparison.pair(source, destination)))),
    ...members.flatMap((member) => DIRECTIONS.flatMap((direction) => seen.mark([...comparison.outside(member, direction), ...classes.flatMap(({ type, addresses }) => comparison.toClass(member, direction, type, addresses))]))),
  ];
  const names = new Map<Difference, string>(differences.map((one) => [one, placeOf(one)]));
  return {
    workloads: members.length,
    leftOut: local
      .filter((member) => !members.includes(member))
      .map(({ peer, hostNetwork }) => ({ workload: peer, because: hostNetwork ? "on the host's network, where policies do not apply" : 'nothing is known of its pods' })),
    differences: differences.toSorted((a, b) => ((names.get(a) ?? '') < (names.get(b) ?? '') ? -1 : 1)),
  };
}

const DIRECTIONS: readonly Direction[] = ['ingress', 'egress'];
const CLASSES: readonly AddressClass[] = ['node', 'apiserver'];

type Unmarked = Omit<Difference, 'edges'>;

class Comparison {
  readonly #before: Reach;
  readonly #after: Reach;
  readonly #roster: Roster;
  readonly #changed: Readonly<Record<Direction, Map<PodEnd, boolean>>> = { ingress: new Map(), egress: new Map() };

  constructor(before: Reach, after: Reach, roster: Roster) {
    this.#before = before;
    this.#after = after;
    this.#roster = roster;
  }

  /** Where the rules are the same, so is what they let through: nothing needs to be worked out. */
  #isChanged(direction: Direction, pod: PodEnd): boolean {
    let changed = this.#changed[direction].get(pod);
    if (changed === undefined) this.#changed[direction].set(pod, (changed = this.#before.gate(direction, pod).key !== this.#after.gate(direction, pod).key));
    return changed;
  }

  pair(source: Member, destination: Member): readonly Unmarked[] {
    // A bare pod is no two pods, and always reaches itself.
    if (source === destination && source.peer.kind === 'Pod') return [];
    if (!source.standIns.some((pod) => this.#isChanged('egress', pod)) && !destination.standIns.some((pod) => this.#isChanged('ingress', pod))) return [];
    const changes = source.standIns.flatMap((from) =>
      destination.standIns.map((to) => (this.#isChanged('egress', from) || this.#isChanged('ingress', to) ? portChanges(this.#before.between(from, to), this.#after.between(from, to)) : [])),
    );
    return merged(changes).map((change) => ({ ...change, source: source.peer, destination: destination.peer }));
  }

  outside({ peer, standIns }: Member, direction: Direction): readonly Unmarked[] {
    const changes = standIns.map((pod) => (this.#isChanged(direction, pod) ? changesOutside(...this.#openables(direction, pod)) : []));
    return [...groupBy(changes.flat(), ({ change, ports }) => `${change} ${ports.join()}`).values()].flatMap((own) => {
      const [first] = own;
      if (first === undefined) return [];
      const addresses = union(own.map((one) => one.addresses));
      const partly = own.length < standIns.length || own.some((one) => !sameRanges(one.addresses, addresses));
      return [{ change: first.change, ports: first.ports, partly, ...between(peer, direction, { type: 'outside' as const, addresses }) }];
    });
  }

  #openables(direction: Direction, pod: PodEnd): readonly [Openable, Openable] {
    return [openable(this.#before.gate(direction, pod), direction, pod), openable(this.#after.gate(direction, pod), direction, pod)];
  }

  /** The same of the addresses of a class, one by one. A pod's own node always reaches it. */
  toClass({ peer, standIns }: Member, direction: Direction, type: AddressClass, seen: ReadonlySet<string>): readonly Unmarked[] {
    if (!standIns.some((pod) => this.#isChanged(direction, pod))) return [];
    const texts = this.#roster.endsOf({ type, cluster: peer.cluster }, seen).flatMap((end) => (end.kind === 'address' ? [end.address] : []));
    const changes = standIns.flatMap((pod) => {
      const [before, after] = this.#openables(direction, pod);
      const others = texts.filter(({ text }) => direction === 'egress' || !pod.hostAddresses.includes(text));
      return others.map((address) => portChanges(openAt(before, addressPlace(address)), openAt(after, addressPlace(address))));
    });
    return merged(changes).map((change) => ({ ...change, ...between(peer, direction, { type }) }));
  }
}

function between(self: WorkloadPeer, direction: Direction, other: DiffPeer): { readonly source: DiffPeer; readonly destination: DiffPeer } {
  return direction === 'ingress' ? { source: other, destination: self } : { source: self, destination: other };
}

/** The changes of several pairs of pods as those of the pair of their workloads. */
function merged(all: readonly (readonly PortChange[])[]): readonly Pick<Unmarked, 'change' | 'ports' | 'partly'>[] {
  return (['appears', 'vanishes'] as const).flatMap((change) => {
    const sets = all.map((changes) => changes.find((one) => one.change === change)?.ports ?? NO_PORTS);
    const ports = union(sets);
    return ports.length === 0 ? [] : [{ change, ports, partly: sets.some((own) => !sameRanges(own, ports)) }];
  });
}

/** The edges of a graph, by the pair that they are of where policies see them: on the wire. */
class Seen {
  readonly #ways: ReadonlyMap<string, readonly Way[]>;
  readonly #roster: Roster;

  constructor(graph: Graph, roster: Roster) {
    this.#roster = roster;
    const isLocal = (peer: Peer): boolean => peer.type === 'workload' && peer.cluster === graph.canon.localCluster;
    const wire = wireOf(graph, roster);
    this.#ways = groupBy(
      graph.edges.filter((edge) => isResolved(edge) && hasPorts(edge.protocol)).flatMap((edge) => wire(edge).map((onWire): Way => ({ edge, onWire }))),
      ({ onWire: { source, destination } }) => pairKey(isLocal(source) || isClass(source) ? source : OUTSIDE, isLocal(destination) || isClass(destination) ? destination : OUTSIDE),
    );
  }

  /** The addresses that stood for a class in records. */
  addressesOf(type: AddressClass): ReadonlySet<string> {
    const ways = [...this.#ways.values()].flat().filter(({ edge: { source, destination } }) => source.type === type || destination.type === type);
    return new Set(ways.flatMap(({ edge }) => [...edge.evidence.addresses]));
  }

  mark(differences: readonly Unmarked[]): readonly Difference[] {
    return differences.map((difference) => {
      const { source, destination } = difference;
      const ways = (this.#ways.get(pairKey(source, destination)) ?? []).filter(({ onWire }) => this.#isAmong(onWire, difference));
      return { ...difference, edges: ways.length === 0 ? NO_EDGES : [...new Set(ways.map(({ edge }) => edge))] };
    });
  }

  #isAmong(edge: GraphEdge, { source, destination, ports }: Unmarked): boolean {
    if (!isAmongPorts(edge, ports)) return false;
    const [other, outside] = source.type === 'outside' ? [edge.source, source] : [edge.destination, destination];
    if (outside.type !== 'outside') return true;
    return this.#roster.endsOf(other, edge.evidence.addresses).some((end) => end.kind === 'address' && isIn(addressPlace(end.address), outside.addresses));
  }
}

interface Way {
  readonly edge: GraphEdge;
  readonly onWire: GraphEdge;
}

const NO_EDGES: readonly GraphEdge[] = [];

/** Ports over the cap of a pair are not kept one by one: any of the protocol's may be theirs. */
function isAmongPorts({ port, protocol }: GraphEdge, ports: PortSet): boolean {
  if (!hasPorts(protocol)) return false;
  return port === MANY_PORTS ? intersect(ports, [[portPlace(1, protocol), portPlace(65_535, protocol) + 1]]).length > 0 : isIn(portPlace(port, protocol), ports);
}

const OUTSIDE = { type: 'outside' } as const;

function isClass({ type }: Peer): boolean {
  return type === 'node' || type === 'apiserver';
}

function pairKey(source: DiffPeer | Peer | typeof OUTSIDE, destination: DiffPeer | Peer | typeof OUTSIDE): string {
  return [source, destination].map((peer) => (peer.type === 'workload' ? peerKey(peer) : peer.type)).join('>');
}

/** `shop/cart`, `node`, `outside`: how people read an end of a difference. */
export function diffPeerName(peer: DiffPeer): string {
  return peer.type === 'workload' ? peerName(peer) : peer.type;
}

function placeOf({ source, destination, ports, change }: Difference): string {
  return [diffPeerName(source), diffPeerName(destination), pairKey(source, destination), ports.join(), change].join(' ');
}
