import { cidrCovers, parseAddress, parseCidr } from '../model/address.ts';
import { isLabelKey, isLabelName, isLabelValue, isPortName, isSubdomain } from '../model/names.ts';
import type { EgressRule, IngressRule, NetworkPolicy, PolicyPeer, PolicyPort, PolicyType } from '../model/policy.ts';
import type { LabelSelector, SelectorExpression } from '../model/selector.ts';

/** What an API server says of a NetworkPolicy: the rules of its validation, unknown fields included. */

export interface Problem {
  /** `spec.ingress[0].from[1].ipBlock.cidr` */
  readonly field: string;
  readonly message: string;
}

export interface Validated {
  /** Null if every API server would refuse it. */
  readonly policy: NetworkPolicy | null;
  readonly problems: readonly Problem[];
  /** What only some versions refuse: clusters of the others have such policies. */
  readonly warnings: readonly Problem[];
}

type Fields = Readonly<Record<string, unknown>>;

const METADATA = [
  'name', 'generateName', 'namespace', 'selfLink', 'uid', 'resourceVersion', 'generation', 'creationTimestamp', 'deletionTimestamp',
  'deletionGracePeriodSeconds', 'labels', 'annotations', 'ownerReferences', 'finalizers', 'managedFields',
];

/** Reads an object of kind NetworkPolicy, whatever it holds. A missing namespace is `default`, as kubectl has it. */
export function validatePolicy(object: unknown): Validated {
  const check = new Check();
  const policy = check.policy(object);
  return { policy: check.problems.length === 0 ? policy : null, problems: check.problems, warnings: check.warnings };
}

class Check {
  readonly problems: Problem[] = [];
  readonly warnings: Problem[] = [];

  #say(field: string, message: string): void {
    this.problems.push({ field, message });
  }

  #warn(field: string, message: string): void {
    this.warnings.push({ field, message });
  }

  #fields(value: unknown, field: string, known: readonly string[]): Fields {
    if (value === undefined || value === null) return {};
    if (typeof value !== 'object' || Array.isArray(value)) {
      this.#say(field, 'must be an object');
      return {};
    }
    for (const key of Object.keys(value)) if (!known.includes(key)) this.#say(`${field}.${key}`, 'unknown field');
    return value as Fields;
  }

  #list(value: unknown, field: string): readonly unknown[] {
    if (value === undefined || value === null) return [];
    if (Array.isArray(value)) return value as readonly unknown[];
    this.#say(field, 'must be a list');
    return [];
  }

  policy(object: unknown): NetworkPolicy {
    const top = this.#fields(object, 'policy', ['apiVersion', 'kind', 'metadata', 'spec', 'status']);
    if (top['apiVersion'] !== 'networking.k8s.io/v1') this.#say('apiVersion', `must be networking.k8s.io/v1, not ${JSON.stringify(top['apiVersion'])}`);
    if (top['status'] !== undefined) this.#warn('status', 'is no field since Kubernetes 1.28');
    const metadata = this.#fields(top['metadata'], 'metadata', METADATA);
    const { name, namespace = 'default' } = metadata;
    this.#labels(metadata['labels'], 'metadata.labels');
    for (const [key, value] of this.#texts(metadata['annotations'], 'metadata.annotations')) {
      if (!isLabelKey(key.toLowerCase())) this.#say('metadata.annotations', `${JSON.stringify(key)} is no key of an annotation`);
      if (value === null) this.#say(`metadata.annotations.${key}`, 'must be text');
    }
    if (typeof name !== 'string' || !isSubdomain(name)) this.#say('metadata.name', 'must be a lowercase RFC 1123 subdomain');
    if (typeof namespace !== 'string' || !isLabelName(namespace)) this.#say('metadata.namespace', 'must be a lowercase RFC 1123 label');
    const spec = this.#fields(top['spec'], 'spec', ['podSelector', 'policyTypes', 'ingress', 'egress']);
    const types = this.#list(spec['policyTypes'], 'spec.policyTypes');
    if (types.length > 2) this.#say('spec.policyTypes', 'may not hold more than two items');
    for (const [i, type] of types.entries()) if (type !== 'Ingress' && type !== 'Egress') this.#say(`spec.policyTypes[${i}]`, 'must be Ingress or Egress');
    return {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: typeof name === 'string' ? name : '', namespace: typeof namespace === 'string' ? namespace : '' },
      spec: {
        podSelector: this.#selector(spec['podSelector'], 'spec.podSelector'),
        policyTypes: types as readonly PolicyType[],
        ingress: this.#list(spec['ingress'], 'spec.ingress').map((rule, i) => this.#ingress(rule, `spec.ingress[${i}]`)),
        egress: this.#list(spec['egress'], 'spec.egress').map((rule, i) => this.#egress(rule, `spec.egress[${i}]`)),
      },
    };
  }

  #ingress(value: unknown, field: string): IngressRule {
    const rule = this.#fields(value, field, ['from', 'ports']);
    return { from: this.#peers(rule['from'], `${field}.from`), ports: this.#ports(rule['ports'], `${field}.ports`) };
  }

  #egress(value: unknown, field: string): EgressRule {
    const rule = this.#fields(value, field, ['to', 'ports']);
    return { to: this.#peers(rule['to'], `${field}.to`), ports: this.#ports(rule['ports'], `${field}.ports`) };
  }

  #peers(value: unknown, field: string): readonly PolicyPeer[] {
    return this.#list(value, field).map((item, i): PolicyPeer => {
      const at = `${field}[${i}]`;
      const peer = this.#fields(item, at, ['podSelector', 'namespaceSelector', 'ipBlock']);
      const present = ['podSelector', 'namespaceSelector', 'ipBlock'].filter((key) => peer[key] !== undefined && peer[key] !== null);
      if (present.length === 0) this.#say(at, 'must specify a peer');
      if (present.includes('ipBlock') && present.length > 1) this.#say(at, 'may not specify both ipBlock and another peer');
      return {
        ...(present.includes('podSelector') ? { podSelector: this.#selector(peer['podSelector'], `${at}.podSelector`) } : {}),
        ...(present.includes('namespaceSelector') ? { namespaceSelector: this.#selector(peer['namespaceSelector'], `${at}.namespaceSelector`) } : {}),
        ...(present.includes('ipBlock') ? { ipBlock: this.#block(peer['ipBlock'], `${at}.ipBlock`) } : {}),
      };
    });
  }

  #block(value: unknown, field: string): { readonly cidr: string; readonly except?: readonly string[] } {
    const block = this.#fields(value, field, ['cidr', 'except']);
    const cidr = this.#cidr(block['cidr'], `${field}.cidr`);
    const except = this.#list(block['except'], `${field}.except`).map((item, i) => {
      const hole = this.#cidr(item, `${field}.except[${i}]`);
      const [outer, inner] = [parseCidr(cidr), parseCidr(hole)];
      if (outer !== null && inner !== null && (outer.family !== inner.family || inner.bits <= outer.bits || !cidrCovers(outer, inner))) {
        this.#say(`${field}.except[${i}]`, `must be a strict subset of ${cidr}`);
      }
      return hole;
    });
    return { cidr, ...(except.length > 0 ? { except } : {}) };
  }

  #cidr(value: unknown, field: string): string {
    const cidr = typeof value === 'string' && value.includes('/') ? parseCidr(value) : null;
    if (cidr === null) this.#say(field, 'must be a range such as 10.9.8.0/24 or 2001:db8::/64');
    else if (parseAddress(String(value).replace(/\/.*/, ''))?.value !== cidr.base) this.#warn(field, 'has bits set beyond its length, which servers since Kubernetes 1.36 refuse');
    else if (String(value).toLowerCase().startsWith('::ffff:')) this.#warn(field, 'is IPv4 in IPv6, which servers since Kubernetes 1.36 refuse');
    return String(value);
  }

  #ports(value: unknown, field: string): readonly PolicyPort[] {
    return this.#list(value, field).map((item, i): PolicyPort => {
      const at = `${field}[${i}]`;
      const entry = this.#fields(item, at, ['protocol', 'port', 'endPort']);
      const { protocol, port, endPort } = entry;
      if (protocol !== undefined && protocol !== null && protocol !== 'TCP' && protocol !== 'UDP' && protocol !== 'SCTP') this.#say(`${at}.protocol`, 'must be TCP, UDP or SCTP');
      const isNumber = typeof port === 'number';
      if (isNumber && !isPortNumber(port)) this.#say(`${at}.port`, 'must be between 1 and 65535');
      if (port !== undefined && port !== null && !isNumber && (typeof port !== 'string' || !isPortName(port))) {
        this.#say(`${at}.port`, 'must be a number, or a name of at most 15 lowercase letters, digits and single hyphens with a letter in it');
      }
      if (endPort !== undefined && endPort !== null) {
        if (!isNumber) this.#say(`${at}.endPort`, 'needs a numeric port');
        else if (!isPortNumber(endPort) || (endPort as number) < port) this.#say(`${at}.endPort`, 'must be between the port and 65535');
      }
      return {
        ...(typeof protocol === 'string' ? { protocol: protocol as 'TCP' } : {}),
        ...(isNumber || typeof port === 'string' ? { port } : {}),
        ...(typeof endPort === 'number' ? { endPort } : {}),
      };
    });
  }

  /** A map of texts; what is null is empty text, as the server's decoder has it, and what is no text is null here. */
  #texts(value: unknown, field: string): readonly (readonly [string, string | null])[] {
    if (value === undefined || value === null) return [];
    if (typeof value === 'object' && !Array.isArray(value)) return Object.entries(value).map(([key, text]) => [key, text === null ? '' : typeof text === 'string' ? text : null]);
    this.#say(field, 'must be a map');
    return [];
  }

  #labels(value: unknown, field: string): readonly (readonly [string, string])[] {
    return this.#texts(value, field).map(([key, label]) => {
      if (!isLabelKey(key)) this.#say(field, `${JSON.stringify(key)} is no label key`);
      if (label === null || !isLabelValue(label)) this.#say(`${field}.${key}`, 'must be a label value');
      return [key, label ?? ''];
    });
  }

  #selector(value: unknown, field: string): LabelSelector {
    const selector = this.#fields(value, field, ['matchLabels', 'matchExpressions']);
    const entries = this.#labels(selector['matchLabels'], `${field}.matchLabels`);
    const expressions = this.#list(selector['matchExpressions'], `${field}.matchExpressions`).map((item, i) => this.#expression(item, `${field}.matchExpressions[${i}]`));
    return {
      ...(entries.length > 0 ? { matchLabels: Object.fromEntries(entries) } : {}),
      ...(expressions.length > 0 ? { matchExpressions: expressions } : {}),
    };
  }

  #expression(value: unknown, field: string): SelectorExpression {
    const { key, operator, values } = this.#fields(value, field, ['key', 'operator', 'values']);
    if (typeof key !== 'string' || !isLabelKey(key)) this.#say(`${field}.key`, 'must be a label key');
    const list = this.#list(values, `${field}.values`);
    for (const [i, item] of list.entries()) if (typeof item !== 'string' || !isLabelValue(item)) this.#say(`${field}.values[${i}]`, 'must be a label value');
    if (operator === 'In' || operator === 'NotIn') {
      if (list.length === 0) this.#say(`${field}.values`, `${operator} needs values`);
    } else if (operator === 'Exists' || operator === 'DoesNotExist') {
      if (list.length > 0) this.#say(`${field}.values`, `${operator} takes no values`);
    } else this.#say(`${field}.operator`, 'must be In, NotIn, Exists or DoesNotExist');
    return { key: String(key), operator: operator as 'In', values: list.map(String) };
  }
}

function isPortNumber(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535;
}
