import { cidrContains, compactCidrs, parseCidr, scopeOf, type Address, type Cidr } from '../model/address.ts';
import type { Window, WorkloadRef } from '../model/flow.ts';
import type { Inventory, NodeFact, PodFact, ServiceFact, WorkloadFact } from '../model/inventory.ts';
import type { Workload } from '../model/peer.ts';
import { topOwnerByName, workloadOfPodName } from './pod-name.ts';

/** A pod's life at an address, as the cluster's API says. Beyond `known` it may go on, if nobody else is seen there. */
export interface ApiLife {
  readonly pod: PodFact;
  readonly workload: Workload;
  readonly from: number;
  readonly known: number;
  /** Not known to have ended: the list it was in is older than now. */
  readonly open: boolean;
}

/** The inventory, by the questions that are asked of it. */
export class Directory {
  readonly inventory: Inventory;
  /** Name of the cluster that the inventory is of; null until somebody says it. */
  readonly cluster: string | null;
  readonly #pods = new Map<string, PodFact>();
  /** Namespace of the one pod of a name; null where several have it. */
  readonly #namespaceOfPod = new Map<string, string | null>();
  readonly #owners = new Map<string, WorkloadFact>();
  readonly #lives = new Map<string, ApiLife[]>();
  readonly #services = new Map<string, ServiceFact>();
  readonly #nodeAddresses = new Set<string>();
  readonly #nodesInPodRange = new Set<string>();
  readonly #nodes = new Map<string, NodeFact>();
  readonly #apiserverAddresses = new Set<string>();
  readonly #apiserverPorts = new Set<number>();
  readonly #podRanges: readonly Cidr[];
  readonly #aliases: ReadonlyMap<string, WorkloadRef>;

  constructor(inventory: Inventory, clusterCidrs: readonly Cidr[], cluster: string | null) {
    this.inventory = inventory;
    this.cluster = cluster;
    for (const workload of inventory.workloads) this.#owners.set(`${workload.namespace}/${workload.kind}/${workload.name}`, workload);
    for (const node of inventory.nodes) {
      this.#nodes.set(node.name, node);
      for (const address of node.addresses) this.#nodeAddresses.add(address);
      for (const address of node.inPodRange) this.#nodesInPodRange.add(address);
    }
    for (const slice of inventory.slices) {
      if (slice.namespace !== 'default' || slice.service !== 'kubernetes') continue;
      for (const address of slice.addresses) this.#apiserverAddresses.add(address);
      for (const { port } of slice.ports) if (port !== null) this.#apiserverPorts.add(port);
    }
    for (const service of inventory.services) for (const address of service.addresses) this.#services.set(address, service);
    for (const { hostNetwork, addresses } of inventory.pods) {
      // That a bridge has the first address of a range is a guess; a pod that has it is a fact.
      if (!hostNetwork) for (const address of addresses) this.#nodesInPodRange.delete(address);
    }
    for (const pod of inventory.pods) {
      this.#pods.set(`${pod.namespace}/${pod.name}`, pod);
      const other = this.#namespaceOfPod.get(pod.name);
      this.#namespaceOfPod.set(pod.name, other === undefined || other === pod.namespace ? pod.namespace : null);
      for (const address of pod.hostAddresses) this.#nodeAddresses.add(address);
      if (pod.hostNetwork) for (const address of pod.addresses) this.#nodeAddresses.add(address);
      this.#addLives(pod);
    }
    const podCidrs = inventory.nodes.flatMap((node) => node.podCidrs).map(parseCidr);
    this.#podRanges = compactCidrs([...podCidrs.filter((cidr) => cidr !== null), ...clusterCidrs]);
    this.#aliases = aliases(this);
  }

  #addLives(pod: PodFact): void {
    if (pod.hostNetwork) return;
    const workload = this.workloadOfPod(pod);
    const known = pod.until ?? this.inventory.asOf;
    for (const address of pod.addresses) {
      const life = { pod, workload, from: pod.from ?? 0, known, open: pod.until === null };
      const lives = this.#lives.get(address);
      if (lives === undefined) this.#lives.set(address, [life]);
      else lives.push(life);
    }
  }

  pod(namespace: string, name: string): PodFact | null {
    return this.#pods.get(`${namespace}/${name}`) ?? null;
  }

  /** The namespace of the only pod that is called so, for records that leave it out (`kubectl logs --prefix`). */
  namespaceOfPod(name: string): string | null {
    return this.#namespaceOfPod.get(name) ?? null;
  }

  workload(workload: Workload): WorkloadFact | null {
    return this.#owners.get(`${workload.namespace}/${workload.kind}/${workload.name}`) ?? null;
  }

  /** The time around a moment in which no life at the address begins or ends. */
  steadyAround(address: string, time: number): Window {
    let [from, until] = [-Infinity, Infinity];
    for (const life of this.lives(address)) {
      for (const change of [life.from, life.known + 1]) {
        if (change <= time) from = Math.max(from, change);
        else until = Math.min(until, change - 1);
      }
    }
    return { from, until };
  }

  lives(address: string): readonly ApiLife[] {
    return this.#lives.get(address) ?? [];
  }

  service(address: string): ServiceFact | null {
    return this.#services.get(address) ?? null;
  }

  isNode(address: string): boolean {
    return this.#nodeAddresses.has(address) || this.#nodesInPodRange.has(address);
  }

  /** Every address of the node that a pod is on: what comes from there is kubelet. */
  hostAddressesOf(pod: PodFact): readonly string[] {
    const node = pod.node === null ? undefined : this.#nodes.get(pod.node);
    return node === undefined ? pod.hostAddresses : [...pod.hostAddresses, ...node.addresses, ...node.inPodRange];
  }

  isApiserver(address: string): boolean {
    return this.#apiserverAddresses.has(address);
  }

  /** The port that the API server listens on behind its Service; 6443 unless the inventory says otherwise. */
  isApiserverPort(port: number): boolean {
    return this.#apiserverPorts.size === 0 ? port === 6443 : this.#apiserverPorts.has(port);
  }

  /** As other nodes and outside addresses see them, without those in the pods' ranges. */
  get nodeAddresses(): ReadonlySet<string> {
    return this.#nodeAddresses;
  }

  get apiserverAddresses(): ReadonlySet<string> {
    return this.#apiserverAddresses;
  }

  /** Ranges that hold pods: the nodes' podCIDRs and what the user named. */
  get podRanges(): readonly Cidr[] {
    return this.#podRanges;
  }

  /** Whether an address lies in the cluster; null where it is private and nothing tells. */
  isInside(address: Address): boolean | null {
    if (this.#podRanges.some((range) => cidrContains(range, address))) return true;
    if (this.#lives.has(address.text) || this.#services.has(address.text)) return true;
    const scope = scopeOf(address);
    if (scope === 'global' || scope === 'link-local') return false;
    return this.#podRanges.some((range) => range.family === address.family) ? false : null;
  }

  /** The top owner of a pod in the inventory. */
  workloadOfPod(pod: PodFact): Workload {
    const at = { cluster: '', namespace: pod.namespace };
    if (pod.owner === null) return { ...at, kind: 'Pod', name: pod.name };
    // A static pod is owned by its node and named after it; the unit is what the manifest calls it.
    if (pod.owner.kind === 'Node') return { ...at, kind: 'Pod', name: withoutSuffix(pod.name, `-${pod.owner.name}`) };
    return { ...at, ...this.topOwner(pod.namespace, pod.owner) };
  }

  /**
   * Follows owners up as far as objects are known, then by their names. Whatever else owns a Deployment (an operator's resource, a
   * Helm release) may own many: it is no workload. Bounded: owners can form no longer chain.
   */
  topOwner(namespace: string, ref: WorkloadRef): WorkloadRef {
    let top = ref;
    for (let steps = 0; steps < 8; steps++) {
      const fact = this.#owners.get(`${namespace}/${top.kind}/${top.name}`);
      if (fact === undefined) return topOwnerByName(top);
      if (fact.owner === null || !OWNED.has(fact.kind)) return { kind: fact.kind, name: fact.name };
      top = fact.owner;
    }
    return top;
  }

  /** Who a pod of this name belongs to: the inventory's word, else the record's, else what the name tells. */
  workloadOfName(namespace: string, pod: string | null, stated: WorkloadRef | null): WorkloadRef {
    const known = pod === null ? null : this.pod(namespace, pod);
    if (known !== null) {
      const { kind, name } = this.workloadOfPod(known);
      return { kind, name };
    }
    if (stated !== null) return this.topOwner(namespace, stated);
    return workloadOfPodName(pod ?? '');
  }

  /** The workload that was meant by one that was named or guessed before the inventory was known. */
  canonical(workload: Workload): Workload {
    if (this.#owners.has(`${workload.namespace}/${workload.kind}/${workload.name}`)) {
      return { ...workload, ...this.topOwner(workload.namespace, workload) };
    }
    const alias = this.#aliases.get(`${workload.namespace}/${workload.kind}/${workload.name}`);
    return alias === undefined ? workload : { ...workload, ...alias };
  }
}

/** Kinds that are made by the workload that owns them. */
const OWNED: ReadonlySet<string> = new Set(['ReplicaSet', 'Job', 'ReplicationController']);

function withoutSuffix(text: string, suffix: string): string {
  return text.endsWith(suffix) && text.length > suffix.length ? text.slice(0, -suffix.length) : text;
}

/**
 * Guesses that the inventory proves wrong: what the name of a known pod would have been taken for, and what owns it. A guess
 * that stands for two owners, or for an object that exists, is left alone.
 */
function aliases(directory: Directory): ReadonlyMap<string, WorkloadRef> {
  const meant = new Map<string, WorkloadRef | null>();
  const learn = (namespace: string, guess: WorkloadRef, owner: WorkloadRef): void => {
    if (guess.kind === owner.kind && guess.name === owner.name) return;
    const key = `${namespace}/${guess.kind}/${guess.name}`;
    const known = meant.get(key);
    const differs = known !== undefined && (known === null || known.kind !== owner.kind || known.name !== owner.name);
    meant.set(key, differs ? null : owner);
  };
  for (const pod of directory.inventory.pods) {
    const { kind, name } = directory.workloadOfPod(pod);
    learn(pod.namespace, workloadOfPodName(pod.name), { kind, name });
  }
  for (const { namespace, kind, name } of directory.inventory.workloads) {
    // Their pods may be gone by now: what would a pod of theirs have been taken for?
    const owner = directory.topOwner(namespace, { kind, name });
    if (owner.kind === 'Rollout') learn(namespace, { kind: 'Deployment', name: owner.name }, owner);
    if (kind === 'Job' && owner.kind === 'Job') learn(namespace, { kind: 'DaemonSet', name }, owner);
  }
  const found = new Map<string, WorkloadRef>();
  for (const [key, owner] of meant) if (owner !== null) found.set(key, owner);
  return found;
}
