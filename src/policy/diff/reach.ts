import type { AdminPolicy } from '../../model/admin-policy.ts';
import { groupBy } from '../../model/group.ts';
import type { NetworkPolicy } from '../../model/policy.ts';
import type { Direction } from '../../model/proposal.ts';
import { selectorMatches, type LabelSelector } from '../../model/selector.ts';
import { WORLD, type AddressSet } from './address-set.ts';
import { closedDirections } from '../evaluate/compile.ts';
import { labelsOfNamespace, type PodEnd } from '../evaluate/end.ts';
import type { ContainerPort } from '../../model/inventory.ts';
import { ALL_PORTS, NO_PORTS, portsOpened, type PortSet } from './port-set.ts';
import { intersect, subtract, union } from './ranges.ts';
import type { Rule, RuleBook } from './rule-book.ts';

/** What the connections of a pod pass through in a direction. */
export interface Gate {
  /** Equal gates have equal keys. */
  readonly key: string;
  /** Of the administrator's policies, in the order in which they are asked: the first that matches decides. */
  readonly admin: readonly Rule[];
  /** Null: no NetworkPolicy selects the pod. */
  readonly network: readonly Rule[] | null;
  /** Asked where no NetworkPolicy selects the pod. */
  readonly baseline: readonly Rule[];
  /** The rules for everybody. */
  readonly forAll: readonly Rule[];
  /** Whom other rules name, with these. */
  readonly forPod: ReadonlyMap<PodEnd, readonly Rule[]>;
}

interface Closing {
  readonly selector: LabelSelector;
  readonly rules: Readonly<Record<Direction, readonly Rule[] | null>>;
}

interface AdminTurn {
  readonly policy: AdminPolicy;
  readonly rules: Readonly<Record<Direction, readonly Rule[]>>;
}

/**
 * What a set of policies leaves open, as sets of ports and addresses; the evaluator answers the same of one port at a time. Of
 * administrators' policies of one tier and priority, whose order is not defined, the one whose name comes first is asked first.
 */
export class Reach {
  readonly #book: RuleBook;
  readonly #byNamespace: ReadonlyMap<string, readonly Closing[]>;
  readonly #admin: readonly AdminTurn[];
  readonly #gates: Readonly<Record<Direction, Map<PodEnd, Gate>>> = { ingress: new Map(), egress: new Map() };

  constructor(policies: readonly NetworkPolicy[], admin: readonly AdminPolicy[], book: RuleBook) {
    this.#book = book;
    this.#byNamespace = new Map([...groupBy(policies, ({ metadata }) => metadata.namespace)].map(([namespace, own]) => [namespace, own.map((policy) => closingOf(policy, book))]));
    this.#admin = admin
      .toSorted((a, b) => a.priority - b.priority || (a.name < b.name ? -1 : 1))
      .map((policy) => ({ policy, rules: { ingress: policy.ingress.map((rule) => book.adminRule(rule)), egress: policy.egress.map((rule) => book.adminRule(rule)) } }));
  }

  gate(direction: Direction, pod: PodEnd): Gate {
    let gate = this.#gates[direction].get(pod);
    if (gate === undefined) this.#gates[direction].set(pod, (gate = this.#gateOf(direction, pod)));
    return gate;
  }

  #gateOf(direction: Direction, pod: PodEnd): Gate {
    const closing = (this.#byNamespace.get(pod.namespace) ?? []).flatMap(({ selector, rules }) => {
      const own = rules[direction];
      return own === null || !selectorMatches(selector, pod.labels) ? [] : [own];
    });
    const network = closing.length === 0 ? null : [...new Set(closing.flat())];
    const turns = this.#turnsOf(pod);
    const tier = (name: AdminPolicy['tier']): readonly Rule[] => turns.filter(({ policy }) => policy.tier === name).flatMap(({ rules }) => rules[direction]);
    const [admin, baseline] = [tier('Admin'), network === null ? tier('Baseline') : []];
    const keys = (rules: readonly Rule[]): string => rules.map(({ key }) => key).join('\n');
    const all = [...admin, ...(network ?? []), ...baseline];
    const forPod = new Map<PodEnd, Rule[]>();
    for (const rule of new Set(all)) {
      for (const one of rule.pods ?? []) {
        const known = forPod.get(one);
        if (known === undefined) forPod.set(one, [rule]);
        else known.push(rule);
      }
    }
    return {
      key: [keys(admin), network === null ? 'open' : `closed ${keys(network.toSorted((a, b) => (a.key < b.key ? -1 : 1)))}`, keys(baseline)].join('\n\n'),
      admin,
      network,
      baseline,
      forAll: all.filter(({ pods }) => pods === null),
      forPod,
    };
  }

  #turnsOf({ namespace, labels }: PodEnd): readonly AdminTurn[] {
    if (this.#admin.length === 0) return [];
    const ofNamespace = labelsOfNamespace(namespace, this.#book.namespaces);
    return this.#admin.filter(({ policy: { subject } }) => selectorMatches(subject.namespaceSelector, ofNamespace) && selectorMatches(subject.podSelector, labels));
  }

  /** The ports at which one pod reaches another one. */
  between(source: PodEnd, destination: PodEnd): PortSet {
    const out = openedToPod(this.gate('egress', source), destination, destination.ports);
    return out.length === 0 ? NO_PORTS : intersect(out, openedToPod(this.gate('ingress', destination), source, destination.ports));
  }
}

function closingOf({ metadata: { namespace }, spec }: NetworkPolicy, book: RuleBook): Closing {
  const types = closedDirections(spec);
  return {
    selector: spec.podSelector,
    rules: {
      ingress: types.has('ingress') ? (spec.ingress ?? []).map(({ from = [], ports = [] }) => book.rule(namespace, from, ports)) : null,
      egress: types.has('egress') ? (spec.egress ?? []).map(({ to = [], ports = [] }) => book.rule(namespace, to, ports)) : null,
    },
  };
}

function openedToPod(gate: Gate, other: PodEnd, names: readonly ContainerPort[]): PortSet {
  const named = gate.forPod.get(other);
  if (named === undefined && gate.forAll.length === 0) return gate.network === null ? ALL_PORTS : NO_PORTS;
  const matching = new Set([...gate.forAll, ...(named ?? [])]);
  return passed(gate, (rule) => matching.has(rule), names);
}

/** The ports that a gate lets through for somebody whom these of its rules match. */
function passed({ admin, network, baseline }: Gate, matches: (rule: Rule) => boolean, names: readonly ContainerPort[]): PortSet {
  const allowed: PortSet[] = [];
  /** What a tier hands on: what it passes, and what none of its rules matches. */
  const handedOn = (rules: readonly Rule[], asked: PortSet): PortSet => {
    let left = asked;
    const passing: PortSet[] = [];
    for (const rule of rules) {
      if (!matches(rule)) continue;
      const decided = intersect(left, portsOpened(rule.ports, names));
      left = subtract(left, decided);
      if (rule.action === 'Allow') allowed.push(decided);
      else if (rule.action === 'Pass') passing.push(decided);
    }
    return passing.length === 0 ? left : union([left, ...passing]);
  };
  const undecided = handedOn(admin, ALL_PORTS);
  if (network === null) allowed.push(handedOn(baseline, undecided));
  else allowed.push(intersect(undecided, union(network.filter(matches).map(({ ports }) => portsOpened(ports, names)))));
  return union(allowed);
}

/** A gate as addresses see it: ranges that its rules name, and the ports that are open to somebody who is in certain of them. */
export interface Openable {
  readonly ranges: readonly AddressSet[];
  readonly ports: (isIn: (range: number) => boolean) => PortSet;
}

/** `pod` is the one behind the gate. */
export function openable(gate: Gate, direction: Direction, pod: PodEnd): Openable {
  const rules = [...new Set([...gate.admin, ...(gate.network ?? []), ...gate.baseline])].filter(({ addresses }) => addresses.length > 0);
  const places = new Map(rules.map((rule, i) => [rule, i]));
  // An address has no names for its ports.
  const names = direction === 'ingress' ? pod.ports : [];
  return {
    ranges: rules.map(({ addresses, pods }) => (pods === null ? WORLD : addresses)),
    ports: (isIn) => {
      const matches = (rule: Rule): boolean => {
        const range = places.get(rule);
        return range !== undefined && isIn(range);
      };
      return passed(gate, matches, names);
    },
  };
}
