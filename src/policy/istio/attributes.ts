import type { OperationField, SourceField } from '../../model/authorization.ts';

/**
 * What Istio's conditions can ask of a request. Every field of a source and of an operation is the short form of one, so that
 * there is one kind of condition.
 */
export interface Attribute {
  readonly values: ValueKind;
  /** 7: of HTTP alone. */
  readonly layer: 4 | 7;
  /** Whether ztunnel honours it; `field`: as a field, and not as the key of a `when`. */
  readonly ztunnel: boolean | 'field';
}

export type ValueKind = 'text' | 'address' | 'port' | 'service-account' | 'trust-domain' | 'path';

export const SOURCE: Readonly<Record<SourceField, string>> = {
  principals: 'source.principal',
  requestPrincipals: 'request.auth.principal',
  namespaces: 'source.namespace',
  serviceAccounts: 'source.serviceAccount',
  trustDomains: 'source.trustDomain',
  ipBlocks: 'source.ip',
  remoteIpBlocks: 'remote.ip',
};

/** Hosts, methods and paths have no key of their own. */
export const OPERATION: Readonly<Record<OperationField, string>> = {
  hosts: 'hosts',
  ports: 'destination.port',
  methods: 'methods',
  paths: 'paths',
};

const OPERATIONS: ReadonlyMap<string, Attribute> = new Map<string, Attribute>([
  ['hosts', { values: 'text', layer: 7, ztunnel: false }],
  ['methods', { values: 'text', layer: 7, ztunnel: false }],
  ['paths', { values: 'path', layer: 7, ztunnel: false }],
]);

const KEYS: ReadonlyMap<string, Attribute> = new Map<string, Attribute>([
  ['source.principal', { values: 'text', layer: 4, ztunnel: true }],
  ['source.namespace', { values: 'text', layer: 4, ztunnel: true }],
  ['source.serviceAccount', { values: 'service-account', layer: 4, ztunnel: 'field' }],
  ['source.trustDomain', { values: 'trust-domain', layer: 4, ztunnel: false }],
  ['source.ip', { values: 'address', layer: 4, ztunnel: true }],
  ['remote.ip', { values: 'address', layer: 4, ztunnel: false }],
  ['destination.ip', { values: 'address', layer: 4, ztunnel: true }],
  ['destination.port', { values: 'port', layer: 4, ztunnel: true }],
  ['connection.sni', { values: 'text', layer: 4, ztunnel: false }],
  ['request.auth.principal', { values: 'text', layer: 7, ztunnel: false }],
  ['request.auth.audiences', { values: 'text', layer: 7, ztunnel: false }],
  ['request.auth.presenter', { values: 'text', layer: 7, ztunnel: false }],
]);

/** Keys with something in brackets: `request.headers[x-team]`. */
const BRACKETED: readonly (readonly [string, Attribute])[] = [
  ['request.headers', { values: 'text', layer: 7, ztunnel: false }],
  ['request.experimental.inline.headers', { values: 'text', layer: 7, ztunnel: false }],
  ['request.auth.claims', { values: 'text', layer: 7, ztunnel: false }],
  // Metadata of Envoy's filters: of connections too.
  ['experimental.envoy.filters.', { values: 'text', layer: 4, ztunnel: false }],
];

/** What a key of a `when`, or the attribute behind a field, is; null where Istio knows none. */
export function attributeOf(key: string): Attribute | null {
  const known = KEYS.get(key) ?? OPERATIONS.get(key);
  if (known !== undefined) return known;
  const [, attribute] = BRACKETED.find(([prefix]) => key.startsWith(prefix)) ?? [];
  return attribute !== undefined && /^[^[]+\[.+\]$/s.test(key) ? attribute : null;
}

/** As `attributeOf`, of a key that a `when` may have. */
export function conditionAttribute(key: string): Attribute | null {
  return OPERATIONS.has(key) ? null : attributeOf(key);
}

/** What is between the brackets of a key, in small letters: names of headers are told apart by nothing else. */
export function headerOf(key: string): string | null {
  return /^request\.(?:experimental\.inline\.)?headers\[(.+)\]$/s.exec(key)?.[1]?.toLowerCase() ?? null;
}
