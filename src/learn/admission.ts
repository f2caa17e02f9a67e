import { MANY_PORTS, serviceNumber, type EdgeKey } from '../model/edge.ts';
import type { Operation } from '../model/flow.ts';
import { OTHER_ADDRESSES, peerKey, type Peer } from '../model/peer.ts';
import { Triples } from '../model/triples.ts';
import type { Limits } from './limits.ts';

const OTHERS: Peer = { type: 'external', address: OTHER_ADDRESSES };

/**
 * Lets edges into the graph while there is room. Ports of a pair beyond the cap become one `many ports` edge, outside
 * addresses beyond theirs one `others`; what exceeds the number of edges is refused, and counted by whoever asks.
 */
export class Admission {
  readonly #limits: Limits;
  /** Of the peers of edges that are in: by key, and by the object, of which a resolver makes one for a peer. */
  readonly #numbers = new Map<string, number>();
  readonly #byObject = new WeakMap<Peer, number>();
  readonly #known = new Triples();
  readonly #perSource: number[] = [];
  readonly #perNamespace = new Map<string, number>();
  /** How many ports are in of a pair and a protocol. */
  readonly #ports = new Triples();
  readonly #outside = new Set<string>();

  readonly #operations = new Map<string, Set<string>>();

  constructor(limits: Limits, known: Iterable<EdgeKey>, operations: Iterable<{ readonly destination: Peer; readonly operation: Operation }> = []) {
    this.#limits = limits;
    for (const edge of known) this.#count(edge);
    for (const { destination, operation } of operations) this.#operationsOf(destination).add(`${operation.method} ${operation.path}`);
  }

  /** Whether a server's operation is kept: paths come from clients, and may never end. */
  admitsOperation(destination: Peer, { method, path }: Operation): boolean {
    const known = this.#operationsOf(destination);
    const key = `${method} ${path}`;
    if (known.has(key)) return true;
    if (known.size >= this.#limits.pathsPerService) return false;
    known.add(key);
    return true;
  }

  #operationsOf(destination: Peer): Set<string> {
    const key = peerKey(destination);
    let known = this.#operations.get(key);
    if (known === undefined) this.#operations.set(key, (known = new Set()));
    return known;
  }

  /**
   * The edge itself, the one that stands for it, or null if there is no room. Of each cap a fifth is kept for connections that
   * were answered: whoever sends packets into the void fills the rest alone.
   */
  admit(edge: EdgeKey, isAnswered = true): EdgeKey | null {
    const of = (limit: number): number => (isAnswered ? limit : limit - 4 * Math.floor(limit / 20));
    if (this.#isKnown(edge)) return edge;
    const source = this.#outsidePeer(edge.source);
    const destination = this.#outsidePeer(edge.destination);
    const [from, to] = [this.#number(source), this.#number(destination)];
    const ports = from === undefined || to === undefined ? 0 : (this.#ports.get(from, to, serviceNumber(MANY_PORTS, edge.protocol)) ?? 0);
    const port = ports >= of(this.#limits.portsPerPair) ? MANY_PORTS : edge.port;
    const admitted: EdgeKey = { source, destination, protocol: edge.protocol, port };
    if (this.#isKnown(admitted)) return admitted;
    const full =
      this.#known.size >= of(this.#limits.edges) ||
      (from === undefined ? 0 : (this.#perSource[from] ?? 0)) >= of(this.#limits.edgesPerWorkload) ||
      (this.#perNamespace.get(namespaceOf(source)) ?? 0) >= of(this.#limits.edgesPerNamespace);
    if (full) return null;
    this.#count(admitted);
    return admitted;
  }

  #isKnown({ source, destination, protocol, port }: EdgeKey): boolean {
    const [from, to] = [this.#number(source), this.#number(destination)];
    return from !== undefined && to !== undefined && this.#known.get(from, to, serviceNumber(port, protocol)) !== undefined;
  }

  /** Undefined if no edge of it is in: what comes and finds no room is not remembered. */
  #number(peer: Peer): number | undefined {
    const known = this.#byObject.get(peer);
    if (known !== undefined) return known;
    const number = this.#numbers.get(peerKey(peer));
    if (number !== undefined) this.#byObject.set(peer, number);
    return number;
  }

  #numbered(peer: Peer): number {
    const number = this.#number(peer) ?? this.#numbers.size;
    if (number === this.#numbers.size) this.#numbers.set(peerKey(peer), number);
    return number;
  }

  #outsidePeer(peer: Peer): Peer {
    if (peer.type !== 'external' || this.#outside.has(peer.address) || this.#outside.size < this.#limits.outsideAddresses) return peer;
    return OTHERS;
  }

  #count({ source, destination, protocol, port }: EdgeKey): void {
    const [from, to] = [this.#numbered(source), this.#numbered(destination)];
    this.#known.set(from, to, serviceNumber(port, protocol), 1);
    // Outside clients are capped as addresses; each has few edges of its own.
    if (source.type === 'workload') {
      this.#perSource[from] = (this.#perSource[from] ?? 0) + 1;
      this.#perNamespace.set(source.namespace, (this.#perNamespace.get(source.namespace) ?? 0) + 1);
    }
    if (port !== MANY_PORTS) {
      const pair = serviceNumber(MANY_PORTS, protocol);
      this.#ports.set(from, to, pair, (this.#ports.get(from, to, pair) ?? 0) + 1);
    }
    for (const peer of [source, destination]) if (peer.type === 'external') this.#outside.add(peer.address);
  }
}

function namespaceOf(peer: Peer): string {
  return peer.type === 'workload' ? peer.namespace : '';
}
