import fc from 'fast-check';
import type { AuthorizationAction, AuthorizationPolicy, AuthorizationRule, AuthorizationSpec } from '../../src/model/authorization.ts';
import type { DataPlane } from '../../src/model/mesh.ts';
import type { PodEnd } from '../../src/policy/evaluate/evaluate.ts';
import type { Proxy } from '../../src/policy/istio/attach.ts';
import { AuthorizationSet, type MeshSettings } from '../../src/policy/istio/evaluate.ts';
import type { MeshRequest } from '../../src/policy/istio/request.ts';
import { parsed, podEnd } from './policy.ts';

/** AuthorizationPolicies and requests in few words, and small worlds of them: few values, so that they meet about as often as not. */

export function authorization(spec: AuthorizationSpec, namespace = 'shop', name = 'policy'): AuthorizationPolicy {
  return { apiVersion: 'security.istio.io/v1', kind: 'AuthorizationPolicy', metadata: { name, namespace }, spec };
}

export const SETTINGS: MeshSettings = { rootNamespace: 'istio-system', trustDomains: ['cluster.local'] };

export const reviews: PodEnd = podEnd('shop/reviews', { app: 'reviews' }, { ips: ['10.0.0.2'] });

export function proxyOf(workload: PodEnd, plane: DataPlane = 'sidecar'): Proxy {
  return { plane, workload, service: null, gateway: null };
}

export function meshRequest(given: Partial<Omit<MeshRequest, 'ip' | 'headers'>> & { readonly ip?: string | null; readonly headers?: Readonly<Record<string, string>> } = {}): MeshRequest {
  const { ip = '10.0.0.7', headers = {}, ...rest } = given;
  return {
    port: 9080,
    protocol: 'HTTP',
    principal: 'cluster.local/ns/shop/sa/web',
    host: 'reviews',
    method: 'GET',
    path: '/',
    sni: null,
    destination: parsed('10.0.0.2'),
    ...rest,
    ip: ip === null ? null : parsed(ip),
    headers: new Map(Object.entries(headers)),
  };
}

export function allowed(policies: readonly AuthorizationPolicy[], proxy: Proxy, request: MeshRequest, settings = SETTINGS): boolean | null {
  return new AuthorizationSet(policies, settings).evaluate(proxy, request).allowed;
}

const some = <T>(...values: readonly T[]): fc.Arbitrary<T[]> => fc.subarray([...values], { minLength: 1, maxLength: Math.min(2, values.length) });
const PRINCIPALS = ['cluster.local/ns/shop/sa/web', 'cluster.local/ns/bank/sa/web', 'cluster.local/ns/bank/sa/ops', 'other.example/ns/shop/sa/web'] as const;
const PATHS = ['/', '/a', '/a/b', '/a/b/c', '/a//c', '/b?x=/a', '/x/../a'] as const;

const values = {
  principals: ['*', 'cluster.local/ns/shop/sa/web', 'cluster.local/ns/bank/*', '*/sa/web'],
  namespaces: ['shop', 'b*', '*k', '*'],
  ipBlocks: ['10.0.0.0/24', '10.0.1.1', '0.0.0.0/0'],
  remoteIpBlocks: ['10.0.0.0/24'],
  requestPrincipals: ['*'],
  hosts: ['Reviews', 'rev*', '*'],
  ports: ['80', '9080'],
  methods: ['GET', 'P*', '*'],
  paths: ['/a', '/a/*', '*c', '*', '/a/{*}', '/{**}/c', '/a/{**}'],
} as const;

/** Up to two fields of these, each in either form. */
function fieldsOf(names: readonly (keyof typeof values)[]): fc.Arbitrary<Record<string, string[]>> {
  const field = fc.constantFrom(...names).chain((name) =>
    fc.record({ name: fc.constantFrom<string>(name, `not${name.charAt(0).toUpperCase()}${name.slice(1)}`), list: some(...values[name]) }),
  );
  return fc.array(field, { minLength: 1, maxLength: 2 }).map((fields) => Object.fromEntries(fields.map(({ name, list }) => [name, list])));
}

const source = fc.oneof(
  { weight: 4, arbitrary: fieldsOf(['principals', 'namespaces', 'ipBlocks', 'remoteIpBlocks', 'requestPrincipals']) },
  { weight: 1, arbitrary: some('web', 'bank/web').map((serviceAccounts) => ({ serviceAccounts })) },
);
const operation = fieldsOf(['hosts', 'ports', 'methods', 'paths']);
const condition = fc.oneof(
  some('shop', 'bank').map((list) => ({ key: 'source.namespace', values: list })),
  some('9080', '80').map((list) => ({ key: 'destination.port', notValues: list })),
  some('10.0.0.2', '10.9.0.0/16').map((list) => ({ key: 'destination.ip', values: list })),
  some('yes', '*').map((list) => ({ key: 'request.headers[x-debug]', values: list })),
  some('yes', 'no').map((list) => ({ key: 'request.headers[X-Debug]', notValues: list })),
  some('*.example').map((list) => ({ key: 'connection.sni', notValues: list })),
);

export const rule: fc.Arbitrary<AuthorizationRule> = fc.record(
  {
    from: fc.array(source.map((own) => ({ source: own })), { minLength: 1, maxLength: 2 }),
    to: fc.array(operation.map((own) => ({ operation: own })), { minLength: 1, maxLength: 2 }),
    when: fc.array(condition, { minLength: 1, maxLength: 2 }),
  },
  { requiredKeys: [] },
);

const action = fc.constantFrom<AuthorizationAction>('ALLOW', 'ALLOW', 'DENY', 'AUDIT');

export const authorizationPolicy: fc.Arbitrary<AuthorizationPolicy> = fc
  .record({
    namespace: fc.constantFrom('shop', 'shop', 'istio-system', 'bank'),
    selector: fc.constantFrom(undefined, { matchLabels: { app: 'reviews' } }, { matchLabels: { app: 'details' } }),
    action,
    rules: fc.array(rule, { maxLength: 3 }),
  })
  .map(({ namespace, selector, ...spec }) => authorization({ ...spec, ...(selector === undefined ? {} : { selector }) }, namespace));

export const anyRequest: fc.Arbitrary<MeshRequest> = fc
  .record({
    port: fc.constantFrom(80, 9080),
    protocol: fc.constantFrom('HTTP' as const, 'HTTP' as const, 'TCP' as const),
    principal: fc.constantFrom(null, ...PRINCIPALS),
    ip: fc.constantFrom(null, '10.0.0.7', '10.0.1.1', '2001:db8::1'),
    host: fc.constantFrom(null, 'reviews', 'REVIEWS:80'),
    method: fc.constantFrom('GET', 'POST'),
    path: fc.constantFrom(null, ...PATHS),
    headers: fc.constantFrom<Record<string, string>>({}, { 'x-debug': 'yes' }, { 'x-debug': '' }),
  })
  .map(meshRequest);

export const plane: fc.Arbitrary<'sidecar' | 'ztunnel'> = fc.constantFrom('sidecar', 'ztunnel');
