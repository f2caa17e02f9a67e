import { cidrContains, parseCidr, type Address, type Cidr } from '../model/address.ts';
import { groupBy } from '../model/group.ts';
import type { ContainerPort } from '../model/inventory.ts';
import { sortedLabels, type Labels } from '../model/labels.ts';
import type { NetworkPolicy, PolicyPeer, PolicyPort } from '../model/policy.ts';
import type { Direction } from '../model/proposal.ts';
import { selectorMatches } from '../model/selector.ts';

/**
 * Answers as Kubernetes does, by the definition of networking.k8s.io/v1: policies add up, a pod is closed in a direction as
 * soon as one policy selects it for that direction, and both ends must allow a connection.
 */

export interface PodEnd {
  readonly kind: 'pod';
  readonly namespace: string;
  readonly name: string;
  readonly labels: Labels;
  readonly addresses: readonly Address[];
  readonly hostAddresses: readonly string[];
  readonly ports: readonly ContainerPort[];
  readonly hostNetwork: boolean;
  readonly completed: boolean;
}

export interface AddressEnd {
  readonly kind: 'address';
  readonly address: Address;
}

export type End = PodEnd | AddressEnd;

export type PolicyProtocol = 'TCP' | 'UDP' | 'SCTP';

export interface Answer {
  /** Null where Kubernetes leaves it undefined; `because` says why. */
  readonly allowed: boolean | null;
  readonly because: string;
  readonly warnings: readonly string[];
}

/** What a rule makes of the other end. `byAddress` is set when only an ipBlock matched a pod. */
type PeerMatcher = (end: End, namespaces: Namespaces) => 'yes' | 'by-address' | 'no';
type PortMatcher = (port: number, protocol: PolicyProtocol, destination: End) => boolean;

interface Rule {
  readonly peers: PeerMatcher;
  readonly ports: PortMatcher;
}

interface Compiled {
  readonly namespace: string;
  readonly name: string;
  readonly selects: (labels: Labels) => boolean;
  /** Null where the policy says nothing of the direction. */
  readonly rules: Readonly<Record<Direction, readonly Rule[] | null>>;
}

export type Namespaces = ReadonlyMap<string, Labels>;

const NAME_LABEL = 'kubernetes.io/metadata.name';

/** Labels of namespaces, with the one that every namespace has. */
export function namespaceLabels(namespaces: Iterable<{ readonly name: string; readonly labels: Labels }>): Namespaces {
  return new Map([...namespaces].map(({ name, labels }) => [name, sortedLabels([...labels, [NAME_LABEL, name]])]));
}

export class PolicySet {
  readonly #byNamespace: ReadonlyMap<string, readonly Compiled[]>;
  readonly #namespaces: Map<string, Labels>;
  readonly #selecting = new WeakMap<PodEnd, readonly Compiled[]>();

  constructor(policies: readonly NetworkPolicy[], namespaces: Namespaces) {
    this.#byNamespace = groupBy(policies.map(compile), ({ namespace }) => namespace);
    this.#namespaces = new Map(namespaces);
  }

  /** Whether a connection from `source` to `destination` is allowed. */
  evaluate(source: End, destination: End, port: number, protocol: PolicyProtocol): Answer {
    const undefinedHere = this.#undefined(source, destination);
    if (undefinedHere !== null) return { allowed: null, because: undefinedHere, warnings: [] };
    if (source === destination) return { allowed: true, because: 'a pod always reaches itself', warnings: [] };
    if (destination.kind === 'pod' && source.kind === 'address' && destination.hostAddresses.includes(source.address.text)) {
      return { allowed: true, because: `the node of ${destination.namespace}/${destination.name} always reaches it`, warnings: [] };
    }
    const warnings: string[] = [];
    const out = this.#direction('egress', source, destination, destination, port, protocol, warnings);
    if (!out.allowed) return { ...out, warnings };
    const into = this.#direction('ingress', destination, source, destination, port, protocol, warnings);
    const because = [out, into].filter(({ decided }) => decided || !into.allowed).map((answer) => answer.because);
    return { allowed: into.allowed, because: into.allowed ? because.join('; ') || 'no policy selects either end' : into.because, warnings };
  }

  /** The same of ends that stand for several pods each: where both are one, two of its pods are meant. */
  evaluateBetween(source: End, destination: End, port: number, protocol: PolicyProtocol): Answer {
    return this.evaluate(source, source === destination ? { ...destination } : destination, port, protocol);
  }

  /** Whether some policy selects the pod in a direction. */
  isolates(direction: Direction, pod: PodEnd): boolean {
    return this.#policiesFor(pod).some(({ rules }) => rules[direction] !== null);
  }

  #undefined(source: End, destination: End): string | null {
    for (const end of [source, destination]) {
      if (end.kind !== 'pod') continue;
      if (end.hostNetwork) return `${end.namespace}/${end.name} is on the host's network: policies do not apply to it, and selectors do not match its traffic`;
      if (end.completed) return `${end.namespace}/${end.name} has completed: its address is free for another pod`;
    }
    return null;
  }

  #direction(
    direction: Direction,
    self: End,
    other: End,
    destination: End,
    port: number,
    protocol: PolicyProtocol,
    warnings: string[],
  ): { readonly allowed: boolean; readonly because: string; readonly decided: boolean } {
    if (self.kind !== 'pod') return { allowed: true, because: '', decided: false };
    const selecting = this.#policiesFor(self).filter(({ rules }) => rules[direction] !== null);
    if (selecting.length === 0) return { allowed: true, because: `no policy selects ${self.namespace}/${self.name} for ${direction}`, decided: false };
    let byAddress: string | null = null;
    for (const policy of selecting) {
      for (const [index, rule] of (policy.rules[direction] ?? []).entries()) {
        if (!rule.ports(port, protocol, destination)) continue;
        const match = rule.peers(other, this.#namespaces);
        const because = `${direction} rule ${index + 1} of ${policy.namespace}/${policy.name} admits it`;
        if (match === 'yes') return { allowed: true, because, decided: true };
        if (match === 'by-address') byAddress ??= because;
      }
    }
    if (byAddress !== null) {
      warnings.push(`${byAddress} by an ipBlock on a pod's address: some network plugins do not match pods so`);
      return { allowed: true, because: byAddress, decided: true };
    }
    const names = selecting.map(({ namespace, name }) => `${namespace}/${name}`).join(', ');
    return { allowed: false, because: `no ${direction} rule of ${names} admits it`, decided: true };
  }

  #policiesFor(pod: PodEnd): readonly Compiled[] {
    let selecting = this.#selecting.get(pod);
    if (selecting === undefined) {
      selecting = (this.#byNamespace.get(pod.namespace) ?? []).filter(({ selects }) => selects(pod.labels));
      this.#selecting.set(pod, selecting);
    }
    return selecting;
  }
}

function compile({ metadata, spec }: NetworkPolicy): Compiled {
  // Missing or empty types: always Ingress, and Egress only if there are egress rules.
  const types = spec.policyTypes ?? [];
  const has = (type: 'Ingress' | 'Egress'): boolean => (types.length > 0 ? types.includes(type) : type === 'Ingress' || (spec.egress ?? []).length > 0);
  const rules = (all: readonly { readonly peers: readonly PolicyPeer[] | undefined; readonly ports: readonly PolicyPort[] | undefined }[]): readonly Rule[] =>
    all.map(({ peers, ports }) => ({ peers: compilePeers(peers ?? [], metadata.namespace), ports: compilePorts(ports ?? []) }));
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    selects: (labels) => selectorMatches(spec.podSelector, labels),
    rules: {
      ingress: has('Ingress') ? rules((spec.ingress ?? []).map(({ from, ports }) => ({ peers: from, ports }))) : null,
      egress: has('Egress') ? rules((spec.egress ?? []).map(({ to, ports }) => ({ peers: to, ports }))) : null,
    },
  };
}

/** No peers at all mean everybody; several are alternatives. */
function compilePeers(peers: readonly PolicyPeer[], namespace: string): PeerMatcher {
  if (peers.length === 0) return () => 'yes';
  const matchers = peers.map((peer) => compilePeer(peer, namespace));
  return (end, namespaces) => {
    let best: 'by-address' | 'no' = 'no';
    for (const matcher of matchers) {
      const match = matcher(end, namespaces);
      if (match === 'yes') return 'yes';
      if (match === 'by-address') best = match;
    }
    return best;
  };
}

function compilePeer({ podSelector, namespaceSelector, ipBlock }: PolicyPeer, namespace: string): PeerMatcher {
  if (ipBlock !== undefined) return compileBlock(ipBlock.cidr, ipBlock.except ?? []);
  return (end, namespaces) => {
    if (end.kind !== 'pod') return 'no';
    const inNamespace =
      namespaceSelector === undefined ? end.namespace === namespace : selectorMatches(namespaceSelector, namespaces.get(end.namespace) ?? new Map([[NAME_LABEL, end.namespace]]));
    return inNamespace && (podSelector === undefined || selectorMatches(podSelector, end.labels)) ? 'yes' : 'no';
  };
}

function compileBlock(cidr: string, except: readonly string[]): PeerMatcher {
  const range = parseCidr(cidr);
  const holes = except.map(parseCidr).filter((hole): hole is Cidr => hole !== null);
  const holds = (address: Address): boolean => range !== null && cidrContains(range, address) && !holes.some((hole) => cidrContains(hole, address));
  return (end) => {
    if (end.kind === 'address') return holds(end.address) ? 'yes' : 'no';
    return end.addresses.some(holds) ? 'by-address' : 'no';
  };
}

/** No ports at all mean all ports of all protocols. */
function compilePorts(ports: readonly PolicyPort[]): PortMatcher {
  if (ports.length === 0) return () => true;
  const matchers = ports.map(compilePort);
  return (port, protocol, destination) => matchers.some((matches) => matches(port, protocol, destination));
}

function compilePort({ protocol: wanted = 'TCP', port: number, endPort }: PolicyPort): PortMatcher {
  if (number === undefined) return (_, protocol) => protocol === wanted;
  if (typeof number === 'number') {
    const last = endPort ?? number;
    return (port, protocol) => protocol === wanted && port >= number && port <= last;
  }
  // A name means what each destination pod calls so; an address outside has no names.
  return (port, protocol, destination) =>
    protocol === wanted &&
    destination.kind === 'pod' &&
    destination.ports.some((candidate) => candidate.name === number && candidate.protocol === wanted && candidate.port === port);
}
