import { cidrCovers, parseCidr } from '../../src/model/address.ts';
import { either, integer, list, map, metadata, object, oneOf, text, where, type Shape } from './shape.ts';

/**
 * What Cilium takes of a CiliumNetworkPolicy (cilium.io/v2): the schema of its definition, and what its agent refuses beyond
 * that. Written from the documentation of its API; only what a policy of ours may hold is known here.
 */

const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const LABEL_KEY = /^(k8s:)?([a-z0-9.-]+\/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

interface Expression {
  readonly operator: string;
  readonly values?: readonly string[];
}

const selector = object({
  matchLabels: map(LABEL_KEY, text(LABEL_VALUE)),
  matchExpressions: list(
    where(object({ key: text(LABEL_KEY), operator: oneOf('In', 'NotIn', 'Exists', 'DoesNotExist'), values: list(text(LABEL_VALUE)) }, ['key', 'operator']), ({ operator, values = [] }: Expression, at) =>
      operator.endsWith('In') === values.length > 0 ? [] : [`${at}: ${operator} with ${values.length} values`],
    ),
  ),
});

const range: Shape = (value, at) => (typeof value === 'string' && parseCidr(value)?.text === value ? [] : [`${at}: ${JSON.stringify(value)} is no range`]);

const cidrRule = where(object({ cidr: range, except: list(range) }, ['cidr']), ({ cidr, except = [] }: { readonly cidr: string; readonly except?: readonly string[] }, at) =>
  except.filter((hole) => !cidrCovers(parseCidr(cidr)!, parseCidr(hole)!)).map((hole) => `${at}: ${hole} is not in ${cidr}`),
);

const entities = list(oneOf('all', 'world', 'cluster', 'host', 'init', 'ingress', 'unmanaged', 'remote-node', 'health', 'none', 'kube-apiserver'), { min: 1 });
const expression = (value: unknown, at: string): readonly string[] => {
  try {
    return new RegExp(String(value)).source.length > 0 ? [] : [`${at} is empty`];
  } catch {
    return [`${at}: ${JSON.stringify(value)} is no regular expression`];
  }
};

const port = object(
  { port: either(text(/^[1-9][0-9]{0,4}$/), text(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/)), endPort: integer(1, 65_535), protocol: oneOf('TCP', 'UDP', 'SCTP') },
  ['port', 'protocol'],
);

interface PortRule {
  readonly ports: readonly { readonly port: string; readonly endPort?: number; readonly protocol: string }[];
  readonly rules?: { readonly http?: readonly unknown[]; readonly dns?: readonly unknown[] };
}

const dnsName = text(/^[-a-zA-Z0-9_]+(\.[-a-zA-Z0-9_]+)*$/);

const portRule = where(
  object(
    {
      ports: list(port, { min: 1, max: 40 }),
      rules: object({ http: list(object({ method: expression, path: expression })), dns: list(either(object({ matchName: dnsName }, ['matchName']), object({ matchPattern: text(/^[-a-zA-Z0-9_*]+(\.[-a-zA-Z0-9_*]+)*$/) }, ['matchPattern']))) }),
    },
    ['ports'],
  ),
  ({ ports, rules = {} }: PortRule, at) => [
    ...(rules.http !== undefined && rules.dns !== undefined ? [`${at}: rules of two kinds`] : []),
    ...(rules.http !== undefined && ports.some(({ protocol }) => protocol !== 'TCP') ? [`${at}: http over ${ports.map(({ protocol }) => protocol).join()}`] : []),
    ...(rules.dns !== undefined && ports.some(({ endPort }) => endPort !== undefined) ? [`${at}: dns at a range of ports`] : []),
    ...ports.filter(({ port: first, endPort }) => endPort !== undefined && !(endPort >= Number(first))).map(({ port: first, endPort }) => `${at}: ports ${first} to ${endPort}`),
  ],
);

interface Rule {
  readonly toPorts?: readonly PortRule[];
  readonly icmps?: unknown;
}

const icmp = object({ fields: list(object({ family: oneOf('IPv4', 'IPv6'), type: integer(0, 255) }, ['type']), { min: 1, max: 40 }) }, ['fields']);

/** One kind of peers a rule, and never none: a rule without peers is for everybody. */
const rule = (peers: Readonly<Record<string, Shape>>): Shape =>
  where(object({ ...peers, toPorts: list(portRule, { min: 1 }), icmps: list(icmp, { min: 1 }) }), (value: Rule, at) => {
    const kinds = Object.keys(peers).filter((key) => key in value);
    if (value.icmps !== undefined && value.toPorts !== undefined) return [`${at}: ports and ICMP in one rule`];
    return kinds.length === 1 ? [] : [`${at} names ${kinds.length === 0 ? 'nobody' : kinds.join(' and ')}`];
  });

const ingress = where(rule({ fromEndpoints: list(selector, { min: 1 }), fromEntities: entities, fromCIDRSet: list(cidrRule, { min: 1 }) }), ({ toPorts = [] }: Rule, at) =>
  toPorts.some(({ rules }) => rules?.dns !== undefined) ? [`${at}: dns at ingress`] : [],
);
const egress = rule({ toEndpoints: list(selector, { min: 1 }), toEntities: entities, toCIDRSet: list(cidrRule, { min: 1 }), toFQDNs: list(object({ matchName: dnsName }, ['matchName']), { min: 1 }) });

interface Spec {
  readonly enableDefaultDeny: Readonly<Record<'ingress' | 'egress', boolean>>;
  readonly ingress?: readonly object[];
  readonly egress?: readonly object[];
}

const spec = where(
  object(
    { endpointSelector: selector, enableDefaultDeny: object({ ingress: oneOf(true, false), egress: oneOf(true, false) }, ['ingress', 'egress']), ingress: list(ingress, { min: 1 }), egress: list(egress, { min: 1 }) },
    ['endpointSelector', 'enableDefaultDeny'],
  ),
  (value: Spec, at) => (['ingress', 'egress'] as const).filter((direction) => value.enableDefaultDeny[direction] !== (value[direction] !== undefined)).map((direction) => `${at}.${direction}: said to be ${value.enableDefaultDeny[direction] ? 'closed' : 'open'}`),
);

const policy = object({ apiVersion: oneOf('cilium.io/v2'), kind: oneOf('CiliumNetworkPolicy'), metadata, spec }, ['apiVersion', 'kind', 'metadata', 'spec']);

export const ciliumProblems = (value: unknown): readonly string[] => policy(value, 'policy');
