import { cidrContains, parseCidr } from '../../src/model/address.ts';
import type { AuthorizationPolicy, AuthorizationRule } from '../../src/model/authorization.ts';
import type { PodEnd } from '../../src/policy/evaluate/evaluate.ts';
import type { MeshRequest } from '../../src/policy/istio/request.ts';

/**
 * What a mesh with the trust domain cluster.local is configured with for a policy, written down as it is sent to the proxies: regular expressions for
 * Envoy, lists of matches for ztunnel. With no thought of speed or of reasons; what the evaluator is compared with.
 */

type Verdict = 'match' | 'no match' | 'cannot be said';

export function naivelyAdmitted(policies: readonly AuthorizationPolicy[], workload: PodEnd, plane: 'sidecar' | 'ztunnel', request: MeshRequest): boolean {
  const applying = policies.filter(
    ({ metadata, spec }) =>
      (metadata.namespace === workload.namespace || metadata.namespace === 'istio-system') &&
      Object.entries(spec.selector?.matchLabels ?? {}).every(([key, value]) => workload.labels.get(key) === value),
  );
  const matches = (policy: AuthorizationPolicy): boolean =>
    (policy.spec.rules ?? []).some((rule) => (plane === 'ztunnel' ? ztunnelRule(policy, rule, request) : envoyRule(policy, rule, request)));
  const [allow, deny] = ['ALLOW', 'DENY'].map((action) => applying.filter(({ spec }) => (spec.action ?? 'ALLOW') === action));
  if (deny?.some(matches) === true) return false;
  return allow?.length === 0 || allow?.some(matches) === true;
}

const HTTP_ONLY = /^(request|hosts|methods|paths)/i;

/** Values of fields and conditions alike, as pairs of a name without `not` and of the values in either form. */
function asked(lists: Readonly<Record<string, readonly string[] | undefined>>): readonly { readonly name: string; readonly negative: boolean; readonly values: readonly string[] }[] {
  return Object.entries(lists).map(([field, values = []]) => {
    const negative = /^not[A-Z]/.test(field);
    const name = negative ? `${field.charAt(3).toLowerCase()}${field.slice(4)}` : field;
    return { name, negative, values };
  });
}

function parts(rule: AuthorizationRule): readonly (readonly ReturnType<typeof asked>[])[] {
  return [
    (rule.from ?? []).map(({ source }) => asked(source)),
    (rule.to ?? []).map(({ operation }) => asked(operation)),
    ...(rule.when ?? []).map(({ key, values = [], notValues = [] }) => [
      [
        { name: key, negative: false, values },
        { name: key, negative: true, values: notValues },
      ].filter((one) => one.values.length > 0),
    ]),
  ].filter((alternatives) => alternatives.length > 0);
}

/** "An empty rule is always matched"; HTTP-only fields on TCP make an ALLOW rule skipped, and are skipped in any other. */
function envoyRule({ metadata, spec }: AuthorizationPolicy, rule: AuthorizationRule, request: MeshRequest): boolean {
  const isAllow = (spec.action ?? 'ALLOW') === 'ALLOW';
  if (request.protocol === 'TCP' && isAllow && parts(rule).flat(2).some(({ name }) => HTTP_ONLY.test(name))) return false;
  return parts(rule).every((alternatives) =>
    alternatives.some((fields) =>
      fields
        .filter(({ name }) => request.protocol === 'HTTP' || !HTTP_ONLY.test(name))
        .every(({ name, negative, values }) => values.some((value) => envoyMatch(name, value, metadata.namespace, request)) !== negative),
    ),
  );
}

const quoted = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

/** What StringMatcher makes of a value, as a regular expression over the whole text. */
function stringMatcher(value: string, prefix = ''): RegExp {
  if (value === '*') return /^.+$/s;
  if (value.startsWith('*')) return new RegExp(`^${quoted(prefix)}.*${quoted(value.slice(1))}$`, 's');
  if (value.endsWith('*')) return new RegExp(`^${quoted(prefix + value.slice(0, -1))}.*$`, 's');
  return new RegExp(`^${quoted(prefix + value)}$`, 's');
}

const PCHAR = String.raw`[a-zA-Z0-9\-._~%!$&'()+,;:@`;

export function templateExpression(template: string): RegExp {
  const pattern = template
    .split('/')
    .map((part) => (part === '{*}' ? `${PCHAR}]+` : part === '{**}' ? `${PCHAR}/]*` : quoted(part)))
    .join('/');
  return new RegExp(`^${pattern}$`);
}

function envoyMatch(name: string, value: string, namespace: string, request: MeshRequest): boolean {
  const spiffe = request.principal === null ? '' : `spiffe://${request.principal}`;
  const header = /headers\[(.*)\]$/.exec(name)?.[1]?.toLowerCase();
  if (header !== undefined) return headerMatch(value, request.headers.get(header));
  switch (name) {
    case 'principals':
      return stringMatcher(value, 'spiffe://').test(spiffe);
    case 'namespaces':
    case 'source.namespace':
      return new RegExp(`^.*/ns/${value.replaceAll('*', '.*')}/.*$`).test(spiffe);
    case 'serviceAccounts': {
      const [ns, sa] = value.includes('/') ? value.split('/') : [namespace, value];
      return new RegExp(`^spiffe://.+/ns/${ns}/(.+/|)sa/${sa}(/.+)?$`).test(spiffe);
    }
    case 'ipBlocks':
    case 'remoteIpBlocks':
      return within(value, request.ip);
    case 'destination.ip':
      return within(value, request.destination);
    case 'ports':
    case 'destination.port':
      return Number(value) === request.port;
    case 'hosts':
      return headerMatch(value.toLowerCase(), request.host?.toLowerCase());
    case 'methods':
      return headerMatch(value, request.method ?? undefined);
    case 'paths': {
      if (request.path === null) return false;
      const path = new URL(`http://host${request.path}`).pathname;
      return (value.includes('{') ? templateExpression(value) : stringMatcher(value)).test(path);
    }
    default:
      return false;
  }
}

function headerMatch(value: string, header: string | undefined): boolean {
  return header !== undefined && (value === '*' || stringMatcher(value).test(header));
}

function within(value: string, address: MeshRequest['ip']): boolean {
  const range = parseCidr(value);
  return range !== null && address !== null && cidrContains(range, address);
}

const ZTUNNEL = new Set(['principals', 'namespaces', 'serviceAccounts', 'ipBlocks', 'ports', 'source.namespace', 'destination.port', 'destination.ip']);

/** Clauses of matches; a match without fields is skipped, and a clause is met by any of its matches. */
function ztunnelRule({ metadata, spec }: AuthorizationPolicy, rule: AuthorizationRule, request: MeshRequest): boolean {
  const isAllow = (spec.action ?? 'ALLOW') === 'ALLOW';
  if (isAllow && parts(rule).flat(2).some(({ name }) => !ZTUNNEL.has(name))) return false;
  return parts(rule).every((alternatives) => {
    const verdicts = alternatives.map((fields): Verdict => {
      const honoured = fields.filter(({ name }) => ZTUNNEL.has(name));
      if (honoured.length === 0) return 'cannot be said';
      return honoured.every(({ name, negative, values }) => values.some((value) => ztunnelMatch(name, value, metadata.namespace, request)) !== negative) ? 'match' : 'no match';
    });
    return verdicts.includes('match');
  });
}

function ztunnelMatch(name: string, value: string, namespace: string, request: MeshRequest): boolean {
  const [, ownNamespace = '', account = ''] = /\/ns\/([^/]*)\/sa\/([^/]*)$/.exec(request.principal ?? '') ?? [];
  if (name === 'principals') return request.principal !== null && stringMatcher(value).test(request.principal);
  if (name === 'namespaces' || name === 'source.namespace') return stringMatcher(value).test(ownNamespace);
  if (name === 'serviceAccounts') return (value.includes('/') ? value : `${namespace}/${value}`) === `${ownNamespace}/${account}`;
  return envoyMatch(name, value, namespace, request);
}
