import type { BundleSink, CountedAs } from './collector.ts';
import type { Endpoint, Flow, SkipReason, Window } from './model/flow.ts';
import { formatLabels, stableLabels } from './model/labels.ts';
import { within } from './model/group.ts';
import { peerKey, type Peer } from './model/peer.ts';
import { CoverageCount } from './learn/coverage.ts';
import type { Attribute, Delta, Sighting } from './learn/delta.ts';
import type { Fold } from './learn/fold.ts';
import { whyNoEdge } from './resolve/no-edge.ts';
import { windowOf, type Resolved, type Resolver } from './resolve/resolver.ts';

/** What a record was understood as: told to whoever wants to show it. */
export interface Understood {
  readonly flow: Readonly<Flow>;
  readonly source: Resolved;
  readonly destination: Resolved;
  readonly port: number;
  readonly outcome: SkipReason | 'flow' | 'pending' | 'overflow';
}

interface Seen {
  readonly endpoint: Endpoint;
  firstSeen: number;
  lastSeen: number;
}

/** Takes what a decoder says, finds out who the ends are, and adds it to the fold; every record is accounted for. */
export class Intake implements BundleSink {
  readonly #resolver: Resolver;
  readonly #fold: Fold;
  readonly #coverage: CoverageCount;
  /** By what an endpoint was resolved to: an address can be one pod's after the other's. */
  readonly #seen = new Map<Resolved, Seen>();
  readonly #attributes = new Map<Peer, Set<string>>();
  /** By an endpoint with names: workloads that were seen to use them. */
  readonly #heard = new WeakMap<Endpoint, Set<Peer>>();
  /** Whose records are coming in. */
  collector = 'unknown';
  readonly #described: WeakSet<Endpoint>;
  readonly #onRecord: ((understood: Understood) => void) | null;

  constructor(options: {
    readonly resolver: Resolver;
    readonly fold: Fold;
    /** Endpoints whose labels, accounts and names are stored already; new ones are added. */
    readonly described?: WeakSet<Endpoint>;
    /** Names of sources that are known; new ones are added. */
    readonly sources?: Set<string>;
    readonly onRecord?: (understood: Understood) => void;
  }) {
    this.#resolver = options.resolver;
    this.#fold = options.fold;
    this.#described = options.described ?? new WeakSet();
    this.#onRecord = options.onRecord ?? null;
    this.#coverage = new CoverageCount(options.sources);
  }

  flow(flow: Flow): void {
    const outcome = this.#take(flow, false);
    this.count(countedAs(outcome), flow.node, flow.until, flow.records);
  }

  also(flow: Flow): void {
    this.#take(flow, false);
  }

  bundle(flow: Flow, anyPods: boolean): void {
    this.#take(flow, anyPods);
  }

  skip(reason: SkipReason, time: number | null, node: string): void {
    this.count(reason, node, time, 1);
  }

  count(as: CountedAs, node: string, until: number | null, records: number): void {
    this.#coverage.count(this.collector, node, until, 'records', records);
    this.#coverage.count(this.collector, node, until, as, records);
    if (as === 'overflow') this.#coverage.count(this.collector, node, until, 'flows', records);
  }

  get knowledge(): object {
    return this.#resolver;
  }

  roleOf(end: Endpoint): string | null {
    const resolved = this.#resolver.stated(end);
    return resolved?.peer.type === 'workload' ? peerKey(resolved.peer) : null;
  }

  see(end: Endpoint, first: number, last: number): void {
    const resolved = this.#resolver.stated(end);
    if (resolved !== null) this.#see(end, resolved, first, last);
  }

  place(flow: Flow): Window & { readonly as: CountedAs } {
    const source = this.#resolver.source(flow);
    const destination = this.#resolver.destination(flow);
    const reason = whyNoEdge({ ...source, address: flow.source.address }, { ...destination, address: flow.destination.address });
    const { from, until } = windowOf(flow.time, source, destination);
    if (reason !== null) return { from, until, as: reason };
    const isPending = source.peer.type === 'address' || destination.peer.type === 'address';
    const hasRoom = isPending || this.#fold.hasRoom(source.peer, destination.peer, destination.port ?? flow.port, flow);
    return { from, until, as: countedAs(answered(flow) ?? (hasRoom ? 'flow' : 'overflow')) };
  }

  lost(events: number, time: number | null, node: string): void {
    this.#coverage.count(this.collector, node, time, 'lost', events);
  }

  #take(flow: Flow, anyPods: boolean): Understood['outcome'] {
    const source = this.#resolver.source(flow);
    const destination = this.#resolver.destination(flow);
    const port = destination.port ?? flow.port;
    const outcome = this.#add(flow, source, destination, port, anyPods);
    this.#onRecord?.({ flow, source, destination, port, outcome });
    return outcome;
  }

  #add(flow: Flow, source: Resolved, destination: Resolved, port: number, anyPods: boolean): Understood['outcome'] {
    const { source: client, destination: server } = flow;
    const reason = whyNoEdge({ ...source, address: client.address }, { ...destination, address: server.address });
    if (reason !== null) return reason;
    if (!anyPods) {
      this.#see(client, source, flow.time, flow.until);
      this.#see(server, destination, flow.time, flow.until);
    }
    this.#hear(source.peer, destination.peer, server);
    this.#hear(destination.peer, source.peer, client);
    const from = { peer: source.peer, pod: source.pod, address: client.address };
    const to = { peer: destination.peer, pod: destination.pod, address: server.address };
    if (source.peer.type === 'address' || destination.peer.type === 'address') {
      this.#fold.hold(from, to, port, flow);
      return answered(flow) ?? 'pending';
    }
    const added = this.#fold.add(from, to, port, flow);
    return answered(flow) ?? (added ? 'flow' : 'overflow');
  }

  /** A record that carries both a pod and its address is a sighting; and it may say what the pod is like. */
  #see(endpoint: Endpoint, resolved: Resolved, first: number, last: number): void {
    const seen = this.#seen.get(resolved);
    if (seen === undefined) {
      this.#seen.set(resolved, { endpoint, firstSeen: first, lastSeen: last });
      this.#describe(endpoint, resolved.peer);
      return;
    }
    if (first < seen.firstSeen) seen.firstSeen = first;
    if (last > seen.lastSeen) seen.lastSeen = last;
  }

  #describe(endpoint: Endpoint, peer: Peer): void {
    if (this.#described.has(endpoint)) return;
    this.#described.add(endpoint);
    const values: string[] = [];
    if (peer.type === 'workload') {
      if (endpoint.labels !== null) values.push(`labels ${formatLabels(stableLabels(endpoint.labels))}`);
      if (endpoint.serviceAccount !== null) values.push(`account ${endpoint.serviceAccount}`);
    }
    if (peer.type === 'external') values.push(...endpoint.names.map((name) => `name ${name}`));
    this.#keep(peer, values);
  }

  /** Under which names a workload knows an address outside, by its own lookups: what others call it may be chosen to lead elsewhere. */
  #hear(workload: Peer, outside: Peer, endpoint: Endpoint): void {
    const { names } = endpoint;
    if (names.length === 0 || workload.type !== 'workload' || outside.type !== 'external') return;
    const known = this.#heard.get(endpoint) ?? new Set<Peer>();
    if (known.has(workload)) return;
    this.#heard.set(endpoint, known.add(workload));
    this.#keep(workload, names.map((name) => `name ${outside.address} ${name}`));
  }

  #keep(peer: Peer, values: readonly string[]): void {
    if (values.length === 0) return;
    const known = this.#attributes.get(peer) ?? new Set<string>();
    for (const value of values) known.add(value);
    this.#attributes.set(peer, known);
  }

  delta(): Delta {
    return {
      revision: this.#fold.revision,
      edges: this.#fold.edges(),
      pending: this.#fold.pending(),
      podHours: this.#fold.podHours(),
      sightings: sightingsOf(this.#seen),
      attributes: [...this.#attributes].flatMap(([peer, values]) => [...values].map((text) => attribute(peer, text))),
      coverage: this.#coverage.cells(),
    };
  }

  /** How much it holds, in rows that will be written, roughly. */
  get size(): number {
    return this.#fold.size + this.#seen.size;
  }

  totals(): ReadonlyMap<string, number> {
    return this.#coverage.totals();
  }
}

/** An answer is counted as one, whatever becomes of it. */
function answered({ phase }: Flow): 'reply' | 'lost-reply' | null {
  return phase === 'answer' ? 'reply' : phase === 'lost-answer' ? 'lost-reply' : null;
}

function countedAs(outcome: Understood['outcome']): CountedAs {
  return outcome === 'flow' || outcome === 'pending' ? 'flows' : outcome;
}

/** One sighting a pod and address: records write the same pod in several ways. An address that the inventory named shows no life. */
function sightingsOf(seen: ReadonlyMap<Resolved, Seen>): Sighting[] {
  const byPeer = new Map<Peer, Map<string, { -readonly [K in keyof Sighting]: Sighting[K] }>>();
  for (const [{ peer, pod: fullName }, { endpoint, firstSeen, lastSeen }] of seen) {
    if (peer.type !== 'workload' || fullName === '') continue;
    const address = endpoint.pod === null ? null : endpoint.address;
    const ofPeer = within(byPeer, peer, () => new Map());
    const sighting = within(ofPeer, `${fullName} ${address}`, () => ({ peer, namespace: peer.namespace, pod: fullName.slice(fullName.indexOf('/') + 1), address, firstSeen, lastSeen }));
    sighting.firstSeen = Math.min(sighting.firstSeen, firstSeen);
    sighting.lastSeen = Math.max(sighting.lastSeen, lastSeen);
  }
  return [...byPeer.values()].flatMap((ofPeer) => [...ofPeer.values()]);
}

function attribute(peer: Peer, text: string): Attribute {
  const space = text.indexOf(' ');
  return { peer, kind: text.slice(0, space) as Attribute['kind'], value: text.slice(space + 1) };
}
