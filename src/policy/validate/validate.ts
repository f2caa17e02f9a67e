import { cidrCovers, parseCidr } from '../../model/address.ts';
import { isLabelName, isPortName } from '../../model/names.ts';
import type { EgressRule, IngressRule, NetworkPolicy, PolicyPeer, PolicyPort, PolicyType } from '../../model/policy.ts';
import { FieldCheck, isPortNumber, type Problem } from './field-check.ts';

/** What an API server says of a NetworkPolicy: the rules of its validation, unknown fields included. */

export interface Validated {
  /** Null if every API server would refuse it. */
  readonly policy: NetworkPolicy | null;
  readonly problems: readonly Problem[];
  /** What only some versions refuse: clusters of the others have such policies. */
  readonly warnings: readonly Problem[];
}

/** Groups whose NetworkPolicy is the API's, today or once; other projects have a kind of that name in groups of their own. */
export const NETWORK_POLICY_GROUPS: ReadonlySet<string> = new Set(['networking.k8s.io', 'extensions', '']);

/** Reads an object of kind NetworkPolicy, whatever it holds. A missing namespace is `default`, as kubectl has it. */
export function validatePolicy(object: unknown): Validated {
  const check = new Check();
  const policy = check.policy(object);
  return { policy: check.problems.length === 0 ? policy : null, problems: check.problems, warnings: check.warnings };
}

class Check extends FieldCheck {
  policy(object: unknown): NetworkPolicy {
    const top = this.fields(object, 'policy', ['apiVersion', 'kind', 'metadata', 'spec', 'status']);
    if (top['apiVersion'] !== 'networking.k8s.io/v1') this.say('apiVersion', `must be networking.k8s.io/v1, not ${JSON.stringify(top['apiVersion'])}`);
    if (top['status'] !== undefined) this.warn('status', 'is no field since Kubernetes 1.28');
    const { name, namespace = 'default' } = this.metadata(top['metadata']);
    if (typeof namespace !== 'string' || !isLabelName(namespace)) this.say('metadata.namespace', 'must be a lowercase RFC 1123 label');
    const spec = this.fields(top['spec'], 'spec', ['podSelector', 'policyTypes', 'ingress', 'egress']);
    const types = this.list(spec['policyTypes'], 'spec.policyTypes');
    if (types.length > 2) this.say('spec.policyTypes', 'may not hold more than two items');
    for (const [i, type] of types.entries()) if (type !== 'Ingress' && type !== 'Egress') this.say(`spec.policyTypes[${i}]`, 'must be Ingress or Egress');
    return {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: typeof name === 'string' ? name : '', namespace: typeof namespace === 'string' ? namespace : '' },
      spec: {
        podSelector: this.selector(spec['podSelector'], 'spec.podSelector'),
        policyTypes: types as readonly PolicyType[],
        ingress: this.list(spec['ingress'], 'spec.ingress').map((rule, i) => this.#ingress(rule, `spec.ingress[${i}]`)),
        egress: this.list(spec['egress'], 'spec.egress').map((rule, i) => this.#egress(rule, `spec.egress[${i}]`)),
      },
    };
  }

  #ingress(value: unknown, field: string): IngressRule {
    const rule = this.fields(value, field, ['from', 'ports']);
    return { from: this.#peers(rule['from'], `${field}.from`), ports: this.#ports(rule['ports'], `${field}.ports`) };
  }

  #egress(value: unknown, field: string): EgressRule {
    const rule = this.fields(value, field, ['to', 'ports']);
    return { to: this.#peers(rule['to'], `${field}.to`), ports: this.#ports(rule['ports'], `${field}.ports`) };
  }

  #peers(value: unknown, field: string): readonly PolicyPeer[] {
    return this.list(value, field).map((item, i): PolicyPeer => {
      const at = `${field}[${i}]`;
      const peer = this.fields(item, at, ['podSelector', 'namespaceSelector', 'ipBlock']);
      const present = ['podSelector', 'namespaceSelector', 'ipBlock'].filter((key) => peer[key] !== undefined && peer[key] !== null);
      if (present.length === 0) this.say(at, 'must specify a peer');
      if (present.includes('ipBlock') && present.length > 1) this.say(at, 'may not specify both ipBlock and another peer');
      return {
        ...(present.includes('podSelector') ? { podSelector: this.selector(peer['podSelector'], `${at}.podSelector`) } : {}),
        ...(present.includes('namespaceSelector') ? { namespaceSelector: this.selector(peer['namespaceSelector'], `${at}.namespaceSelector`) } : {}),
        ...(present.includes('ipBlock') ? { ipBlock: this.#block(peer['ipBlock'], `${at}.ipBlock`) } : {}),
      };
    });
  }

  #block(value: unknown, field: string): { readonly cidr: string; readonly except?: readonly string[] } {
    const block = this.fields(value, field, ['cidr', 'except']);
    const cidr = this.cidr(block['cidr'], `${field}.cidr`);
    const except = this.list(block['except'], `${field}.except`).map((item, i) => {
      const hole = this.cidr(item, `${field}.except[${i}]`);
      const [outer, inner] = [parseCidr(cidr), parseCidr(hole)];
      if (outer !== null && inner !== null && (outer.family !== inner.family || inner.bits <= outer.bits || !cidrCovers(outer, inner))) {
        this.say(`${field}.except[${i}]`, `must be a strict subset of ${cidr}`);
      }
      return hole;
    });
    return { cidr, ...(except.length > 0 ? { except } : {}) };
  }

  #ports(value: unknown, field: string): readonly PolicyPort[] {
    return this.list(value, field).map((item, i): PolicyPort => {
      const at = `${field}[${i}]`;
      const entry = this.fields(item, at, ['protocol', 'port', 'endPort']);
      const { protocol, port, endPort } = entry;
      if (protocol !== undefined && protocol !== null && protocol !== 'TCP' && protocol !== 'UDP' && protocol !== 'SCTP') this.say(`${at}.protocol`, 'must be TCP, UDP or SCTP');
      const isNumber = typeof port === 'number';
      if (isNumber && !isPortNumber(port)) this.say(`${at}.port`, 'must be between 1 and 65535');
      if (port !== undefined && port !== null && !isNumber && (typeof port !== 'string' || !isPortName(port))) {
        this.say(`${at}.port`, 'must be a number, or a name of at most 15 lowercase letters, digits and single hyphens with a letter in it');
      }
      if (endPort !== undefined && endPort !== null) {
        if (!isNumber) this.say(`${at}.endPort`, 'needs a numeric port');
        else if (!isPortNumber(endPort) || endPort < port) this.say(`${at}.endPort`, 'must be between the port and 65535');
      }
      return {
        ...(typeof protocol === 'string' ? { protocol: protocol as 'TCP' } : {}),
        ...(isNumber || typeof port === 'string' ? { port } : {}),
        ...(typeof endPort === 'number' ? { endPort } : {}),
      };
    });
  }
}
