import { parseAddress, parseCidr, type Address, type Cidr } from '../model/address.ts';
import { groupBy } from '../model/group.ts';
import type { MeshMode, PodFact, WorkloadFact } from '../model/inventory.ts';
import { formatLabels, parseLabels, stableLabels, type Labels } from '../model/labels.ts';
import { peerKey, workloadPeer, type Peer, type WorkloadPeer } from '../model/peer.ts';
import type { Graph } from '../learn/graph.ts';
import { classAddresses, inRanges } from './propose/classes.ts';
import { Matching } from './matching.ts';
import { meshModes } from './propose/mesh-mode.ts';
import { namespaceLabels, type End, type Namespaces, type PodEnd } from './evaluate/evaluate.ts';

/** What its pods look like is known from the API's pods, from a template, or only from the labels of records. */
export type KnownBy = 'pods' | 'template' | 'records' | 'nothing';

/** The mesh captures nothing on the host's network. */
const OUTSIDE_MESH: ReadonlySet<MeshMode> = new Set(['none'] as const);

/** A workload with the pods that stand for all of its pods: one for each set of labels and ports that they have. */
export interface Member {
  readonly peer: WorkloadPeer;
  readonly fact: WorkloadFact | null;
  readonly hostNetwork: boolean;
  readonly knownBy: KnownBy;
  readonly standIns: readonly PodEnd[];
  /** The inventory holds none of its pods any more, and nothing that would make new ones. */
  readonly gone: boolean;
  /** How its pods take part in the mesh; none where nobody knows. */
  readonly mesh: ReadonlySet<MeshMode>;
  /** Service accounts that its pods run under, by the inventory; sorted. */
  readonly accounts: readonly string[];
}

/** Everybody in the cluster, as far as policies can see them. */
export class Roster {
  readonly namespaces: Namespaces;
  /** Ranges that the nodes give their pods addresses from. */
  readonly podCidrs: readonly Cidr[];
  /** Addresses of the pods of this cluster, by the inventory and by records; not those of nodes. */
  readonly podAddresses: ReadonlySet<string>;
  readonly #members: ReadonlyMap<string, Member>;
  readonly #byNamespace: ReadonlyMap<string, readonly Member[]>;
  readonly #graph: Graph;
  #matching: Matching<Member> | null = null;
  readonly #ends = new WeakMap<Peer, readonly End[]>();
  readonly #addressEnds = new Map<string, End | null>();
  #strays: readonly Address[] | null = null;
  #hasIpv6: boolean | null = null;
  #names: ReadonlyMap<string, readonly string[]> | null = null;

  constructor(graph: Graph) {
    this.#graph = graph;
    const { directory, canon } = graph;
    const { pods, workloads, namespaces } = directory.inventory;
    const canonical = (peer: WorkloadPeer): WorkloadPeer => {
      const end = canon.end(peer).peer;
      return end.type === 'workload' ? end : peer;
    };
    const podsOf = groupBy(pods, (pod) => peerKey(canonical(workloadPeer(directory.workloadOfPod(pod)))));
    const peers = new Map<string, WorkloadPeer>();
    const facts = new Map<string, WorkloadFact>();
    const add = (peer: WorkloadPeer): string => {
      const key = peerKey(peer);
      peers.set(key, peer);
      return key;
    };
    for (const pod of pods) add(canonical(workloadPeer(directory.workloadOfPod(pod))));
    for (const fact of workloads) {
      const top = directory.topOwner(fact.namespace, fact);
      const key = add(canonical(workloadPeer({ cluster: '', namespace: fact.namespace, ...top })));
      // The owner's own object says most; the template of what it owns is as good.
      if (!facts.has(key) || (fact.kind === top.kind && fact.name === top.name)) facts.set(key, fact);
    }
    for (const { workload } of graph.workloads.values()) add(workload);
    const recorded = recordedLabels(graph);
    const labelsOf = new Map(namespaces.map(({ name, labels }) => [name, labels]));
    this.#members = new Map(
      [...peers].map(([key, peer]) => [key, this.#member(peer, facts.get(key) ?? null, podsOf.get(key) ?? [], recorded.get(key) ?? [], labelsOf.get(peer.namespace) ?? null)]),
    );
    this.#byNamespace = groupBy(this.#members.values(), ({ peer }) => `${peer.cluster}/${peer.namespace}`);
    const named = [...peers.values()].map(({ namespace }) => ({ name: namespace, labels: new Map() as Labels }));
    this.namespaces = namespaceLabels([...named, ...namespaces]);
    this.podCidrs = directory.inventory.nodes.flatMap((node) => node.podCidrs.map(parseCidr)).filter((cidr) => cidr !== null);
    this.podAddresses = this.#knownAddresses();
  }

  /** Whom of the cluster a policy's peer matches. */
  get matching(): Matching<Member> {
    this.#matching ??= new Matching(this.local(), this.namespaces);
    return this.#matching;
  }

  /** DNS names under which a workload itself was seen to know an outside address, sorted. */
  namesOf(peer: Peer, workload: WorkloadPeer): readonly string[] {
    if (peer.type !== 'external') return [];
    this.#names ??= recordedNames(this.#graph);
    return this.#names.get(`${peerKey(workload)} ${peer.address}`) ?? [];
  }

  /** Whether some pod has an address of IPv6. */
  get hasIpv6(): boolean {
    this.#hasIpv6 ??= [...this.podAddresses].some((address) => address.includes(':'));
    return this.#hasIpv6;
  }

  /** Addresses of pods that are in no known range, sorted. */
  get strays(): readonly Address[] {
    const { podRanges } = this.#graph.directory;
    this.#strays ??= [...this.podAddresses]
      .filter((text) => !inRanges(text, podRanges))
      .toSorted()
      .map(parseAddress)
      .filter((address) => address !== null);
    return this.#strays;
  }

  #knownAddresses(): ReadonlySet<string> {
    const { directory, pods } = this.#graph;
    const stated = directory.inventory.pods.filter(({ hostNetwork, completed, gone }) => !hostNetwork && !completed && !gone);
    const seen = this.local().flatMap(({ peer, hostNetwork }) => (hostNetwork ? [] : (pods.get(peerKey(peer)) ?? [])));
    const sighted = seen.flatMap((pod) => pod.addresses.map(({ address }) => address)).filter((address) => !directory.isNode(address));
    return new Set([...stated.flatMap(({ addresses }) => addresses), ...sighted]);
  }

  #member(peer: WorkloadPeer, fact: WorkloadFact | null, pods: readonly PodFact[], recorded: readonly string[], namespace: Labels | null): Member {
    const { directory } = this.#graph;
    const seen = this.#graph.pods.get(peerKey(peer)) ?? [];
    const present = pods.filter((pod) => !pod.gone);
    // What was seen later than the inventory's moment, it cannot know to be gone.
    const gone = fact === null && pods.length > 0 && present.length === 0 && seen.every(({ lastSeen }) => lastSeen <= directory.inventory.asOf);
    const onHost = pods.length > 0 ? pods.some(({ hostNetwork }) => hostNetwork) : (fact?.hostNetwork ?? false);
    const ports = pods[0]?.ports ?? fact?.ports ?? [];
    const stand = (labels: Labels, name: string, addresses: readonly string[], hostAddresses: readonly string[]): PodEnd => ({
      kind: 'pod',
      namespace: peer.namespace,
      name,
      labels,
      addresses: addresses.map(parseAddress).filter((address): address is Address => address !== null),
      hostAddresses,
      ports,
      hostNetwork: onHost,
      completed: false,
    });
    // Pods that are there say most; those that are gone, only what nothing else says.
    const telling = present.length > 0 ? present : (fact?.templateLabels ?? null) === null ? pods : [];
    const distinct = [...groupBy(telling, ({ labels, ports: own }) => `${formatLabels(labels)} ${JSON.stringify(own)}`).values()];
    const fromPods = distinct.flatMap(([pod]) => (pod === undefined ? [] : [{ ...stand(pod.labels, pod.name, pod.addresses, directory.hostAddressesOf(pod)), ports: pod.ports }]));
    const mesh = onHost ? OUTSIDE_MESH : meshModes(present, fact, namespace);
    const accounts = [...new Set(present.length > 0 ? present.map(({ serviceAccount }) => serviceAccount) : fact === null ? [] : [fact.serviceAccount])].toSorted();
    const common = { peer, fact, hostNetwork: onHost, gone, mesh, accounts };
    if (fromPods.length > 0) return { ...common, knownBy: 'pods', standIns: fromPods };
    const seenAt = seen.flatMap(({ addresses }) => addresses.map(({ address }) => address)).slice(0, 4);
    if (fact !== null && fact.templateLabels !== null) return { ...common, knownBy: 'template', standIns: [stand(fact.templateLabels, peer.name, seenAt, [])] };
    const fromRecords = recorded.map((labels) => stand(parseLabels(labels), peer.name, seenAt, []));
    return { ...common, knownBy: fromRecords.length > 0 ? 'records' : 'nothing', standIns: fromRecords };
  }

  member(peer: Peer): Member | null {
    return this.#members.get(peerKey(peer)) ?? null;
  }

  members(): Iterable<Member> {
    return this.#members.values();
  }

  /** Workloads of a namespace of the same cluster. */
  neighbours({ cluster, namespace }: WorkloadPeer): readonly Member[] {
    return this.#byNamespace.get(`${cluster}/${namespace}`) ?? [];
  }

  /** Workloads of the cluster that the policies are for. */
  local(): readonly Member[] {
    return [...this.members()].filter(({ peer }) => this.#isLocal(peer));
  }

  #isLocal({ cluster }: WorkloadPeer): boolean {
    return cluster === this.#graph.canon.localCluster;
  }

  /** The ends that stand for a peer when a policy is asked about it; none if it cannot be asked. */
  endsOf(peer: Peer, addresses: Iterable<string>): readonly End[] {
    // What seen addresses have no part in is the same for the same object: edges share theirs.
    const known = this.#ends.get(peer);
    if (known !== undefined) return known;
    if (peer.type === 'workload' && this.#isLocal(peer)) return this.#keep(peer, this.member(peer)?.standIns ?? []);
    const ends = this.#addressesOf(peer, addresses).flatMap((text) => this.#addressEnd(text) ?? []);
    return peer.type === 'workload' || peer.type === 'external' ? this.#keep(peer, ends) : ends;
  }

  #keep(peer: Peer, ends: readonly End[]): readonly End[] {
    this.#ends.set(peer, ends);
    return ends;
  }

  /** One object for one address, so that whoever is asked about it again knows it. */
  #addressEnd(text: string): End | null {
    let end = this.#addressEnds.get(text);
    if (end === undefined) {
      const address = parseAddress(text);
      this.#addressEnds.set(text, (end = address === null ? null : { kind: 'address', address }));
    }
    return end;
  }

  #addressesOf(peer: Peer, seen: Iterable<string>): readonly string[] {
    switch (peer.type) {
      case 'external':
        return [peer.address];
      case 'workload':
        // Of another cluster: here its pods are addresses, that no selector matches and no policy closes.
        return [...new Set((this.#graph.pods.get(peerKey(peer)) ?? []).flatMap((pod) => pod.addresses.map(({ address }) => address)))].toSorted();
      case 'node':
      case 'apiserver': {
        const { known, present } = classAddresses(peer.type, seen, this.#graph.directory);
        return present.length > 0 ? present : [...known];
      }
      default:
        return [...seen];
    }
  }
}

/** Label sets of pods, as records gave them, by the key of their workload. */
function recordedLabels(graph: Graph): ReadonlyMap<string, readonly string[]> {
  const recorded = new Map<string, Set<string>>();
  for (const { peer, labelSets } of graph.stored.peers) {
    if (peer.type !== 'workload' || labelSets.length === 0) continue;
    const key = peerKey(graph.canon.end(peer).peer);
    const known = recorded.get(key) ?? new Set<string>();
    for (const labels of labelSets) known.add(formatLabels(stableLabels(parseLabels(labels))));
    recorded.set(key, known);
  }
  return new Map([...recorded].map(([key, sets]) => [key, [...sets].toSorted()]));
}

/** Names that records gave for outside addresses, by the key of the workload that talked to them and the address. */
function recordedNames(graph: Graph): ReadonlyMap<string, readonly string[]> {
  const recorded = graph.stored.peers.flatMap(({ peer, names }) => {
    if (peer.type !== 'workload' || names.length === 0) return [];
    const key = peerKey(graph.canon.end(peer).peer);
    return names.map((text) => ({ of: `${key} ${text.slice(0, text.indexOf(' '))}`, name: text.slice(text.indexOf(' ') + 1) }));
  });
  return new Map([...groupBy(recorded, ({ of }) => of)].map(([of, own]) => [of, [...new Set(own.map(({ name }) => name))].toSorted()]));
}
