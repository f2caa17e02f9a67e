import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { NetworkPolicy } from '../../../src/model/policy.ts';
import { PolicySet } from '../../../src/policy/evaluate/evaluate.ts';
import { validatePolicy } from '../../../src/policy/validate/validate.ts';
import { connections, policy, world } from '../../support/arbitrary-policy.ts';

/** A policy around a spec in YAML. */
function around(spec: string, metadata: object = { name: 'some', namespace: 'shop' }): object {
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata, spec: parse(spec) as object };
}

const fields = (object: unknown): readonly string[] => validatePolicy(object).problems.map(({ field }) => field);

/** One peer of an ingress rule, in YAML's flow style. */
const peer = (text: string): object => around(`{podSelector: {}, ingress: [{from: [${text}]}]}`);
const port = (text: string): object => around(`{podSelector: {}, ingress: [{ports: [${text}]}]}`);
const range = (text: string): object => peer(`{ipBlock: {cidr: 10.0.0.0/8, except: [${text}]}}`);
const selector = (text: string): object => around(`{podSelector: ${text}}`);

describe('what an API server takes', () => {
  it.each<[string, object]>([
    ['an empty podSelector and nothing else', around('{podSelector: {}}')],
    ['no podSelector', around('{}')],
    ['no spec', { ...around('{}'), spec: undefined }],
    ['a null for a spec', { ...around('{}'), spec: null }],
    ['a null for a label’s value, which is empty text', selector('{matchLabels: {app: null}}')],
    ['nulls where something may be missing', around('{podSelector: null, policyTypes: null, ingress: null, egress: null}')],
    ['egress rules though the types say Ingress', around('{podSelector: {}, policyTypes: [Ingress], egress: [{}]}')],
    ['an empty rule', around('{podSelector: {}, ingress: [{}], egress: [{}]}')],
    ['empty lists in a rule', around('{podSelector: {}, ingress: [{from: [], ports: []}]}')],
    ['both types', around('{podSelector: {}, policyTypes: [Egress, Ingress]}')],
    ['an empty selector as a peer', peer('{podSelector: {}}')],
    ['both selectors in one peer', peer('{podSelector: {}, namespaceSelector: {}}')],
    ['a range with holes', peer('{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16, 10.2.3.4/32]}}')],
    ['IPv6 with holes', peer("{ipBlock: {cidr: 2001:db8::/32, except: ['2001:db8:1::/48']}}")],
    ['all addresses', peer("{ipBlock: {cidr: '::/0'}}")],
    ['an empty port', port('{}')],
    ['a protocol alone', port('{protocol: SCTP}')],
    ['the first and the last port', port('{port: 1, endPort: 65535}')],
    ['a range of one', port('{port: 80, endPort: 80}')],
    ['a name of fifteen letters', port('{port: a23456789-12345}')],
    ['labels with and without a prefix', selector("{matchLabels: {app: web, 'example.com/tier': Front_1.x, empty: ''}}")],
    [
      'all operators',
      selector(
        "{matchExpressions: [{key: a, operator: In, values: [x, '']}, {key: a, operator: NotIn, values: [y]}, {key: a, operator: Exists}, {key: a, operator: DoesNotExist, values: []}]}",
      ),
    ],
    [
      'what the API server adds to the metadata',
      around('{}', { name: 'a.b', namespace: 'shop', uid: 'x', labels: { a: 'b' }, managedFields: [], annotations: {} }),
    ],
  ])('%s', (_, object) => {
    const { policy: taken, problems, warnings } = validatePolicy(object);
    expect({ problems, warnings }).toEqual({ problems: [], warnings: [] });
    expect(taken).not.toBeNull();
  });
});

describe('what an API server refuses, and where', () => {
  it.each<[string, object, readonly string[]]>([
    ['a name with a capital', around('{}', { name: 'Some', namespace: 'shop' }), ['metadata.name']],
    ['no name', around('{}', { namespace: 'shop' }), ['metadata.name']],
    ['no metadata', { ...around('{}'), metadata: undefined }, ['metadata.name']],
    ['a namespace with a dot', around('{}', { name: 'some', namespace: 'a.b' }), ['metadata.namespace']],
    ['a namespace that is a number', around('{}', { name: 'some', namespace: 1 }), ['metadata.namespace']],
    ['an unknown field of the metadata', around('{}', { name: 'some', namespace: 'shop', lables: {} }), ['metadata.lables']],
    ['a label of its own with a blank', around('{}', { name: 'some', namespace: 'shop', labels: { app: 'a b' } }), ['metadata.labels.app']],
    ['an annotation that is a number', around('{}', { name: 'some', namespace: 'shop', annotations: { a: 1 } }), ['metadata.annotations.a']],
    ['metadata that are a list', { ...around('{}'), metadata: [] }, ['metadata', 'metadata.name']],
    ['another version', { ...around('{}'), apiVersion: 'extensions/v1beta1' }, ['apiVersion']],
    ['a spec that is a list', around('[]'), ['spec']],
    ['an unknown field', around('{podSelector: {}, ingres: []}'), ['spec.ingres']],
    ['an unknown field of a rule', around('{ingress: [{to: []}]}'), ['spec.ingress[0].to']],
    ['an unknown field of an egress rule', around('{egress: [{}, {from: []}]}'), ['spec.egress[1].from']],
    ['an unknown type', around('{policyTypes: [Ingress, egress]}'), ['spec.policyTypes[1]']],
    ['three types', around('{policyTypes: [Ingress, Egress, Ingress]}'), ['spec.policyTypes']],
    ['rules that are no list', around('{ingress: {}}'), ['spec.ingress']],
    ['a rule that is no object', around('{egress: [any]}'), ['spec.egress[0]']],
    ['peers that are no list', around('{ingress: [{from: {podSelector: {}}}]}'), ['spec.ingress[0].from']],

    ['an empty peer', peer('{}'), ['spec.ingress[0].from[0]']],
    ['a peer whose only selector is null', peer('{podSelector: null}'), ['spec.ingress[0].from[0]']],
    ['a second peer that is empty', peer('{podSelector: {}}, {}'), ['spec.ingress[0].from[1]']],
    ['a range beside a podSelector', peer('{podSelector: {}, ipBlock: {cidr: 10.0.0.0/8}}'), ['spec.ingress[0].from[0]']],
    ['a range beside a namespaceSelector', peer('{namespaceSelector: {}, ipBlock: {cidr: 10.0.0.0/8}}'), ['spec.ingress[0].from[0]']],
    ['an unknown field of a peer', peer('{podSelector: {}, podSelecter: {}}'), ['spec.ingress[0].from[0].podSelecter']],
    ['a range without its addresses', peer('{ipBlock: {except: [10.0.0.0/8]}}'), ['spec.ingress[0].from[0].ipBlock.cidr']],
    ['an address without a length', peer('{ipBlock: {cidr: 10.0.0.1}}'), ['spec.ingress[0].from[0].ipBlock.cidr']],
    ['a length that is too long', peer('{ipBlock: {cidr: 10.0.0.0/33}}'), ['spec.ingress[0].from[0].ipBlock.cidr']],
    ['a name instead of a range', peer('{ipBlock: {cidr: example.com/24}}'), ['spec.ingress[0].from[0].ipBlock.cidr']],
    ['an address with too large a part', peer('{ipBlock: {cidr: 10.0.0.256/24}}'), ['spec.ingress[0].from[0].ipBlock.cidr']],
    ['IPv6 with a zone', peer("{ipBlock: {cidr: 'fe80::1%eth0/64'}}"), ['spec.ingress[0].from[0].ipBlock.cidr']],
    ['a hole that is no range', range('10.1'), ['spec.ingress[0].from[0].ipBlock.except[0]']],
    ['a hole as large as the range', range('10.0.0.0/8'), ['spec.ingress[0].from[0].ipBlock.except[0]']],
    ['a hole larger than the range', range('10.0.0.0/7'), ['spec.ingress[0].from[0].ipBlock.except[0]']],
    ['a hole outside of the range', range('10.1.0.0/16, 192.168.0.0/16'), ['spec.ingress[0].from[0].ipBlock.except[1]']],
    ['a hole of the other family', range("'2001:db8::/32'"), ['spec.ingress[0].from[0].ipBlock.except[0]']],
    ['an unknown field of a range', peer('{ipBlock: {cidr: 10.0.0.0/8, expect: []}}'), ['spec.ingress[0].from[0].ipBlock.expect']],

    ['port 0', port('{port: 0}'), ['spec.ingress[0].ports[0].port']],
    ['a port beyond the last', port('{port: 65536}'), ['spec.ingress[0].ports[0].port']],
    ['half a port', port('{port: 80.5}'), ['spec.ingress[0].ports[0].port']],
    ['a number in quotes is a name without a letter', port("{port: '80'}"), ['spec.ingress[0].ports[0].port']],
    ['a name of sixteen letters', port('{port: a23456789-123456}'), ['spec.ingress[0].ports[0].port']],
    ['a name with a capital', port('{port: Http}'), ['spec.ingress[0].ports[0].port']],
    ['a name with two hyphens', port('{port: my--port}'), ['spec.ingress[0].ports[0].port']],
    ['a name that begins with a hyphen', port('{port: -http}'), ['spec.ingress[0].ports[0].port']],
    ['a name with an underscore', port('{port: my_port}'), ['spec.ingress[0].ports[0].port']],
    ['an empty name', port("{port: ''}"), ['spec.ingress[0].ports[0].port']],
    ['a port that is true', port('{port: true}'), ['spec.ingress[0].ports[0].port']],
    ['a protocol in small letters', port('{protocol: tcp}'), ['spec.ingress[0].ports[0].protocol']],
    ['ICMP', port('{protocol: ICMP}'), ['spec.ingress[0].ports[0].protocol']],
    ['an end without a port', port('{endPort: 80}'), ['spec.ingress[0].ports[0].endPort']],
    ['an end beside a name', port('{port: http, endPort: 80}'), ['spec.ingress[0].ports[0].endPort']],
    ['an end before the port', port('{port: 80, endPort: 79}'), ['spec.ingress[0].ports[0].endPort']],
    ['an end beyond the last port', port('{port: 80, endPort: 65536}'), ['spec.ingress[0].ports[0].endPort']],
    ['an end in quotes', port("{port: 80, endPort: '90'}"), ['spec.ingress[0].ports[0].endPort']],
    ['an unknown field of a port', port('{port: 80, portEnd: 90}'), ['spec.ingress[0].ports[0].portEnd']],
    ['the second port of an egress rule', around('{egress: [{ports: [{port: 80}, {port: 0}]}]}'), ['spec.egress[0].ports[1].port']],

    ['a label key with a blank', selector("{matchLabels: {'a b': x}}"), ['spec.podSelector.matchLabels']],
    ['a label key with an empty prefix', selector("{matchLabels: {'/app': x}}"), ['spec.podSelector.matchLabels']],
    ['a label value with a blank', selector("{matchLabels: {app: 'a b'}}"), ['spec.podSelector.matchLabels.app']],
    ['a label value of 64 letters', selector(`{matchLabels: {app: ${'a'.repeat(64)}}}`), ['spec.podSelector.matchLabels.app']],
    ['a label value that is a number', selector('{matchLabels: {version: 1}}'), ['spec.podSelector.matchLabels.version']],
    ['labels that are a list', selector('{matchLabels: [app]}'), ['spec.podSelector.matchLabels']],
    ['labels that are text', selector('{matchLabels: app}'), ['spec.podSelector.matchLabels']],
    ['an unknown operator', selector('{matchExpressions: [{key: a, operator: in, values: [x]}]}'), ['spec.podSelector.matchExpressions[0].operator']],
    ['no operator', selector('{matchExpressions: [{key: a}]}'), ['spec.podSelector.matchExpressions[0].operator']],
    ['no key', selector('{matchExpressions: [{operator: Exists}]}'), ['spec.podSelector.matchExpressions[0].key']],
    ['In without values', selector('{matchExpressions: [{key: a, operator: In}]}'), ['spec.podSelector.matchExpressions[0].values']],
    [
      'NotIn with an empty list',
      selector('{matchExpressions: [{key: a, operator: NotIn, values: []}]}'),
      ['spec.podSelector.matchExpressions[0].values'],
    ],
    [
      'Exists with a value',
      selector('{matchExpressions: [{key: a, operator: Exists, values: [x]}]}'),
      ['spec.podSelector.matchExpressions[0].values'],
    ],
    [
      'DoesNotExist with a value',
      selector('{matchExpressions: [{key: a, operator: DoesNotExist, values: [x]}]}'),
      ['spec.podSelector.matchExpressions[0].values'],
    ],
    [
      'a bad value of an expression',
      selector("{matchExpressions: [{key: a, operator: In, values: [x, 'y z']}]}"),
      ['spec.podSelector.matchExpressions[0].values[1]'],
    ],
    ['an unknown field of a selector', selector('{matchLabel: {app: web}}'), ['spec.podSelector.matchLabel']],
    [
      'an unknown field of an expression',
      selector('{matchExpressions: [{key: a, operator: Exists, value: x}]}'),
      ['spec.podSelector.matchExpressions[0].value'],
    ],
    [
      'a bad selector deep in a rule',
      around('{egress: [{to: [{namespaceSelector: {matchLabels: {team: a/b}}}]}]}'),
      ['spec.egress[0].to[0].namespaceSelector.matchLabels.team'],
    ],
  ])('%s', (_, object, expected) => {
    expect(fields(object)).toEqual(expected);
    expect(validatePolicy(object).policy).toBeNull();
  });

  it('says everything that is wrong at once, in the order of the fields', () => {
    const object = around('{policyTypes: [x], ingress: [{from: [{}]}], egress: [{ports: [{port: 0, protocol: x}]}]}', {
      name: 'A',
      namespace: 'shop',
    });
    expect(fields(object)).toEqual([
      'metadata.name',
      'spec.policyTypes[0]',
      'spec.ingress[0].from[0]',
      'spec.egress[0].ports[0].protocol',
      'spec.egress[0].ports[0].port',
    ]);
  });
});

describe('what only some versions of an API server refuse', () => {
  it.each<[string, object, readonly string[]]>([
    ['host bits', peer('{ipBlock: {cidr: 10.1.2.3/8}}'), ['spec.ingress[0].from[0].ipBlock.cidr']],
    ['host bits of IPv6', peer("{ipBlock: {cidr: '2001:db8::1/64'}}"), ['spec.ingress[0].from[0].ipBlock.cidr']],
    ['host bits of a hole', range('10.1.2.3/16'), ['spec.ingress[0].from[0].ipBlock.except[0]']],
    ['IPv4 in IPv6', peer("{ipBlock: {cidr: '::ffff:10.0.0.0/104'}}"), ['spec.ingress[0].from[0].ipBlock.cidr']],
    ['a status', { ...around('{}'), status: {} }, ['status']],
  ])('%s is taken, with a warning', (_, object, expected) => {
    const { policy: taken, problems, warnings } = validatePolicy(object);
    expect(problems).toEqual([]);
    expect(warnings.map(({ field }) => field)).toEqual(expected);
    expect(taken).not.toBeNull();
  });
});

describe('what was read', () => {
  it('is what was written', () => {
    const spec =
      '{podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress], ingress: [{from: [{namespaceSelector: {}, podSelector: {}}, {ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}], ports: [{port: http}, {protocol: UDP, port: 80, endPort: 90}]}]}';
    expect(validatePolicy(around(spec)).policy).toMatchObject({ metadata: { name: 'some', namespace: 'shop' }, spec: parse(spec) as object });
  });

  it('a policy without a namespace is in the default one', () => {
    expect(validatePolicy(around('{}', { name: 'some' })).policy?.metadata).toMatchObject({ name: 'some', namespace: 'default' });
  });

  it('an empty podSelector of a peer does not get lost', () => {
    const read = validatePolicy(peer('{namespaceSelector: {matchLabels: {a: b}}, podSelector: {}}, {podSelector: {}}')).policy;
    expect(read?.spec.ingress?.[0]?.from).toEqual([{ namespaceSelector: { matchLabels: { a: 'b' } }, podSelector: {} }, { podSelector: {} }]);
  });

  it('means what was written, for all policies', () => {
    fc.assert(
      fc.property(world, fc.array(policy, { minLength: 1, maxLength: 3 }), (small, written) => {
        const read = written.map((one) => validatePolicy(JSON.parse(JSON.stringify(one))));
        expect(read.flatMap(({ problems }) => problems)).toEqual([]);
        const sets = [written, read.map((one) => one.policy!)].map((all: readonly NetworkPolicy[]) => new PolicySet(all, small.around));
        const [before, after] = sets.map((set) =>
          connections(small).map(({ from, to, port: asked, protocol }) => set.evaluate(from, to, asked, protocol).allowed),
        );
        expect(after).toEqual(before);
      }),
      { numRuns: 60 },
    );
  });
});

describe('whatever it is given', () => {
  it.each([
    undefined,
    null,
    0,
    '',
    'NetworkPolicy',
    [],
    [around('{}')],
    { spec: 1 },
    { metadata: [] },
    { metadata: 'x' },
    JSON.parse('{"__proto__": {"apiVersion": "networking.k8s.io/v1"}}'),
  ])('%j is refused, not thrown at', (object) => {
    expect(validatePolicy(object).policy).toBeNull();
    expect(validatePolicy(object).problems).not.toEqual([]);
  });

  it('never throws, and never takes what it finds fault with', () => {
    const anything = fc.jsonValue({ maxDepth: 3 });
    const spec = fc.record(
      {
        podSelector: anything,
        policyTypes: anything,
        ingress: fc.oneof(anything, fc.array(anything)),
        egress: fc.oneof(anything, fc.array(fc.record({ to: anything, ports: anything }))),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        fc.oneof(
          anything,
          spec.map((own) => around(JSON.stringify(own))),
        ),
        (object) => {
          const { policy: taken, problems } = validatePolicy(object);
          expect(taken === null).toBe(problems.length > 0);
        },
      ),
      { numRuns: 300 },
    );
  });
});
