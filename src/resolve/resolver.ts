import { HOUR } from '../model/edge.ts';
import type { Endpoint, Flow, SkipReason, Window } from '../model/flow.ts';
import { formatLabels } from '../model/labels.ts';
import { peerKey, workloadPeer, type Peer } from '../model/peer.ts';
import { EMPTY_INVENTORY } from '../model/inventory.ts';
import { Directory } from './directory.ts';
import { locate } from './locate.ts';

/** What is pending is kept by the minute. */
const MINUTE = 60_000;

const MAX_ENDPOINTS = 200_000;

/** The latest answers for an endpoint: whatever its port is, and as a server of a port and protocol. */
interface Answers {
  alone: Resolved | null;
  byPort: Map<string, Resolved> | null;
}

/** Around a time: within an hour; as long as both ends are who they are; within a minute if one is pending. */
export function windowOf(time: number, source: Resolved, destination: Resolved): Window {
  const unit = source.peer.type === 'address' || destination.peer.type === 'address' ? MINUTE : HOUR;
  const begin = Math.floor(time / unit) * unit;
  return { from: Math.max(begin, source.from, destination.from), until: Math.min(begin + unit - 1, source.until, destination.until) };
}

/** Who an endpoint is, and for how long that answer holds. */
export interface Resolved {
  readonly peer: Peer;
  /** `namespace/name` where it is known, else ''. */
  readonly pod: string;
  /** As the record says it. */
  readonly address: string | null;
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
  /** A WeakMap would forget by itself, and take several times as long. */
  readonly #answers = new Map<Endpoint, Answers>();
  /** One object for one peer, so that they can be compared by identity. */
  readonly #peers = new Map<string, Peer>();

  constructor(directory: Directory) {
    this.#directory = directory;
  }

  source(flow: Flow): Resolved {
    return this.at(flow.source, flow.time);
  }

  destination(flow: Flow): Resolved {
    const { destination: endpoint, time } = flow;
    // Only an address without a name can be a Service's, whose answer depends on the port.
    if (isNamed(endpoint) || endpoint.reserved !== null || endpoint.address === null) return this.at(endpoint, time);
    const answers = this.#answersOf(endpoint);
    const byPort = (answers.byPort ??= new Map<string, Resolved>());
    const key = `${flow.port}/${flow.protocol}`;
    const known = byPort.get(key);
    if (known !== undefined && known.from <= time && time <= known.until) return known;
    const resolved = this.#resolve(endpoint, time, flow);
    if (byPort.size > 1000) byPort.clear();
    byPort.set(key, resolved);
    return resolved;
  }

  /** Whether it is an address of a Service: who it is depends on the port that is asked for. */
  isService(endpoint: Endpoint): boolean {
    return !isNamed(endpoint) && endpoint.address !== null && this.#directory.service(endpoint.address) !== null;
  }

  /** Who an end is that is no Service. */
  at(endpoint: Endpoint, time: number): Resolved {
    const answers = this.#answersOf(endpoint);
    const known = answers.alone;
    if (known !== null && known.from <= time && time <= known.until) return known;
    return (answers.alone = this.#resolve(endpoint, time, null));
  }

  #answersOf(endpoint: Endpoint): Answers {
    let answers = this.#answers.get(endpoint);
    if (answers === undefined) {
      if (this.#answers.size >= MAX_ENDPOINTS) this.#answers.clear();
      this.#answers.set(endpoint, (answers = { alone: null, byPort: null }));
    }
    return answers;
  }

  #resolve(endpoint: Endpoint, time: number, server: Flow | null): Resolved {
    const directory = this.#directory;
    const cluster = endpoint.cluster === directory.cluster ? '' : endpoint.cluster;
    // The inventory is of one cluster; a record that names another one is taken at its word.
    const ours = cluster === '' || directory.cluster === null;
    const { pod, address } = endpoint;
    const certain = { pod: '', address, hostAddresses: [], port: null, from: -Infinity, until: Infinity, skip: null };
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
        return { ...located, ...steady, address, peer: this.#one(located.peer ?? { type: 'unresolved', address }) };
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
