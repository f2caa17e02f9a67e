import { cidrContains, parseCidr, type Address } from '../../src/model/address.ts';
import type { Direction, IpBlock } from '../../src/model/proposal.ts';
import type { LabelSelector } from '../../src/model/selector.ts';
import type { End, PodEnd, PolicyProtocol } from '../../src/policy/evaluate/evaluate.ts';

/**
 * CiliumNetworkPolicies as Cilium's documentation says that they work, written for tests alone: peers are told by the labels of
 * their identity, ranges hold what is outside alone, and a name opens the addresses that a lookup through the DNS proxy gave.
 */

interface CiliumRule {
  readonly fromEndpoints?: readonly LabelSelector[];
  readonly toEndpoints?: readonly LabelSelector[];
  readonly fromEntities?: readonly string[];
  readonly toEntities?: readonly string[];
  readonly fromCIDRSet?: readonly IpBlock[];
  readonly toCIDRSet?: readonly IpBlock[];
  readonly toFQDNs?: readonly { readonly matchName: string }[];
  readonly toPorts?: readonly PortRule[];
}

interface PortRule {
  readonly ports: readonly { readonly port: string; readonly endPort?: number; readonly protocol?: string }[];
  readonly rules?: { readonly http?: readonly { readonly method: string; readonly path: string }[]; readonly dns?: readonly { readonly matchName?: string; readonly matchPattern?: string }[] };
}

export interface CiliumPolicy {
  readonly metadata: { readonly namespace: string };
  readonly spec: {
    readonly endpointSelector: LabelSelector;
    readonly enableDefaultDeny?: Partial<Record<Direction, boolean>>;
    readonly ingress?: readonly CiliumRule[];
    readonly egress?: readonly CiliumRule[];
  };
}

export interface CiliumWorld {
  readonly nodes: ReadonlySet<string>;
  readonly apiservers: ReadonlySet<string>;
  /** What the cluster's DNS answers. */
  readonly dns: ReadonlyMap<string, readonly string[]>;
  /** Whoever can be asked for a name. */
  readonly ends: readonly End[];
}

export interface Request {
  readonly method: string;
  readonly path: string;
}

type Labels = ReadonlyMap<string, string>;

const NAMESPACE = 'io.kubernetes.pod.namespace';

export class CiliumPolicies {
  readonly #policies: readonly CiliumPolicy[];
  readonly #world: CiliumWorld;

  constructor(policies: readonly CiliumPolicy[], world: CiliumWorld) {
    this.#policies = policies;
    this.#world = world;
  }

  allows(source: End, destination: End, port: number, protocol: PolicyProtocol, request?: Request): boolean {
    return this.#lets('egress', source, destination, destination, port, protocol, request) && this.#lets('ingress', destination, source, destination, port, protocol, request);
  }

  #lets(direction: Direction, self: End, other: End, destination: End, port: number, protocol: PolicyProtocol, request?: Request): boolean {
    if (self.kind !== 'pod') return true;
    const own = this.#selecting(self);
    if (!own.some(({ spec }) => spec.enableDefaultDeny?.[direction] ?? spec[direction] !== undefined)) return true;
    const open = own.flatMap((policy) => (policy.spec[direction] ?? []).filter((rule) => this.#names(rule, policy, self, other)).map(({ toPorts }) => toPorts));
    const lists = open.flatMap((toPorts) => (toPorts === undefined ? [null] : toPorts.filter((list) => this.#hasPort(list, direction, port, protocol, destination))));
    // A list without requests opens all of them, whatever others say.
    if (lists.some((list) => list?.rules?.http === undefined)) return true;
    return lists.some((list) => request === undefined || list?.rules?.http?.some(({ method, path }) => isWhole(method, request.method) && isWhole(path, request.path)));
  }

  #hasPort({ ports }: PortRule, direction: Direction, port: number, protocol: PolicyProtocol, destination: End): boolean {
    return ports.some((own) => {
      if (own.protocol !== undefined && own.protocol !== protocol) return false;
      if (/^[0-9]+$/.test(own.port)) return port >= Number(own.port) && port <= (own.endPort ?? Number(own.port));
      // On its way in a name is what the pod itself calls so; on its way out what all pods do, and nothing where they differ.
      const pods = (direction === 'ingress' ? [destination] : this.#world.ends).flatMap((end) => (end.kind === 'pod' ? end.ports : []));
      const numbers = new Set(pods.filter((named) => named.name === own.port && named.protocol === protocol).map((named) => named.port));
      return numbers.size === 1 && numbers.has(port);
    });
  }

  #selecting(pod: PodEnd): readonly CiliumPolicy[] {
    return this.#policies.filter(({ metadata, spec }) => metadata.namespace === pod.namespace && matches(spec.endpointSelector, this.#identity(pod)));
  }

  #names(rule: CiliumRule, policy: CiliumPolicy, self: PodEnd, other: End): boolean {
    const identity = this.#identity(other);
    const { fromEndpoints, toEndpoints, fromEntities, toEntities, fromCIDRSet, toCIDRSet, toFQDNs } = rule;
    const told = [
      ...(fromEndpoints ?? toEndpoints ?? []).map((selector) => matches(withNamespace(selector, policy.metadata.namespace), identity)),
      ...(fromEntities ?? toEntities ?? []).map((entity) => identity.has(`reserved:${entity}`)),
      ...(fromCIDRSet ?? toCIDRSet ?? []).map((block) => identity.has('reserved:world') && other.kind === 'address' && holds(block, other.address)),
      ...(toFQDNs ?? []).map(({ matchName }) => identity.has('reserved:world') && other.kind === 'address' && this.#learns(self, matchName) && (this.#world.dns.get(matchName) ?? []).includes(other.address.text)),
    ];
    const isForAll = [fromEndpoints, toEndpoints, fromEntities, toEntities, fromCIDRSet, toCIDRSet, toFQDNs].every((peers) => peers === undefined);
    return isForAll || told.includes(true);
  }

  /** A name is learned from a lookup that the pod may make, and that goes through the proxy. */
  #learns(pod: PodEnd, name: string): boolean {
    return this.#selecting(pod).some((policy) =>
      (policy.spec.egress ?? []).some(
        (rule) =>
          rule.toFQDNs === undefined &&
          rule.toPorts?.some(({ ports, rules }) => ports.some(({ protocol }) => protocol === 'UDP') && rules?.dns?.some((dns) => dns.matchName === name || dns.matchPattern === '*') === true) === true &&
          this.#world.ends.some((end) => end !== pod && this.#names(rule, policy, pod, end)),
      ),
    );
  }

  #identity(end: End): Labels {
    if (end.kind === 'pod') return new Map([...[...end.labels].map(([key, value]) => [`k8s:${key}`, value] as const), [`k8s:${NAMESPACE}`, end.namespace]]);
    const { text } = end.address;
    const reserved = [...(this.#world.nodes.has(text) ? ['remote-node'] : ['world']), ...(this.#world.apiservers.has(text) ? ['kube-apiserver'] : [])];
    return new Map(reserved.map((name) => [`reserved:${name}`, '']));
  }
}

/** Within a policy of a namespace, a selector that names none means that one. */
function withNamespace(selector: LabelSelector, namespace: string): LabelSelector {
  const keys = [...Object.keys(selector.matchLabels ?? {}), ...(selector.matchExpressions ?? []).map(({ key }) => key)];
  return keys.some((key) => key.replace(/^(k8s|any):/, '') === NAMESPACE) ? selector : { ...selector, matchLabels: { ...selector.matchLabels, [`k8s:${NAMESPACE}`]: namespace } };
}

/** A key without a source is that of any. */
function valueOf(labels: Labels, key: string): string | undefined {
  if (/^(k8s|reserved):/.test(key)) return labels.get(key);
  const bare = key.replace(/^any:/, '');
  return [...labels].find(([own]) => own.replace(/^[a-z0-9]+:/, '') === bare)?.[1];
}

function matches({ matchLabels = {}, matchExpressions = [] }: LabelSelector, labels: Labels): boolean {
  const isMet = matchExpressions.every(({ key, operator, values = [] }) => {
    const value = valueOf(labels, key);
    if (operator === 'Exists' || operator === 'DoesNotExist') return (value !== undefined) === (operator === 'Exists');
    return (value !== undefined && values.includes(value)) === (operator === 'In');
  });
  return isMet && Object.entries(matchLabels).every(([key, value]) => valueOf(labels, key) === value);
}

function holds({ cidr, except = [] }: IpBlock, address: Address): boolean {
  const isIn = (text: string): boolean => {
    const range = parseCidr(text);
    return range !== null && cidrContains(range, address);
  };
  return isIn(cidr) && !except.some(isIn);
}

const isWhole = (pattern: string, text: string): boolean => new RegExp(`^(?:${pattern})$`).test(text);
