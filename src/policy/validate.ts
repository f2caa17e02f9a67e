import { cidrCovers, parseCidr } from '../model/address.ts';
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
  /** Null if the API server would refuse it. */
  readonly policy: NetworkPolicy | null;
  readonly problems: readonly Problem[];
}

type Fields = Readonly<Record<string, unknown>>;

/** Reads an object of kind NetworkPolicy, whatever it holds. A missing namespace is `default`, as kubectl has it. */
export function validatePolicy(object: unknown): Validated {
  const check = new Check();
  const policy = check.policy(object);
  return { policy: check.problems.length === 0 ? policy : null, problems: check.problems };
}

class Check {
  readonly problems: Problem[] = [];

  #say(field: string, message: string): void {
    this.problems.push({ field, message });
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
    const metadata = top['metadata'] as Fields | undefined;
    const name = metadata?.['name'];
    const namespace = metadata?.['namespace'] ?? 'default';
    if (typeof name !== 'string' || !isSubdomain(name)) this.#say('metadata.name', 'must be a lowercase RFC 1123 subdomain');
    if (typeof namespace !== 'string' || !isLabelName(namespace)) this.#say('metadata.namespace', 'must be a lowercase RFC 1123 label');
    if (top['spec'] === undefined || top['spec'] === null) this.#say('spec', 'is missing');
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
    const valid = typeof value === 'string' && value.includes('/') && parseCidr(value) !== null;
    if (!valid) this.#say(field, 'must be a range such as 10.9.8.0/24 or 2001:db8::/64');
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

  #selector(value: unknown, field: string): LabelSelector {
    const selector = this.#fields(value, field, ['matchLabels', 'matchExpressions']);
    const labels = selector['matchLabels'] ?? {};
    const entries = typeof labels === 'object' && labels !== null && !Array.isArray(labels) ? Object.entries(labels as Fields) : [];
    for (const [key, label] of entries) {
      if (!isLabelKey(key)) this.#say(`${field}.matchLabels`, `${JSON.stringify(key)} is no label key`);
      if (typeof label !== 'string' || !isLabelValue(label)) this.#say(`${field}.matchLabels.${key}`, 'must be a label value');
    }
    const expressions = this.#list(selector['matchExpressions'], `${field}.matchExpressions`).map((item, i) => this.#expression(item, `${field}.matchExpressions[${i}]`));
    return {
      ...(entries.length > 0 ? { matchLabels: Object.fromEntries(entries.map(([key, label]) => [key, String(label)])) } : {}),
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
