import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calico } from '../../src/export/calico.ts';
import { namespaceExpression, selectorExpression } from '../../src/export/calico-selector.ts';
import type { RulePeer, ProposedRule } from '../../src/model/proposal.ts';
import { workloadPeer } from '../../src/model/peer.ts';
import { selectorMatches } from '../../src/model/selector.ts';
import { anyText } from '../support/any-text.ts';
import { podSelector } from '../support/arbitrary-policy.ts';
import { parseSelector } from '../support/calico-selector.ts';
import { policySet, proposal, type Proposed } from '../support/rendering.ts';

interface Rendered {
  readonly name: string;
  readonly content: string;
  readonly object: { readonly metadata: { readonly name: string }; readonly spec: { readonly ingress?: readonly unknown[]; readonly egress?: readonly unknown[] } };
}

const render = (proposed: Proposed, enforced = true): Rendered => calico.render(policySet([proposal(proposed)]), { enforced })[0] as Rendered;
const workload = (namespace: string): RulePeer => ({ type: 'workload', workload: workloadPeer({ cluster: '', namespace, kind: 'Deployment', name: 'web' }), selector: { matchLabels: { app: 'web' } } });

function rulesOf(rule: Partial<ProposedRule>): readonly unknown[] {
  const { spec } = render({ rules: [rule] }).object;
  return spec.ingress ?? spec.egress ?? [];
}

describe('Calico’s policies', () => {
  it('are staged until they are to be enforced, in the default tier where NetworkPolicies have theirs', () => {
    const spec = { tier: 'default', order: 1000, selector: "app == 'cart'", types: ['Ingress'], ingress: [{ action: 'Allow', protocol: 'TCP', source: { selector: "app == 'web'" }, destination: { ports: [8080] } }] };
    const metadata = { name: 'cart', namespace: 'shop', labels: { 'app.kubernetes.io/managed-by': 'footpath' } };
    expect(render({}, false).object).toEqual({ apiVersion: 'projectcalico.org/v3', kind: 'StagedNetworkPolicy', metadata, spec: { stagedAction: 'Set', ...spec } });
    expect(render({}).object).toEqual({ apiVersion: 'projectcalico.org/v3', kind: 'NetworkPolicy', metadata, spec });
    expect([render({}, false).content.includes('# staged: '), render({}).content.includes('staged')]).toEqual([true, false]);
  });

  it('close a whole namespace without a rule', () => {
    for (const enforced of [true, false]) {
      expect(calico.render(policySet([], ['shop']), { enforced })[0]).toMatchObject({ name: 'shop__default-deny.yaml', object: { spec: { selector: 'all()', types: ['Ingress', 'Egress'] } } });
    }
  });

  it('keep to the default tier where a dot would lead to another, in files of the same name', () => {
    const names = ['cart', 'cart.v2', 'default.cart', 'security.cart'].map((name) => render({ name }));
    expect(names.map(({ name, object }) => [name, object.metadata.name])).toEqual([
      ['shop__cart.yaml', 'cart'],
      ['shop__cart.v2.yaml', 'default.cart.v2'],
      ['shop__default.cart.yaml', 'default.default.cart'],
      ['shop__security.cart.yaml', 'default.security.cart'],
    ]);
  });

  it('name pods of another namespace by its name, and of the own without', () => {
    expect(rulesOf({ whom: [workload('shop'), workload('bank'), { type: 'namespace', namespace: 'pay' }] })).toMatchObject([
      { source: { selector: "app == 'web'" } },
      { source: { selector: "app == 'web'", namespaceSelector: "kubernetes.io/metadata.name == 'bank'" } },
      { source: { namespaceSelector: "kubernetes.io/metadata.name == 'pay'" } },
    ]);
  });

  it('have a rule a protocol, each with its own ports', () => {
    const ports = [{ port: 80, protocol: 'TCP' }, { port: 53, protocol: 'UDP' }, { port: 8000, endPort: 8010 }, { port: 'http', protocol: 'TCP' }, { port: 90, endPort: 90, protocol: 'TCP' }, { protocol: 'SCTP' }] as const;
    expect(rulesOf({ ports })).toMatchObject([
      { protocol: 'TCP', destination: { ports: [80, '8000:8010', 'http', 90] } },
      { protocol: 'UDP', destination: { ports: [53] } },
      { protocol: 'SCTP', destination: {} },
    ]);
    expect(render({ rules: [{ ports, comment: 'from shop/web' }] }).content.match(/# (from shop\/web|as above)/g)).toEqual(['# from shop/web', '# as above', '# as above']);
  });

  it('have a rule a family of addresses, and one for each range with exceptions', () => {
    const blocks = [{ cidr: '198.51.100.7/32' }, { cidr: '2001:db8::1/128' }, { cidr: '198.51.100.8/32' }, { cidr: '0.0.0.0/0', except: ['10.0.0.0/8'] }];
    const nets = [{ nets: ['198.51.100.7/32', '198.51.100.8/32'] }, { nets: ['2001:db8::1/128'] }, { nets: ['0.0.0.0/0'], notNets: ['10.0.0.0/8'] }];
    const whom: readonly RulePeer[] = [{ type: 'addresses', of: 'external', blocks, names: [] }];
    expect(rulesOf({ whom })).toEqual(nets.map((source) => ({ action: 'Allow', protocol: 'TCP', source, destination: { ports: [8080] } })));
    expect(rulesOf({ whom, direction: 'egress' })).toEqual(nets.map((destination) => ({ action: 'Allow', protocol: 'TCP', destination: { ...destination, ports: [8080] } })));
  });
});

describe('pings', () => {
  const addresses: RulePeer = { type: 'addresses', of: 'external', blocks: [{ cidr: '198.51.100.7/32' }, { cidr: '2001:db8::1/128' }], names: [] };
  const echo = { direction: 'ingress', edges: ['e'], comment: 'from shop/web', notes: ['ICMP from shop/web is used'] } as const;

  it('are echo requests of their family, and no longer what cannot be named', () => {
    const { content, object } = render({ echoes: [{ ...echo, protocol: 'ICMP', whom: workload('bank') }, { ...echo, protocol: 'ICMPv6', whom: addresses }], notes: echo.notes });
    expect(object.spec.ingress?.slice(1)).toEqual([
      { action: 'Allow', ipVersion: 4, protocol: 'ICMP', icmp: { type: 8 }, source: { selector: "app == 'web'", namespaceSelector: "kubernetes.io/metadata.name == 'bank'" } },
      { action: 'Allow', ipVersion: 6, protocol: 'ICMPv6', icmp: { type: 128 }, source: { nets: ['2001:db8::1/128'] } },
    ]);
    expect(content).not.toContain('# note: ');
  });
});

describe('selectors', () => {
  it.each([
    [{}, 'all()'],
    [{ matchLabels: { b: '2', a: '1' } }, "a == '1' && b == '2'"],
    [{ matchLabels: { 'app.kubernetes.io/name': '' } }, "app.kubernetes.io/name == ''"],
    [{ matchExpressions: [{ key: 'a', operator: 'In' as const, values: ['x', 'y'] }, { key: 'b', operator: 'NotIn' as const, values: ['z'] }] }, "a in { 'x', 'y' } && b not in { 'z' }"],
    [{ matchExpressions: [{ key: 'a', operator: 'Exists' as const }, { key: 'b', operator: 'DoesNotExist' as const }] }, 'has(a) && !has(b)'],
  ])('%j is %s', (selector, expression) => expect(selectorExpression(selector)).toBe(expression));

  it('match what the API’s match', () => {
    const labels = fc.dictionary(fc.constantFrom('app', 'tier'), fc.constantFrom('a', 'b', ''), { noNullPrototype: true }).map((own) => new Map(Object.entries(own)));
    fc.assert(
      fc.property(podSelector, labels, (selector, own) => {
        expect(parseSelector(selectorExpression(selector))(own)).toBe(selectorMatches(selector, own));
      }),
      { numRuns: 500 },
    );
  });

  it('hold nothing that is no label: there is no way out of a quote', () => {
    fc.assert(
      fc.property(anyText(12), (text) => {
        const attempts = [() => selectorExpression({ matchLabels: { app: text } }), () => selectorExpression({ matchLabels: { [text]: 'x' } }), () => namespaceExpression(text)];
        const isPlain = /^[A-Za-z0-9._/-]+$/.test(text);
        for (const attempt of attempts) if (!isPlain && text !== '') expect(attempt).toThrow('a selector cannot hold it');
      }),
    );
    for (const text of ["x' || has(app)", "'", '"', 'a b', 'x\n']) expect(() => selectorExpression({ matchLabels: { app: text } })).toThrow('no value');
  });
});
