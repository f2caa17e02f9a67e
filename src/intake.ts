import type { BundleSink } from './collector.ts';
import { countedAs, type CountedAs, type Endpoint, type Flow, type Opened, performedBy, type Performed, type Role, type SkipReason, type Window } from './model/flow.ts';
import { formatLabels, stableLabels } from './model/labels.ts';
import { within } from './model/group.ts';
import type { Peer } from './model/peer.ts';
import { CoverageCount } from './learn/coverage.ts';
import type { Attribute, Delta, Sighting } from './learn/delta.ts';
import type { Fold } from './learn/fold.ts';
import { placeOf, roleOf, whyNone } from './resolve/place.ts';
import type { Resolved, Resolver } from './resolve/resolver.ts';

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
  #unsure = 0;
  /** Whose records are coming in. */
  collector = 'unknown';
  readonly #described: WeakSet<Resolved>;
  readonly #onRecord: ((understood: Understood) => void) | null;

  constructor(options: {
    readonly resolver: Resolver;
    readonly fold: Fold;
    /** Ends whose labels, accounts and names are stored already, each as whom it was taken for; new ones are added. */
    readonly described?: WeakSet<Resolved>;
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
    this.count(this.#take(flow), flow.node, flow.until, flow.records);
  }

  also(flow: Flow): void {
    // The record was counted with its first flow.
    this.#take({ ...flow, records: 0 });
  }

  bundle(flow: Flow, performed: readonly Performed[], opened: readonly Opened[] | null): void {
    this.#take(flow, performed, opened);
  }

  skip(reason: SkipReason, time: number | null, node: string): void {
    this.count(reason, node, time, 1);
  }

  count(as: CountedAs, node: string, until: number | null, records: number): void {
    this.#coverage.count(this.collector, node, until, 'records', records);
    this.#coverage.count(this.collector, node, until, as, records);
  }

  get knowledge(): object {
    return this.#resolver;
  }

  roleOf(end: Endpoint, time: number): Role {
    return roleOf(end, time, this.#resolver);
  }

  see(end: Endpoint, first: number, last: number): void {
    this.#see(end, this.#resolver.at(end, first), first, last);
  }

  place(flow: Flow): Window & { readonly as: CountedAs } {
    return placeOf(flow, this.#resolver);
  }

  lost(events: number, time: number | null, node: string): void {
    this.#coverage.count(this.collector, node, time, 'lost', events);
  }

  #take(flow: Flow, performed = performedBy(flow), opened: readonly Opened[] | null = null): CountedAs {
    const source = this.#resolver.source(flow);
    const destination = this.#resolver.destination(flow);
    const port = destination.port ?? flow.port;
    const reason = whyNone(flow, source, destination);
    const as = countedAs(flow, reason);
    const became = reason ?? this.#add(flow, source, destination, port, performed, opened);
    // Which node's record comes too late for a cap is chance.
    if (as === 'flows' && became === 'overflow') this.#coverage.count(this.collector, '', flow.until, 'overflow', flow.records);
    this.#onRecord?.({ flow, source, destination, port, outcome: as === 'flows' ? became : as });
    return as;
  }

  #add(flow: Flow, source: Resolved, destination: Resolved, port: number, performed: readonly Performed[], opened: readonly Opened[] | null): 'flow' | 'pending' | 'overflow' {
    const { source: client, destination: server } = flow;
    if (opened === null) {
      this.#see(client, source, flow.time, flow.until);
      this.#see(server, destination, flow.time, flow.until);
    }
    this.#hear(source.peer, destination.peer, server);
    this.#hear(destination.peer, source.peer, client);
    if (source.peer.type === 'address' || destination.peer.type === 'address') {
      this.#fold.hold(source, destination, port, flow, performed);
      return 'pending';
    }
    return this.#fold.add(source, destination, port, flow, performed, opened?.map(({ end, time, count }) => ({ end: this.#resolver.at(end, time), count }))) ? 'flow' : 'overflow';
  }

  /** A record that carries both a pod and its address is a sighting; and it may say what the pod is like. */
  #see(endpoint: Endpoint, resolved: Resolved, first: number, last: number): void {
    const seen = this.#seen.get(resolved);
    if (seen === undefined) {
      this.#seen.set(resolved, { endpoint, firstSeen: first, lastSeen: last });
      this.#describe(endpoint, resolved);
      return;
    }
    if (first < seen.firstSeen) seen.firstSeen = first;
    if (last > seen.lastSeen) seen.lastSeen = last;
  }

  #describe(endpoint: Endpoint, resolved: Resolved): void {
    if (this.#described.has(resolved)) return;
    this.#described.add(resolved);
    const { peer } = resolved;
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

  unsure(records: number): void {
    this.#unsure += records;
  }

  /** Beside what is kept of each source, how many records were `unsure`. */
  totals(): ReadonlyMap<string, number> {
    const totals = this.#coverage.totals();
    return this.#unsure === 0 ? totals : new Map([...totals, ['unsure', this.#unsure]]);
  }
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
