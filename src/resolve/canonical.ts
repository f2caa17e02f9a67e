import { parseAddress } from '../model/address.ts';
import { groupBy } from '../model/group.ts';
import { EMPTY_INVENTORY } from '../model/inventory.ts';
import type { EdgeKey } from '../model/edge.ts';
import type { SkipReason } from '../model/flow.ts';
import { stableLabels, formatLabels, parseLabels } from '../model/labels.ts';
import { OTHER_ADDRESSES, peerKey, workloadPeer, type Peer, type WorkloadPeer } from '../model/peer.ts';
import { Directory } from './directory.ts';
import { locate } from './locate.ts';
import { whyNoEdge, type End } from './no-edge.ts';
import { workloadOfPodName } from './pod-name.ts';
import { NO_SIGHTINGS, type Life, type Sightings } from './sightings.ts';

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

/** A pod of a workload, under a name that records gave it. */
export interface NamedPod {
  readonly peer: WorkloadPeer;
  readonly namespace: string;
  readonly name: string;
}

export interface CanonicalPending extends EdgeKey {
  /** `namespace/name` of the ends, '' where unknown. */
  readonly sourcePod: string;
  readonly destinationPod: string;
  readonly skip: SkipReason | null;
  /** Addresses that the ends had, where they are classes. */
  readonly addresses: readonly string[];
  /** An end is told by labels alone. */
  readonly byLabels: boolean;
}

interface Settled extends End {
  readonly address: string | null;
  readonly port: number | null;
  readonly byLabels: boolean;
}

/** What is known of an end that a record gave by name. */
const STATED = { pod: '', address: null, hostAddresses: [] as readonly string[], port: null, skip: null, byLabels: false };

const NO_DIRECTORY = new Directory(EMPTY_INVENTORY, [], null);

/**
 * Who the stored peers are, by everything that is known now: guesses that the inventory corrects, addresses that turned out to
 * be nodes, labels and certificates that belong to one workload. A pure function of what is stored, whatever came first.
 */
export class Canon {
  readonly #directory: Directory;
  /** Lives by the cluster of their workload. */
  readonly #sightings: ReadonlyMap<string, Sightings>;
  /** Guesses from a pod's name that other records of the same pod prove wrong. */
  readonly #corrected: ReadonlyMap<string, WorkloadPeer>;
  readonly #localCluster: string;
  readonly #byLabels = new Map<string, WorkloadPeer | null>();
  readonly #byAccount = new Map<string, WorkloadPeer | null>();
  /** The same answer for the same object: rows share theirs. */
  readonly #ends = new WeakMap<Peer, CanonicalEnd>();

  /** `lives`, `attributes` and `pods` hold workloads as they are stored. `named` are the clusters that records name. */
  constructor(directory: Directory, lives: readonly Life[], attributes: readonly WorkloadAttributes[], named: ReadonlySet<string>, pods: readonly NamedPod[] = []) {
    this.#directory = directory;
    const [only] = named;
    // Records that name no cluster are of the one that the others name, if there is one.
    this.#localCluster = directory.cluster ?? (named.size === 1 && only !== undefined ? only : 'default');
    this.#corrected = new Map();
    this.#corrected = corrections(pods.map((pod) => ({ ...pod, peer: this.#workload(pod.peer) })));
    const corrected = lives.map((life) => ({ ...life, workload: this.#workload(life.workload) }));
    const byCluster = groupBy(corrected, ({ workload }) => workload.cluster);
    this.#sightings = new Map([...byCluster].map(([cluster, own]) => [cluster, groupBy(own, ({ address }) => address)]));
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
  pending(row: EdgeKey & PendingEnds, first: number, last: number): CanonicalPending {
    const from = this.#settle(row.source, { pod: row.sourcePod, address: row.address }, first, last, null);
    const to = this.#settle(row.destination, { pod: row.destinationPod, address: row.address }, first, last, row);
    return {
      source: from.peer,
      destination: to.peer,
      protocol: row.protocol,
      port: to.port ?? row.port,
      sourcePod: from.pod,
      destinationPod: to.pod,
      skip: whyNoEdge(from, from.address, to, to.address),
      addresses: [from, to].flatMap(({ peer, address }) => (isClass(peer) && address !== null ? [address] : [])),
      byLabels: from.byLabels || to.byLabels,
    };
  }

  #settle(peer: Peer, stated: { readonly pod: string; readonly address: string }, first: number, last: number, server: Pick<EdgeKey, 'port' | 'protocol'> | null): Settled {
    if (peer.type !== 'address') {
      const end = { ...STATED, ...this.end(peer), pod: stated.pod };
      if (isClass(peer)) return { ...end, address: stated.address === '' ? null : stated.address };
      return { ...end, hostAddresses: this.#hostAddresses(end.peer, stated.pod) };
    }
    const cluster = this.#cluster(peer.cluster);
    const directory = this.#directory.cluster === null || cluster === this.#localCluster ? this.#directory : NO_DIRECTORY;
    const sightings = this.#sightings.get(cluster) ?? NO_SIGHTINGS;
    const located = locate({ address: peer.address, first, last, statedOutside: false, server }, directory, sightings);
    const byAccount = peer.account === '' ? null : (this.#byAccount.get(`${cluster}|${peer.account}`) ?? null);
    const found = located.peer ?? byAccount;
    const { pod, hostAddresses, port, skip } = located;
    if (found === null) return { ...STATED, skip, address: peer.address, peer: { type: 'unresolved', address: peer.address } };
    return { pod, hostAddresses, port, skip, address: peer.address, peer: this.end(found).peer, byLabels: false };
  }

  #hostAddresses(peer: Peer, pod: string): readonly string[] {
    if (pod === '' || peer.type !== 'workload' || peer.cluster !== this.#localCluster) return [];
    const slash = pod.indexOf('/');
    const fact = this.#directory.pod(pod.slice(0, slash), pod.slice(slash + 1));
    return fact === null ? [] : this.#directory.hostAddressesOf(fact);
  }

  #cluster(name: string): string {
    return name === '' ? this.#localCluster : name;
  }

  #workload(peer: WorkloadPeer): WorkloadPeer {
    const cluster = this.#cluster(peer.cluster);
    const local = cluster === this.#localCluster;
    const canonical = workloadPeer({ ...(local ? this.#directory.canonical(peer) : peer), cluster });
    return this.#corrected.get(peerKey(canonical)) ?? canonical;
  }

  /** An address that was taken for an outside one, before the cluster's ranges, nodes or pods were known. */
  #outside(peer: Extract<Peer, { type: 'external' }>): Peer {
    if (peer.address === OTHER_ADDRESSES) return peer;
    const cluster = this.#localCluster;
    if (this.#directory.isNode(peer.address)) return { type: 'node', cluster };
    if (this.#directory.isApiserver(peer.address)) return { type: 'apiserver', cluster };
    const parsed = parseAddress(peer.address);
    const sighted = [...this.#sightings.values()].some((lives) => lives.has(peer.address));
    const inside = sighted || (parsed !== null && this.#directory.isInside(parsed) === true);
    return inside ? { type: 'unresolved', address: peer.address } : peer;
  }
}

/** What a pending row keeps of its ends beside who they are. */
export interface PendingEnds {
  readonly sourcePod: string;
  readonly destinationPod: string;
  readonly address: string;
}

function isClass({ type }: Peer): boolean {
  return type === 'node' || type === 'apiserver';
}

/**
 * Of a pod that some records give a workload, and others leave to be told from its name, the name's guess is wrong. A guess
 * that would stand for two workloads is left alone.
 */
function corrections(pods: readonly NamedPod[]): ReadonlyMap<string, WorkloadPeer> {
  const meant = new Map<string, WorkloadPeer | null>();
  for (const own of groupBy(pods, ({ peer, namespace, name }) => `${peer.cluster}|${namespace}/${name}`).values()) {
    const guess = workloadOfPodName(own[0]?.name ?? '');
    const isGuess = ({ peer }: NamedPod): boolean => peer.kind === guess.kind && peer.name === guess.name;
    const guessed = own.find(isGuess);
    if (guessed !== undefined) for (const { peer } of own) if (peer !== guessed.peer && !isGuess({ ...guessed, peer })) one(meant, peerKey(guessed.peer), peer);
  }
  return new Map([...meant].flatMap(([key, workload]) => (workload === null ? [] : [[key, workload] as const])));
}

/** Keeps the one owner of a key; null once there are two. */
function one(owners: Map<string, WorkloadPeer | null>, key: string, owner: WorkloadPeer): void {
  const known = owners.get(key);
  if (known === undefined) owners.set(key, owner);
  else if (known !== null && (known.kind !== owner.kind || known.name !== owner.name)) owners.set(key, null);
}
