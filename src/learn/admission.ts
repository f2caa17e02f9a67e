import { edgeKey, MANY_PORTS, type EdgeKey } from '../model/edge.ts';
import type { Operation } from '../model/flow.ts';
import { OTHER_ADDRESSES, peerKey, type Peer } from '../model/peer.ts';
import type { Limits } from './limits.ts';

/**
 * Lets edges into the graph while there is room. Ports of a pair beyond the cap become one `many ports` edge, outside
 * addresses beyond theirs one `others`; what exceeds the number of edges is refused, and counted by whoever asks.
 */
export class Admission {
  readonly #limits: Limits;
  readonly #known = new Set<string>();
  readonly #perSource = new Map<string, number>();
  readonly #perNamespace = new Map<string, number>();
  readonly #ports = new Map<string, number>();
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
    if (this.#known.has(edgeKey(edge))) return edge;
    const source = this.#outsidePeer(edge.source);
    const destination = this.#outsidePeer(edge.destination);
    const pair = `${peerKey(source)}>${peerKey(destination)}/${edge.protocol}`;
    const port = (this.#ports.get(pair) ?? 0) >= of(this.#limits.portsPerPair) ? MANY_PORTS : edge.port;
    const admitted: EdgeKey = { source, destination, protocol: edge.protocol, port };
    if (this.#known.has(edgeKey(admitted))) return admitted;
    const full =
      this.#known.size >= of(this.#limits.edges) ||
      (this.#perSource.get(peerKey(source)) ?? 0) >= of(this.#limits.edgesPerWorkload) ||
      (this.#perNamespace.get(namespaceOf(source)) ?? 0) >= of(this.#limits.edgesPerNamespace);
    if (full) return null;
    this.#count(admitted);
    return admitted;
  }

  #outsidePeer(peer: Peer): Peer {
    if (peer.type !== 'external' || this.#outside.has(peer.address) || this.#outside.size < this.#limits.outsideAddresses) return peer;
    return { type: 'external', address: OTHER_ADDRESSES };
  }

  #count(edge: EdgeKey): void {
    const source = peerKey(edge.source);
    this.#known.add(edgeKey(edge));
    // Outside clients are capped as addresses; each has few edges of its own.
    if (edge.source.type === 'workload') {
      bump(this.#perSource, source);
      bump(this.#perNamespace, namespaceOf(edge.source));
    }
    if (edge.port !== MANY_PORTS) bump(this.#ports, `${source}>${peerKey(edge.destination)}/${edge.protocol}`);
    for (const peer of [edge.source, edge.destination]) if (peer.type === 'external') this.#outside.add(peer.address);
  }
}

function namespaceOf(peer: Peer): string {
  return peer.type === 'workload' ? peer.namespace : '';
}

function bump(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
