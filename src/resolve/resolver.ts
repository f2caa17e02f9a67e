import { SLOT } from '../model/edge.ts';
import type { Endpoint, Flow, SkipReason, Window } from '../model/flow.ts';
import { formatLabels } from '../model/labels.ts';
import { peerKey, workloadPeer, type Peer } from '../model/peer.ts';
import { EMPTY_INVENTORY } from '../model/inventory.ts';
import { Directory } from './directory.ts';
import { locate } from './locate.ts';

/** What is pending is kept by the minute. */
const MINUTE = 60_000;

/** Who an endpoint is, and for how long that answer holds. */
export interface Resolved {
  readonly peer: Peer;
  /** `namespace/name` where it is known, else ''. */
  readonly pod: string;
  /** Addresses of the node that the pod is on, where they are known. */
  readonly hostAddresses: readonly string[];
  /** Pod port behind a Service's port, else null. */
  readonly port: number | null;
  readonly from: number;
  readonly until: number;
  readonly skip: SkipReason | null;
}

/**
 * Resolves the ends of flows while they are read. It answers with what no later record can change: an identity that the record
 * states, or what the cluster's API is certain of. Everything else is an `address` peer, settled when the graph is read.
 */
export class Resolver {
  readonly #directory: Directory;
  readonly #sources = new WeakMap<Endpoint, Resolved>();
  readonly #destinations = new WeakMap<Endpoint, Map<string, Resolved>>();
  readonly #plain = new WeakMap<Endpoint, Resolved>();
  /** One object for one peer, so that they can be compared by identity. */
  readonly #peers = new Map<string, Peer>();

  constructor(directory: Directory) {
    this.#directory = directory;
  }

  source(flow: Flow): Resolved {
    const known = this.#sources.get(flow.source);
    if (known !== undefined && known.from <= flow.time && flow.time <= known.until) return known;
    const resolved = this.#resolve(flow.source, flow.time, null);
    this.#sources.set(flow.source, resolved);
    return resolved;
  }

  destination(flow: Flow): Resolved {
    const endpoint = flow.destination;
    const plain = this.#plain.get(endpoint);
    if (plain !== undefined && plain.from <= flow.time && flow.time <= plain.until) return plain;
    // Only an address without a name can be a Service's, whose answer depends on the port.
    if (isNamed(endpoint) || endpoint.reserved !== null || endpoint.address === null) {
      const resolved = this.#resolve(endpoint, flow.time, null);
      this.#plain.set(endpoint, resolved);
      return resolved;
    }
    let byPort = this.#destinations.get(endpoint);
    if (byPort === undefined) this.#destinations.set(endpoint, (byPort = new Map()));
    const key = `${flow.port}/${flow.protocol}`;
    const known = byPort.get(key);
    if (known !== undefined && known.from <= flow.time && flow.time <= known.until) return known;
    const resolved = this.#resolve(endpoint, flow.time, flow);
    if (byPort.size > 1000) byPort.clear();
    byPort.set(key, resolved);
    return resolved;
  }

  /** Who an end is by the record's own word, which holds at any time; null if the record names nobody. */
  stated(endpoint: Endpoint): Resolved | null {
    if (!isNamed(endpoint)) return null;
    const known = this.#plain.get(endpoint);
    if (known !== undefined) return known;
    const resolved = this.#resolve(endpoint, 0, null);
    if (resolved.from !== -Infinity || resolved.until !== Infinity) return null;
    this.#plain.set(endpoint, resolved);
    return resolved;
  }

  /** Around a flow's time: within a slot, which hours and days are made of; as long as both ends are who they are; within a minute if one is pending. */
  window(flow: Flow): Window {
    const source = this.source(flow);
    const destination = this.destination(flow);
    const unit = source.peer.type === 'address' || destination.peer.type === 'address' ? MINUTE : SLOT;
    const begin = Math.floor(flow.time / unit) * unit;
    return { from: Math.max(begin, source.from, destination.from), until: Math.min(begin + unit - 1, source.until, destination.until) };
  }

  #resolve(endpoint: Endpoint, time: number, server: Flow | null): Resolved {
    const directory = this.#directory;
    const cluster = endpoint.cluster === directory.cluster ? '' : endpoint.cluster;
    // The inventory is of one cluster; a record that names another one is taken at its word.
    const ours = cluster === '' || directory.cluster === null;
    const certain = { pod: '', hostAddresses: [], port: null, from: -Infinity, until: Infinity, skip: null };
    const { pod, address } = endpoint;
    const namespace = endpoint.namespace ?? (pod === null || !ours ? null : directory.namespaceOfPod(pod));
    if (namespace !== null && (pod !== null || endpoint.workload !== null)) {
      const fact = pod === null || !ours ? null : directory.pod(namespace, pod);
      if (fact?.hostNetwork === true) return { ...certain, peer: this.#one({ type: 'node', cluster }) };
      const workload = (ours ? directory : NO_DIRECTORY).workloadOfName(namespace, pod, endpoint.workload);
      const peer = this.#one(workloadPeer({ cluster, namespace, ...workload }));
      return { ...certain, peer, pod: pod === null ? '' : `${namespace}/${pod}`, hostAddresses: fact === null ? [] : directory.hostAddressesOf(fact) };
    }
    if (endpoint.reserved === 'kube-apiserver') return { ...certain, peer: this.#one({ type: 'apiserver', cluster }) };
    if (endpoint.reserved === 'host' || endpoint.reserved === 'remote-node' || endpoint.reserved === 'ingress') {
      return { ...certain, peer: this.#one({ type: 'node', cluster }) };
    }
    if (namespace !== null && endpoint.labels !== null) {
      return { ...certain, peer: this.#one({ type: 'labels', cluster, namespace, labels: formatLabels(endpoint.labels) }) };
    }
    // With lives in the API's list another moment may be certain; without any, none will.
    const steady = address === null ? ALWAYS : (ours ? directory : NO_DIRECTORY).steadyAround(address, time);
    if (address !== null) {
      const located = locate(
        { address, first: time, last: time, statedOutside: endpoint.reserved === 'world', server },
        ours ? directory : NO_DIRECTORY,
        null,
      );
      if (located.peer !== null || located.skip !== null) {
        return { ...located, ...steady, peer: this.#one(located.peer ?? { type: 'unresolved', address }) };
      }
    }
    const account = namespace !== null && endpoint.serviceAccount !== null ? `${namespace}/${endpoint.serviceAccount}` : '';
    const peer = this.#one({ type: 'address', cluster, address: address ?? '', account });
    return { ...certain, peer, ...steady };
  }

  #one(peer: Peer): Peer {
    const key = peerKey(peer);
    const known = this.#peers.get(key);
    if (known !== undefined) return known;
    // Outside addresses come from everywhere; a second object for a peer is merely slower.
    if (this.#peers.size > 200_000) this.#peers.clear();
    this.#peers.set(key, peer);
    return peer;
  }
}

const ALWAYS: Window = { from: -Infinity, until: Infinity };

const NO_DIRECTORY = new Directory(EMPTY_INVENTORY, [], null);

function isNamed(endpoint: Endpoint): boolean {
  return endpoint.pod !== null || (endpoint.namespace !== null && (endpoint.workload !== null || endpoint.labels !== null));
}
