import type { NetworkPolicy, PolicyPeer, PolicyPort } from '../model/policy.ts';
import type { Direction } from '../model/proposal.ts';
import { selectorMatches, type LabelSelector } from '../model/selector.ts';
import { blockAddresses, WORLD, type AddressSet } from './address-set.ts';
import type { Namespaces, PodEnd } from './evaluate.ts';
import { Matching, type Standing } from './matching.ts';
import { ALL_PORTS, NO_PORTS, portsOpened, type PortSet } from './port-set.ts';
import { intersect, union } from './ranges.ts';

/** A rule, as everything that follows from its text alone. Rules of one text are one value, whatever policies have them. */
interface Rule {
  readonly key: string;
  readonly ports: readonly PolicyPort[];
  /** The addresses that it names, without those of the pods that it selects. */
  readonly addresses: AddressSet;
  /** The pods that it selects or whose addresses it names; null for all. */
  readonly pods: readonly PodEnd[] | null;
}

/** What closes a pod in a direction: the rules that open it again. Null where nothing does. */
export interface Gate {
  /** Equal gates have equal keys. */
  readonly key: string;
  readonly rules: readonly Rule[] | null;
  /** The rules for everybody. */
  readonly forAll: readonly Rule[];
  /** Whom other rules name, with these. */
  readonly forPod: ReadonlyMap<PodEnd, readonly Rule[]>;
}

const OPEN: Gate = { key: 'open', rules: null, forAll: [], forPod: new Map() };

/** Rules by their text, for all sets of policies that are compared with each other, over these pods. */
export class RuleBook {
  readonly #matching: Matching<Standing>;
  readonly #rules = new Map<string, Rule>();

  constructor(pods: readonly PodEnd[], namespaces: Namespaces) {
    this.#matching = new Matching(pods.map((pod) => ({ peer: pod, hostNetwork: pod.hostNetwork, standIns: [pod] })), namespaces);
  }

  rule(namespace: string, peers: readonly PolicyPeer[], ports: readonly PolicyPort[]): Rule {
    const key = `${namespace} ${alternatives(peers.map(peerText))} ${alternatives(ports.map(portText))}`;
    let rule = this.#rules.get(key);
    if (rule === undefined) this.#rules.set(key, (rule = this.#compile(key, namespace, peers, ports)));
    return rule;
  }

  #compile(key: string, namespace: string, peers: readonly PolicyPeer[], ports: readonly PolicyPort[]): Rule {
    if (peers.length === 0) return { key, ports, addresses: WORLD, pods: null };
    const addresses = union(peers.map(({ ipBlock }) => (ipBlock === undefined ? [] : blockAddresses(ipBlock.cidr, ipBlock.except))));
    const matched = peers.flatMap((peer) => [...this.#matching.matched(peer, namespace)].flatMap(({ standIns }) => standIns));
    return { key, ports, addresses, pods: [...new Set(matched)] };
  }
}

interface Closing {
  readonly selector: LabelSelector;
  readonly rules: Readonly<Record<Direction, readonly Rule[] | null>>;
}

/** What a set of policies leaves open, as sets of ports and addresses; the evaluator answers the same of one port at a time. */
export class Reach {
  readonly #byNamespace = new Map<string, Closing[]>();
  readonly #gates: Readonly<Record<Direction, Map<PodEnd, Gate>>> = { ingress: new Map(), egress: new Map() };

  constructor(policies: readonly NetworkPolicy[], book: RuleBook) {
    for (const { metadata, spec } of policies) {
      const own = this.#byNamespace.get(metadata.namespace) ?? [];
      this.#byNamespace.set(metadata.namespace, own);
      const types = closedDirections(spec);
      own.push({
        selector: spec.podSelector,
        rules: {
          ingress: types.has('ingress') ? (spec.ingress ?? []).map(({ from = [], ports = [] }) => book.rule(metadata.namespace, from, ports)) : null,
          egress: types.has('egress') ? (spec.egress ?? []).map(({ to = [], ports = [] }) => book.rule(metadata.namespace, to, ports)) : null,
        },
      });
    }
  }

  gate(direction: Direction, pod: PodEnd): Gate {
    let gate = this.#gates[direction].get(pod);
    if (gate === undefined) this.#gates[direction].set(pod, (gate = this.#gateOf(direction, pod)));
    return gate;
  }

  #gateOf(direction: Direction, pod: PodEnd): Gate {
    const rules = new Map<string, Rule>();
    let closed = false;
    for (const { selector, rules: own } of this.#byNamespace.get(pod.namespace) ?? []) {
      const closing = own[direction];
      if (closing === null || !selectorMatches(selector, pod.labels)) continue;
      closed = true;
      for (const rule of closing) rules.set(rule.key, rule);
    }
    if (!closed) return OPEN;
    const all = [...rules.values()];
    const forPod = new Map<PodEnd, Rule[]>();
    for (const rule of all) {
      for (const one of rule.pods ?? []) {
        const known = forPod.get(one);
        if (known === undefined) forPod.set(one, [rule]);
        else known.push(rule);
      }
    }
    return { key: `closed ${[...rules.keys()].toSorted().join('\n')}`, rules: all, forAll: all.filter(({ pods }) => pods === null), forPod };
  }

  /** The ports at which one pod reaches another one. */
  between(source: PodEnd, destination: PodEnd): PortSet {
    const out = opened(this.gate('egress', source), destination, destination);
    return out.length === 0 ? NO_PORTS : intersect(out, opened(this.gate('ingress', destination), source, destination));
  }
}

/** The ports at which a gate lets another pod through. */
function opened({ rules, forAll, forPod }: Gate, other: PodEnd, destination: PodEnd): PortSet {
  if (rules === null) return ALL_PORTS;
  const own = [...forAll, ...(forPod.get(other) ?? [])];
  return own.length === 0 ? NO_PORTS : union(own.map(({ ports }) => portsOpened(ports, destination.ports)));
}

/** The ports at which a gate lets an address through, by the rule that opens them, with the addresses. `pod` is the one behind the gate. */
export function openedToAddresses({ rules }: Gate, direction: Direction, pod: PodEnd): readonly { readonly addresses: AddressSet; readonly ports: PortSet }[] {
  if (rules === null) return [{ addresses: WORLD, ports: ALL_PORTS }];
  // An address has no names for its ports.
  const names = direction === 'ingress' ? pod.ports : [];
  return rules.filter(({ addresses }) => addresses.length > 0).map(({ addresses, ports }) => ({ addresses, ports: portsOpened(ports, names) }));
}

/** Missing or empty types: always ingress, and egress only if there are egress rules. */
export function closedDirections({ policyTypes = [], egress = [] }: NetworkPolicy['spec']): ReadonlySet<Direction> {
  if (policyTypes.length > 0) return new Set(policyTypes.map((type): Direction => (type === 'Ingress' ? 'ingress' : 'egress')));
  return new Set<Direction>(egress.length > 0 ? ['ingress', 'egress'] : ['ingress']);
}

/** Alternatives in any order, one written twice, are the same; none at all are all. */
function alternatives(texts: readonly string[]): string {
  return texts.length === 0 ? '*' : `[${[...new Set(texts)].toSorted().join(' | ')}]`;
}

function peerText({ podSelector, namespaceSelector, ipBlock }: PolicyPeer): string {
  if (ipBlock !== undefined) return `${ipBlock.cidr}-${(ipBlock.except ?? []).toSorted().join('-')}`;
  return `${namespaceSelector === undefined ? 'own' : selectorText(namespaceSelector)}/${podSelector === undefined ? '' : selectorText(podSelector)}`;
}

function selectorText({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string {
  const labels = Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`);
  const expressions = matchExpressions.map(({ key, operator, values = [] }) => `${key} ${operator} (${values.toSorted().join(',')})`);
  return `{${[...labels, ...expressions].toSorted().join(' & ')}}`;
}

function portText({ protocol = 'TCP', port, endPort }: PolicyPort): string {
  return `${protocol}:${port ?? '*'}:${typeof port === 'number' ? (endPort ?? port) : ''}`;
}
