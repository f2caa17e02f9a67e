import type { Sink } from './collector.ts';
import type { Endpoint, Flow, SkipReason, Window } from './model/flow.ts';
import { formatLabels, stableLabels } from './model/labels.ts';
import { peerKey, type Peer } from './model/peer.ts';
import { CoverageCount } from './learn/coverage.ts';
import type { Attribute, Delta, Sighting } from './learn/delta.ts';
import type { Fold } from './learn/fold.ts';
import { whyNoEdge } from './resolve/no-edge.ts';
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
export class Intake implements Sink {
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
    const { node, until, records } = flow;
    this.#coverage.count(this.collector, node, until, 'records', records);
    const outcome = this.#take(flow);
    if (outcome === 'overflow') this.#coverage.count(this.collector, node, until, 'overflow', records);
    const kind = outcome === 'pending' || outcome === 'overflow' ? 'flow' : outcome;
    this.#coverage.count(this.collector, node, until, kind === 'flow' ? 'flows' : kind, records);
  }

  also(flow: Flow): void {
    this.#take(flow);
  }

  skip(reason: SkipReason, time: number | null, node: string, records = 1): void {
    this.#coverage.count(this.collector, node, time, 'records', records);
    this.#coverage.count(this.collector, node, time, reason, records);
  }

  lost(events: number, time: number | null, node: string): void {
    this.#coverage.count(this.collector, node, time, 'lost', events);
  }

  window(flow: Flow): Window {
    return this.#resolver.window(flow);
  }

  #take(flow: Flow): Understood['outcome'] {
    const source = this.#resolver.source(flow);
    const destination = this.#resolver.destination(flow);
    const port = destination.port ?? flow.port;
    const outcome = this.#place(flow, source, destination, port);
    this.#onRecord?.({ flow, source, destination, port, outcome });
    return outcome;
  }

  #place(flow: Flow, source: Resolved, destination: Resolved, port: number): Understood['outcome'] {
    const { source: client, destination: server } = flow;
    const reason = whyNoEdge({ ...source, address: client.address }, { ...destination, address: server.address });
    if (reason !== null) return reason;
    this.#see(client, source, flow);
    this.#see(server, destination, flow);
    this.#hear(source.peer, destination.peer, server);
    this.#hear(destination.peer, source.peer, client);
    const from = { peer: source.peer, pod: source.pod, address: client.address };
    const to = { peer: destination.peer, pod: destination.pod, address: server.address };
    const answered = flow.phase === 'answer' ? 'reply' : flow.phase === 'lost-answer' ? 'lost-reply' : null;
    if (source.peer.type === 'address' || destination.peer.type === 'address') {
      this.#fold.hold(from, to, port, flow);
      return answered ?? 'pending';
    }
    const added = this.#fold.add(from, to, port, flow);
    return answered ?? (added ? 'flow' : 'overflow');
  }

  /** A record that carries both a pod and its address is a sighting; and it may say what the pod is like. */
  #see(endpoint: Endpoint, resolved: Resolved, { time, until }: Flow): void {
    const seen = this.#seen.get(resolved);
    if (seen === undefined) {
      this.#seen.set(resolved, { endpoint, firstSeen: time, lastSeen: until });
      this.#describe(endpoint, resolved.peer);
      return;
    }
    if (time < seen.firstSeen) seen.firstSeen = time;
    if (until > seen.lastSeen) seen.lastSeen = until;
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

  totals(): ReadonlyMap<string, number> {
    return this.#coverage.totals();
  }
}

/** One sighting a pod and address: records write the same pod in several ways. An address that the inventory named shows no life. */
function sightingsOf(seen: ReadonlyMap<Resolved, Seen>): Sighting[] {
  const sightings = new Map<string, Sighting>();
  for (const [{ peer, pod: fullName }, { endpoint, firstSeen, lastSeen }] of seen) {
    if (peer.type !== 'workload' || fullName === '') continue;
    const pod = fullName.slice(fullName.indexOf('/') + 1);
    const address = endpoint.pod === null ? null : endpoint.address;
    const key = `${peerKey(peer)} ${pod} ${address}`;
    const known = sightings.get(key);
    sightings.set(key, {
      peer,
      namespace: peer.namespace,
      pod,
      address,
      firstSeen: Math.min(firstSeen, known?.firstSeen ?? firstSeen),
      lastSeen: Math.max(lastSeen, known?.lastSeen ?? lastSeen),
    });
  }
  return [...sightings.values()];
}

function attribute(peer: Peer, text: string): Attribute {
  const space = text.indexOf(' ');
  return { peer, kind: text.slice(0, space) as Attribute['kind'], value: text.slice(space + 1) };
}
