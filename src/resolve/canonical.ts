import { parseAddress } from '../model/address.ts';
import type { EdgeKey } from '../model/edge.ts';
import type { SkipReason } from '../model/flow.ts';
import { stableLabels, formatLabels, parseLabels } from '../model/labels.ts';
import { OTHER_ADDRESSES, workloadPeer, type Peer, type WorkloadPeer } from '../model/peer.ts';
import type { Directory } from './directory.ts';
import { locate } from './locate.ts';
import type { Sightings } from './sightings.ts';

/** What records said of workloads, in the words of the records. */
export interface WorkloadAttributes {
  readonly workload: WorkloadPeer;
  readonly labelSets: readonly string[];
  readonly accounts: readonly string[];
}

export interface CanonicalEnd {
  readonly peer: Peer;
  /** Told by labels alone: the record backs an edge that others show, and makes none. */
  readonly byLabels: boolean;
}

export interface CanonicalPending extends EdgeKey {
  readonly pod: string;
  readonly skip: SkipReason | null;
  /** Addresses that the ends had, where they are classes now. */
  readonly addresses: readonly string[];
}

/**
 * Who the stored peers are, by everything that is known now: guesses that the inventory corrects, addresses that turned out to
 * be nodes, labels and certificates that belong to one workload. A pure function of what is stored, whatever came first.
 */
export class Canon {
  readonly #directory: Directory;
  readonly #sightings: Sightings;
  readonly #localCluster: string;
  readonly #byLabels = new Map<string, WorkloadPeer | null>();
  readonly #byAccount = new Map<string, WorkloadPeer | null>();
  /** The same answer for the same object: rows share theirs. */
  readonly #ends = new WeakMap<Peer, CanonicalEnd>();

  /** `sightings` and `attributes` hold workloads as they are stored. `named` are the clusters that records name. */
  constructor(directory: Directory, sightings: Sightings, attributes: readonly WorkloadAttributes[], named: ReadonlySet<string>) {
    this.#directory = directory;
    const [only] = named;
    // Records that name no cluster are of the one that the others name, if there is one.
    this.#localCluster = directory.cluster ?? (named.size === 1 && only !== undefined ? only : 'default');
    this.#sightings = new Map(
      [...sightings].map(([address, lives]) => [address, lives.map((life) => ({ ...life, workload: this.#workload(life.workload) }))]),
    );
    for (const { workload, labelSets, accounts } of attributes) {
      const owner = this.#workload(workload);
      for (const labels of labelSets) one(this.#byLabels, `${owner.cluster}|${owner.namespace}|${labels}`, owner);
      for (const account of accounts) one(this.#byAccount, `${owner.cluster}|${owner.namespace}/${account}`, owner);
    }
    for (const pod of directory.inventory.pods) {
      if (pod.hostNetwork) continue;
      const owner = this.#workload(workloadPeer(directory.workloadOfPod(pod)));
      one(this.#byAccount, `${owner.cluster}|${pod.namespace}/${pod.serviceAccount}`, owner);
    }
  }

  get localCluster(): string {
    return this.#localCluster;
  }

  /** A canonical peer as it is stored: the local cluster has no name there, for it may get another one. */
  toStored(peer: Peer): Peer {
    return 'cluster' in peer && peer.cluster === this.#localCluster ? { ...peer, cluster: '' } : peer;
  }

  storedEdge({ source, destination, protocol, port }: EdgeKey): EdgeKey {
    return { source: this.toStored(source), destination: this.toStored(destination), protocol, port };
  }

  end(peer: Peer): CanonicalEnd {
    let known = this.#ends.get(peer);
    if (known === undefined) this.#ends.set(peer, (known = this.#end(peer)));
    return known;
  }

  #end(peer: Peer): CanonicalEnd {
    switch (peer.type) {
      case 'workload':
        return { peer: this.#workload(peer), byLabels: false };
      case 'node':
      case 'apiserver':
        return { peer: { ...peer, cluster: this.#cluster(peer.cluster) }, byLabels: false };
      case 'external':
        return { peer: this.#outside(peer), byLabels: false };
      case 'labels': {
        const stable = formatLabels(stableLabels(parseLabels(peer.labels)));
        const owner = this.#byLabels.get(`${this.#cluster(peer.cluster)}|${peer.namespace}|${stable}`);
        return { peer: owner ?? { type: 'unresolved', address: '' }, byLabels: true };
      }
      case 'address':
      case 'public':
      case 'unresolved':
        return { peer, byLabels: false };
    }
  }

  /** Settles a flow whose ends were not known when it was read, by who was there from `first` to `last`. */
  pending(row: EdgeKey & { readonly pod: string }, first: number, last: number): CanonicalPending {
    const from = this.#settle(row.source, first, last, null);
    const to = this.#settle(row.destination, first, last, { port: row.port, protocol: row.protocol });
    const addresses = [from, to].flatMap(({ address }) => (address === null ? [] : [address]));
    const probes = from.peer.type === 'node' && from.address !== null && to.hostAddresses.includes(from.address);
    const skip = from.skip ?? to.skip ?? (probes || this.#ownNode(from, to.peer) ? 'local-node' : null);
    return {
      source: from.peer,
      destination: to.peer,
      protocol: row.protocol,
      port: to.port ?? row.port,
      pod: row.pod === '' ? from.pod : row.pod,
      skip,
      addresses,
    };
  }

  #settle(peer: Peer, first: number, last: number, server: { readonly port: number; readonly protocol: EdgeKey['protocol'] } | null) {
    const none = { pod: '', address: null, hostAddresses: [] as readonly string[], port: null, skip: null };
    if (peer.type !== 'address') return { ...none, peer: this.end(peer).peer };
    const located = locate({ address: peer.address, first, last, statedOutside: false, server }, this.#directory, this.#sightings);
    const byAccount = peer.account === '' ? null : (this.#byAccount.get(`${this.#cluster(peer.cluster)}|${peer.account}`) ?? null);
    const found = located.peer ?? byAccount;
    if (found === null) return { ...none, skip: located.skip, peer: { type: 'unresolved', address: peer.address } as Peer };
    const { pod, hostAddresses, port, skip } = located;
    return { pod, hostAddresses, port, skip, address: peer.address, peer: this.end(found).peer };
  }

  /** A node's address that reaches a pod of a workload which has pods on that node. */
  #ownNode(from: { readonly peer: Peer; readonly address: string | null }, to: Peer): boolean {
    if (from.peer.type !== 'node' || from.address === null || to.type !== 'workload') return false;
    const { address } = from;
    return this.#directory.inventory.pods.some((pod) => {
      if (pod.namespace !== to.namespace || !this.#directory.hostAddressesOf(pod).includes(address)) return false;
      const owner = this.#directory.workloadOfPod(pod);
      return owner.kind === to.kind && owner.name === to.name;
    });
  }

  #cluster(name: string): string {
    return name === '' ? this.#localCluster : name;
  }

  #workload(peer: WorkloadPeer): WorkloadPeer {
    const cluster = this.#cluster(peer.cluster);
    const local = cluster === this.#localCluster;
    return workloadPeer({ ...(local ? this.#directory.canonical(peer) : peer), cluster });
  }

  /** An address that was taken for an outside one, before the cluster's ranges, nodes or pods were known. */
  #outside(peer: Extract<Peer, { type: 'external' }>): Peer {
    if (peer.address === OTHER_ADDRESSES) return peer;
    const cluster = this.#localCluster;
    if (this.#directory.isNode(peer.address)) return { type: 'node', cluster };
    if (this.#directory.isApiserver(peer.address)) return { type: 'apiserver', cluster };
    const parsed = parseAddress(peer.address);
    const inside = this.#sightings.has(peer.address) || (parsed !== null && this.#directory.isInside(parsed) === true);
    return inside ? { type: 'unresolved', address: peer.address } : peer;
  }
}

/** Keeps the one owner of a key; null once there are two. */
function one(owners: Map<string, WorkloadPeer | null>, key: string, owner: WorkloadPeer): void {
  const known = owners.get(key);
  if (known === undefined) owners.set(key, owner);
  else if (known !== null && (known.kind !== owner.kind || known.name !== owner.name)) owners.set(key, null);
}
