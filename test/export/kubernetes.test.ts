import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { defaultDenyPolicy, kubernetes } from '../../src/export/kubernetes.ts';
import type { RenderedFile } from '../../src/exporter.ts';
import { validatePolicy } from '../../src/policy/validate/validate.ts';
import { policySet, proposal, type Proposed } from '../support/rendering.ts';

const render = (...proposed: readonly Proposed[]): readonly RenderedFile[] => kubernetes.render(policySet(proposed.map(proposal)));
const text = (proposed: Proposed): string => render(proposed)[0]?.content ?? '';

describe('NetworkPolicies as files', () => {
  it('two of one name are refused: one would replace the other', () => {
    expect(() => render({}, {})).toThrow('two policies are written to shop__cart.yaml');
    expect(() => kubernetes.render(policySet([proposal({ name: 'default-deny' })], ['shop']))).toThrow('two policies are written to shop__default-deny.yaml');
  });

  it('a policy with the evidence of each rule above it', () => {
    const dns = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } }, podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } };
    const [file] = render({
      selector: { matchLabels: { app: 'cart', on: 'yes', revision: '0123' } },
      rules: [
        { comment: 'from shop/web: on several days, seen from both ends' },
        { peers: [{ ipBlock: { cidr: '0.0.0.0/0', except: ['10.0.0.0/8'] } }], ports: [{ protocol: 'TCP', port: 443 }], comment: 'from public: on one day\nwidening public-entry (0.0.0.0/0): admits any address' },
        { direction: 'egress', peers: [dns], ports: [{ protocol: 'UDP', port: 53 }, { protocol: 'TCP', port: 53 }], comment: 'to kube-system/coredns: on one day' },
      ],
      acceptedEdges: 3,
      excess: ['shop/other -> shop/cart 8080/TCP', 'one more'],
      leftAlone: [],
      notes: ['no inventory was given', 'no inventory was given', 'second'],
    });
    expect(file?.name).toBe('shop__cart.yaml');
    expect(file?.content).toBe(`# proved: keeps all 3 accepted edges; allows beyond them: shop/other -> shop/cart 8080/TCP; one more
# note: no inventory was given
# note: second

apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: cart
  namespace: shop
  labels:
    app.kubernetes.io/managed-by: footpath
spec:
  podSelector:
    matchLabels:
      app: cart
      "on": "yes"
      revision: "0123"
  policyTypes:
  - Ingress
  - Egress
  ingress:
  # from shop/web: on several days, seen from both ends
  - from:
    - podSelector:
        matchLabels:
          app: web
    ports:
    - protocol: TCP
      port: 8080
  # from public: on one day
  # widening public-entry (0.0.0.0/0): admits any address
  - from:
    - ipBlock:
        cidr: 0.0.0.0/0
        except:
        - 10.0.0.0/8
    ports:
    - protocol: TCP
      port: 443
  egress:
  # to kube-system/coredns: on one day
  - to:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: kube-system
      podSelector:
        matchLabels:
          k8s-app: kube-dns
    ports:
    - protocol: UDP
      port: 53
    - protocol: TCP
      port: 53
`);
  });

  it.each([
    ['one edge', { acceptedEdges: 1 }, '# proved: keeps the one accepted edge; allows nothing else\n'],
    ['several edges', { acceptedEdges: 2 }, '# proved: keeps both accepted edges; allows nothing else\n'],
    ['a direction that is left alone', { leftAlone: [{ direction: 'egress', reason: 'no accepted edge leads out of it' }] as const }, '\n# egress is left alone: no accepted edge leads out of it\n'],
  ])('the head tells of %s', (_, more, said) => {
    expect(text(more)).toContain(said);
  });

  it('each rule has its own comment, also where a direction stands alone', () => {
    const told = text({ rules: [{ direction: 'egress', comment: 'first' }, { direction: 'egress', comment: 'second', ports: [{ protocol: 'TCP', port: 9090 }] }] });
    expect(told).toMatch(/# first\n {2}- to:[^#]*8080\n {2}# second\n {2}- to:[^#]*9090\n$/);
    expect(told).not.toContain('ingress:');
  });

  it('the same object without its comments is for JSON lists', () => {
    for (const { content, object } of render({}, { name: 'web' })) {
      expect(parse(content)).toEqual(object);
      expect(validatePolicy(object).policy).not.toBeNull();
    }
  });

  it.each(['\n', '\r', '\r\n', '\u0085', '\u2028', '\u2029', '\u0000', '\u001b', '\u007f', '\u009f', '\v', '\f'])('%j in a comment cannot end its line', (end) => {
    for (const hostile of [`a${end}kind: Secret`, `${end}spec: {}`, `a${end}`]) {
      const file = text({ rules: [{ comment: hostile }], notes: [hostile], excess: [hostile], leftAlone: [{ direction: 'egress', reason: hostile }] });
      for (const line of file.split('\n').filter((own) => own.includes('Secret') || own.includes('spec: {}'))) expect(line).toMatch(/^\s*#/);
      expect(file.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
      expect(parse(file)).toEqual(parse(text({})));
    }
  });
});

describe('default deny', () => {
  it('has an empty selector and both types, and nothing else', () => {
    expect(defaultDenyPolicy('shop')).toEqual({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'default-deny', namespace: 'shop', labels: { 'app.kubernetes.io/managed-by': 'footpath' } },
      spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
    });
  });

  it('is one file a namespace, sorted among the others', () => {
    const files = kubernetes.render(policySet([proposal({ name: 'web' }), proposal({ name: 'cart' })], ['shop', 'bank']));
    expect(files.map(({ name }) => name)).toEqual(['bank__default-deny.yaml', 'shop__cart.yaml', 'shop__default-deny.yaml', 'shop__web.yaml']);
    expect(files.map(({ object }) => object)).toContainEqual(defaultDenyPolicy('bank'));
    expect(files[0]?.content).not.toContain('#');
  });
});

describe('a policy, whoever reads it', () => {
  it('means the same in YAML 1.1 and 1.2', () => {
    const [file] = kubernetes.render(policySet([proposal({ name: '0o7', selector: { matchLabels: { app: '0o17' } } })]));
    for (const version of ['1.1', '1.2'] as const) expect(parse(file?.content ?? '', { version })).toEqual(file?.object);
  });

  it('has no character in its comments that ends a line, or that YAML forbids', () => {
    const [file] = kubernetes.render(policySet([proposal({ notes: ['a\uffffb\ufffec\ufeffd\u2028e'] })]));
    expect(file?.content).not.toMatch(/[\ufffe\uffff\ufeff\u2028]/);
  });

  it('is the same text in whatever order its labels were found', () => {
    const rendered = (matchLabels: Record<string, string>): unknown => kubernetes.render(policySet([proposal({ selector: { matchLabels } })]))[0]?.content;
    expect(rendered({ b: '1', a: '2' })).toBe(rendered({ a: '2', b: '1' }));
  });
});
