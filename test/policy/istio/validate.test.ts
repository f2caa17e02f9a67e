import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { validateAuthorization } from '../../../src/policy/istio/validate.ts';

/** A policy around a spec in YAML. */
function around(spec: string, metadata: object = { name: 'some', namespace: 'shop' }): object {
  return { apiVersion: 'security.istio.io/v1', kind: 'AuthorizationPolicy', metadata, spec: parse(spec) as object };
}

const rule = (text: string): object => around(`{rules: [${text}]}`);
const source = (text: string): object => rule(`{from: [{source: ${text}}]}`);
const operation = (text: string): object => rule(`{to: [{operation: ${text}}]}`);
const when = (text: string): object => rule(`{when: [${text}]}`);
const target = (text: string): object => around(`{targetRefs: [${text}]}`);
const dryRun = (value: unknown, action: string): object => around(`{action: ${action}, provider: ${action === 'CUSTOM' ? '{name: x}' : 'null'}, rules: [{}]}`, { name: 'some', namespace: 'shop', annotations: { 'istio.io/dry-run': value } });
const fields = (object: unknown): readonly string[] => validateAuthorization(object).problems.map(({ field }) => field);

const FROM = 'spec.rules[0].from[0].source';
const TO = 'spec.rules[0].to[0].operation';
const WHEN = 'spec.rules[0].when[0]';

describe('what an API server with Istio takes', () => {
  it.each<[string, object]>([
    ['no rules', around('{}')],
    ['no spec', { ...around('{}'), spec: undefined }],
    ['the older version', { ...around('{}'), apiVersion: 'security.istio.io/v1beta1' }],
    ['an empty rule', rule('{}')],
    ['a status', { ...around('{}'), status: { conditions: [] } }],
    ['a selector', around('{selector: {matchLabels: {app: reviews}}}')],
    ['a label that no pod can have', around("{selector: {matchLabels: {app: 'a b'}}}")],
    ['nulls where something may be missing', around('{selector: null, targetRef: null, targetRefs: null, action: null, provider: null, rules: null}')],
    ['nulls in a rule', rule('{from: null, to: null, when: null}')],
    ['AUDIT without rules', around('{action: AUDIT}')],
    ['CUSTOM with a provider', around('{action: CUSTOM, provider: {name: opa}, rules: [{to: [{operation: {paths: [/x]}}]}]}')],
    ['every field of a source but service accounts', source("{principals: [a], notPrincipals: [b], requestPrincipals: ['*'], notRequestPrincipals: [c], namespaces: [d], notNamespaces: [e], trustDomains: [f], notTrustDomains: ['g*'], ipBlocks: [10.0.0.0/8], notIpBlocks: [10.1.2.3], remoteIpBlocks: ['2001:db8::/32'], notRemoteIpBlocks: ['::1']}")],
    ['service accounts', source('{serviceAccounts: [web, shop/web], notServiceAccounts: [ops]}')],
    ['an empty list beside a full one', source('{principals: [a], namespaces: []}')],
    ['every field of an operation', operation("{hosts: ['*.example.com'], notHosts: [a], ports: ['80'], notPorts: ['0', '65535', '080'], methods: [GET], notMethods: [X], paths: ['/a/{*}'], notPaths: ['*']}")],
    ['every key', when("{key: source.ip, values: [10.0.0.0/8]}, {key: remote.ip, notValues: [10.1.1.1]}, {key: source.namespace, values: [a]}, {key: source.serviceAccount, values: [a/b]}, {key: source.principal, values: [a]}, {key: source.trustDomain, values: [a]}, {key: request.auth.principal, values: [a]}, {key: request.auth.audiences, values: [a]}, {key: request.auth.presenter, values: [a]}, {key: 'request.auth.claims[a][b]', values: [a]}, {key: 'request.headers[X-a]', values: [a]}, {key: destination.ip, values: [10.0.0.1]}, {key: destination.port, values: ['80']}, {key: connection.sni, values: [a]}, {key: 'experimental.envoy.filters.a.b[c]', values: [a]}, {key: 'request.experimental.inline.headers[a]', values: [a]}")],
    ['targets of every kind', target("{kind: Service, name: a}, {kind: Service, group: core, name: a}, {kind: ServiceEntry, group: networking.istio.io, name: a}, {kind: Gateway, group: gateway.networking.k8s.io, name: a}, {kind: GatewayClass, group: gateway.networking.k8s.io, name: istio-waypoint, namespace: ''}")],
    ['a single target', around('{targetRef: {kind: Gateway, group: gateway.networking.k8s.io, name: a}}')],
    ['a dry run of ALLOW', dryRun('true', 'ALLOW')],
    ['a dry run of DENY', dryRun('F', 'DENY')],
    ['512 rules', around(`{rules: [${'{},'.repeat(512)}]}`)],
  ])('%s', (_, object) => {
    const { policy, problems } = validateAuthorization(object);
    expect(problems).toEqual([]);
    expect(policy).not.toBeNull();
  });
});

describe('what it refuses, and where', () => {
  it.each<[string, object, readonly string[]]>([
    ['another group', { ...around('{}'), apiVersion: 'rbac.istio.io/v1' }, ['apiVersion']],
    ['no name', around('{}', { namespace: 'shop' }), ['metadata.name']],
    ['a namespace with a dot', around('{}', { name: 'some', namespace: 'a.b' }), ['metadata.namespace']],
    ['an unknown field', around('{rule: []}'), ['spec.rule']],
    ['an unknown field of a rule', rule('{form: []}'), ['spec.rules[0].form']],
    ['an unknown field of a source', source('{principals: [a], principal: [b]}'), [`${FROM}.principal`]],
    ['an unknown field of an operation', operation('{path: [/a]}'), [`${TO}.path`, TO]],
    ['a source among operations', rule('{to: [{source: {principals: [a]}}]}'), ['spec.rules[0].to[0].source', TO]],
    ['an unknown action', around('{action: allow}'), ['spec.action']],
    ['513 rules', around(`{rules: [${'{},'.repeat(513)}]}`), ['spec.rules']],
    ['a rule that is null', rule('null'), ['spec.rules[0]']],
    ['DENY without rules', around('{action: DENY}'), ['spec.rules']],
    ['DENY with an empty list of rules', around('{action: DENY, rules: []}'), ['spec.rules']],
    ['CUSTOM without rules', around('{action: CUSTOM, provider: {name: a}}'), ['spec.rules']],
    ['CUSTOM without a provider', around('{action: CUSTOM, rules: [{}]}'), ['spec.provider.name']],
    ['a provider without CUSTOM', around('{provider: {name: a}}'), ['spec.provider']],
    ['what CUSTOM cannot ask for', around("{action: CUSTOM, provider: {name: a}, rules: [{from: [{source: {namespaces: [a], ipBlocks: [10.0.0.1]}}, {source: {notRequestPrincipals: [a]}}], when: [{key: 'request.auth.claims[a]', values: [a]}, {key: source.principal, values: [a]}]}]}"), [`${FROM}.namespaces`, 'spec.rules[0].from[1].source.notRequestPrincipals', `${WHEN}.key`, 'spec.rules[0].when[1].key']],
    ['a selector beside targets', around('{selector: {}, targetRefs: [{kind: Service, name: a}]}'), ['spec']],
    ['both forms of targets', around('{targetRef: {kind: Service, name: a}, targetRefs: [{kind: Service, name: a}]}'), ['spec']],
    ['an unknown field of a selector', around('{selector: {matchExpressions: []}}'), ['spec.selector.matchExpressions']],
    ['a wildcard in a selector', around("{selector: {matchLabels: {app: 'a*'}}}"), ['spec.selector.matchLabels']],
    ['a label of 64 letters', around(`{selector: {matchLabels: {app: ${'a'.repeat(64)}}}}`), ['spec.selector.matchLabels.app']],
    ['an empty label', around("{selector: {matchLabels: {'': a}}}"), ['spec.selector.matchLabels']],
    ['a target without a name', target('{kind: Service}'), ['spec.targetRefs[0].name']],
    ['a target in another namespace', target('{kind: Service, name: a, namespace: b}'), ['spec.targetRefs[0].namespace']],
    ['a Gateway without its group', target('{kind: Gateway, name: a}'), ['spec.targetRefs[0]']],
    ['a Pod as a target', target('{kind: Pod, name: a}'), ['spec.targetRefs[0]']],
    ['a Service of another group', target('{kind: Service, group: networking.istio.io, name: a}'), ['spec.targetRefs[0]']],
    ['seventeen targets', target('{kind: Service, name: a},'.repeat(17)), ['spec.targetRefs']],
    ['a source that is missing', rule('{from: [{}]}'), [FROM]],
    ['a source that is empty', source('{}'), [FROM]],
    ['a source of empty lists', source('{principals: []}'), [FROM]],
    ['an empty principal', source("{principals: ['']}"), [`${FROM}.principals[0]`]],
    ['an empty value behind a good one', source("{notNamespaces: [a, '']}"), [`${FROM}.notNamespaces[1]`]],
    ['text instead of a list', source('{principals: a}'), [`${FROM}.principals`, FROM]],
    ['service accounts beside namespaces', source('{serviceAccounts: [a], namespaces: [b]}'), [FROM]],
    ['service accounts beside principals', source('{notServiceAccounts: [a], principals: [b]}'), [FROM]],
    ['a service account with a wildcard', source("{serviceAccounts: ['a/*']}"), [`${FROM}.serviceAccounts[0]`]],
    ['seventeen service accounts', source(`{serviceAccounts: [${'a,'.repeat(17)}]}`), [`${FROM}.serviceAccounts`]],
    ['a range that is none', source('{ipBlocks: [10.0.0.0/33]}'), [`${FROM}.ipBlocks[0]`]],
    ['a name instead of an address', source('{notRemoteIpBlocks: [example.com]}'), [`${FROM}.notRemoteIpBlocks[0]`]],
    ['a trust domain with more in it', source('{trustDomains: [a/ns/b]}'), [`${FROM}.trustDomains[0]`]],
    ['an operation that is missing', rule('{to: [{}]}'), [TO]],
    ['an operation that is empty', operation('{}'), [TO]],
    ['a port that is a number', operation('{ports: [80]}'), [`${TO}.ports[0]`]],
    ['a port that is a name', operation('{ports: [http]}'), [`${TO}.ports[0]`]],
    ['a port beyond the last', operation("{notPorts: ['65536']}"), [`${TO}.notPorts[0]`]],
    ['a path with braces', operation("{paths: ['/a/{id}']}"), [`${TO}.paths[0]`]],
    ['a template with an asterisk', operation("{notPaths: ['/a', '/{*}/*']}"), [`${TO}.notPaths[1]`]],
    ['a condition without a key', when('{values: [a]}'), [`${WHEN}.key`]],
    ['a condition without values', when('{key: source.ip}'), [WHEN]],
    ['an unknown key', when('{key: source.name, values: [a]}'), [`${WHEN}.key`]],
    ['a key of an older version', when("{key: 'destination.labels[app]', values: [a]}"), [`${WHEN}.key`]],
    ['a field as a key', when('{key: paths, values: [/a]}'), [`${WHEN}.key`]],
    ['a header without brackets', when('{key: request.headers, values: [a]}'), [`${WHEN}.key`]],
    ['a header without a name', when("{key: 'request.headers[]', values: [a]}"), [`${WHEN}.key`]],
    ['an empty value of a condition', when("{key: source.principal, values: [a], notValues: ['']}"), [`${WHEN}.notValues[0]`]],
    ['a port of a condition that is none', when('{key: destination.port, values: [http]}'), [`${WHEN}.values[0]`]],
    ['a dry run that is neither', dryRun('yes', 'ALLOW'), ['metadata.annotations']],
    ['a dry run of AUDIT', dryRun('true', 'AUDIT'), ['metadata.annotations']],
    ['a dry run of CUSTOM', dryRun('true', 'CUSTOM'), ['metadata.annotations']],
  ])('%s', (_, object, expected) => {
    expect(fields(object)).toEqual(expected);
    expect(validateAuthorization(object).policy).toBeNull();
  });
});

describe('what is taken, and surely not meant', () => {
  it.each<[string, object, readonly string[]]>([
    ['a selector without labels', around('{selector: {}}'), ['spec.selector']],
    ['empty lists in a rule', rule('{from: [], to: []}'), ['spec.rules[0].from', 'spec.rules[0].to']],
    ['DENY of HTTP alone', around('{action: DENY, rules: [{to: [{operation: {methods: [GET]}}]}]}'), ['spec.rules[0]']],
    ['DENY of HTTP alone, though of some sources', around('{action: DENY, rules: [{from: [{source: {namespaces: [a]}}], to: [{operation: {paths: [/a]}}]}]}'), ['spec.rules[0]']],
    ['DENY of a token alone', around("{action: DENY, rules: [{from: [{source: {notRequestPrincipals: ['*']}}]}]}"), ['spec.rules[0]']],
  ])('%s: with a warning', (_, object, expected) => {
    const { policy, warnings } = validateAuthorization(object);
    expect(policy).not.toBeNull();
    expect(warnings.map(({ field }) => field)).toEqual(expected);
  });

  it.each<[string, object]>([
    ['DENY of everything', around('{action: DENY, rules: [{}]}')],
    ['DENY of HTTP at a port', around("{action: DENY, rules: [{to: [{operation: {methods: [GET], ports: ['80']}}]}]}")],
    ['DENY of a source', around('{action: DENY, rules: [{from: [{source: {namespaces: [a]}}]}]}')],
    ['ALLOW of HTTP alone', operation('{methods: [GET]}')],
  ])('%s: without one', (_, object) => {
    expect(validateAuthorization(object).warnings).toEqual([]);
  });
});

describe('what was read', () => {
  it('is what was written', () => {
    const spec =
      "{selector: {matchLabels: {app: a}}, action: DENY, rules: [{from: [{source: {principals: [a], notIpBlocks: [10.0.0.1]}}], to: [{operation: {ports: ['80'], notPaths: [/a]}}], when: [{key: source.ip, values: [10.0.0.1], notValues: []}]}]}";
    expect(validateAuthorization(around(spec)).policy).toMatchObject({ metadata: { name: 'some', namespace: 'shop' }, spec: parse(spec) as object });
  });

  it('a policy without a namespace is in the default one', () => {
    expect(validateAuthorization(around('{}', { name: 'some' })).policy?.metadata).toEqual({ name: 'some', namespace: 'default' });
  });

  it('of annotations, the one that counts is kept', () => {
    expect(validateAuthorization(dryRun('true', 'ALLOW')).policy?.metadata.annotations).toEqual({ 'istio.io/dry-run': 'true' });
  });
});

describe('whatever it is given', () => {
  it.each<[string, unknown]>([
    ['null', null],
    ['text', 'policy'],
    ['a list', []],
    ['a key that every object has', around('{__proto__: 1, constructor: 2}')],
    ['a prototype for a source', source('{__proto__: [a]}')],
  ])('%s is refused with words', (_, object) => {
    const { policy, problems } = validateAuthorization(object);
    expect(policy).toBeNull();
    expect(problems).not.toEqual([]);
  });

  it('never throws, and never takes what it finds fault with', () => {
    const anything = fc.jsonValue({ maxDepth: 3 });
    const part = fc.oneof(anything, fc.array(fc.oneof(anything, fc.record({ source: anything }), fc.record({ operation: anything }), fc.record({ key: anything, values: anything }))));
    const rules = fc.array(fc.oneof(anything, fc.record({ from: part, to: part, when: part }, { requiredKeys: [] })));
    const spec = fc.record({ action: fc.oneof(anything, fc.constantFrom('DENY', 'CUSTOM')), rules: fc.oneof(anything, rules), targetRefs: anything, selector: anything, provider: anything }, { requiredKeys: [] });
    fc.assert(
      fc.property(fc.oneof(anything, spec.map((own) => around(JSON.stringify(own)))), (object) => {
        const { policy, problems } = validateAuthorization(object);
        expect(policy === null).toBe(problems.length > 0);
      }),
      { numRuns: 500 },
    );
  });
});
