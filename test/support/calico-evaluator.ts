import { cidrContains, parseCidr, type Address } from '../../src/model/address.ts';
import type { End, PodEnd, PolicyProtocol } from '../../src/policy/evaluate/evaluate.ts';
import { parseSelector, type Matches } from './calico-selector.ts';

/**
 * Policies of Calico's default tier as its documentation says that they work, written for tests alone; staged ones as if they
 * were enforced. All of ours have one order, and no rule but such that allow: the first that matches decides.
 */

interface Entity {
  readonly nets?: readonly string[];
  readonly notNets?: readonly string[];
  readonly selector?: string;
  readonly namespaceSelector?: string;
  readonly ports?: readonly (number | string)[];
}

interface Rule {
  readonly action: string;
  readonly protocol?: string;
  readonly source?: Entity;
  readonly destination?: Entity;
}

export interface CalicoPolicy {
  readonly metadata: { readonly namespace: string };
  readonly spec: { readonly selector: string; readonly types: readonly string[]; readonly ingress?: readonly Rule[]; readonly egress?: readonly Rule[] };
}

export class CalicoPolicies {
  readonly #policies: readonly CalicoPolicy[];
  readonly #parsed = new Map<string, Matches>();

  constructor(policies: readonly CalicoPolicy[]) {
    this.#policies = policies;
  }

  allows(source: End, destination: End, port: number, protocol: PolicyProtocol): boolean {
    return this.#lets('Egress', source, source, destination, port, protocol) && this.#lets('Ingress', destination, source, destination, port, protocol);
  }

  #lets(type: 'Ingress' | 'Egress', self: End, source: End, destination: End, port: number, protocol: PolicyProtocol): boolean {
    if (self.kind !== 'pod') return true;
    const own = this.#policies.filter(({ metadata, spec }) => metadata.namespace === self.namespace && spec.types.includes(type) && this.#matches(spec.selector, self.labels));
    if (own.length === 0) return true;
    for (const { metadata, spec } of own) {
      for (const rule of spec[type === 'Ingress' ? 'ingress' : 'egress'] ?? []) {
        if (rule.protocol !== undefined && rule.protocol !== protocol) continue;
        if (!this.#is(rule.source ?? {}, source, metadata.namespace) || !this.#is(rule.destination ?? {}, destination, metadata.namespace)) continue;
        if (hasPort(rule.destination?.ports, port, protocol, destination)) return rule.action === 'Allow';
      }
    }
    return false;
  }

  #is({ nets, notNets = [], selector, namespaceSelector }: Entity, end: End, namespace: string): boolean {
    const addresses = end.kind === 'pod' ? end.addresses : [end.address];
    if (nets !== undefined && !addresses.some((address) => nets.some((net) => contains(net, address)))) return false;
    if (addresses.some((address) => notNets.some((net) => contains(net, address)))) return false;
    if (selector === undefined && namespaceSelector === undefined) return true;
    // Selectors match endpoints alone; without a namespace those of the policy's own.
    if (end.kind !== 'pod') return false;
    return (selector === undefined || this.#matches(selector, end.labels)) && this.#isIn(end, namespaceSelector, namespace);
  }

  #isIn(pod: PodEnd, namespaceSelector: string | undefined, namespace: string): boolean {
    if (namespaceSelector === undefined) return pod.namespace === namespace;
    return this.#matches(namespaceSelector, new Map([['kubernetes.io/metadata.name', pod.namespace], ['projectcalico.org/name', pod.namespace]]));
  }

  #matches(expression: string, labels: ReadonlyMap<string, string>): boolean {
    let parsed = this.#parsed.get(expression);
    if (parsed === undefined) this.#parsed.set(expression, (parsed = parseSelector(expression)));
    return parsed(labels);
  }
}

function contains(net: string, address: Address): boolean {
  const range = parseCidr(net);
  return range !== null && cidrContains(range, address);
}

function hasPort(ports: readonly (number | string)[] | undefined, port: number, protocol: PolicyProtocol, destination: End): boolean {
  if (ports === undefined) return true;
  return ports.some((own) => {
    const [, first, last] = /^([0-9]+):([0-9]+)$/.exec(String(own)) ?? [];
    if (first !== undefined) return port >= Number(first) && port <= Number(last);
    if (typeof own === 'number') return port === own;
    return destination.kind === 'pod' && destination.ports.some((named) => named.name === own && named.protocol === protocol && named.port === port);
  });
}
