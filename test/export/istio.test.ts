import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { istio } from '../../src/export/istio.ts';
import type { PolicySet } from '../../src/exporter.ts';
import type { AuthorizationPolicy } from '../../src/model/authorization.ts';
import { workloadPeer } from '../../src/model/peer.ts';
import { NO_AUTHORIZATIONS, type Authorizations, type ProposedAuthorization } from '../../src/model/proposal.ts';
import { istioProblems } from '../support/istio-schema.ts';
import { activeText, policySet, proposal } from '../support/rendering.ts';

const POLICY: AuthorizationPolicy = {
  apiVersion: 'security.istio.io/v1',
  kind: 'AuthorizationPolicy',
  metadata: { name: 'cart-authorization', namespace: 'shop', labels: { 'app.kubernetes.io/managed-by': 'footpath' } },
  spec: { selector: { matchLabels: { app: 'cart' } }, action: 'ALLOW', rules: [{ from: [{ source: { principals: ['cluster.local/ns/shop/sa/web'] } }], to: [{ operation: { ports: ['8080'] } }] }] },
};

function authorization(parts: Partial<ProposedAuthorization> = {}): ProposedAuthorization {
  return { policy: POLICY, rules: [{ edges: ['e1'], widenings: [], comment: 'from shop/web: within one hour' }], notes: [], proof: { acceptedEdges: 1, excess: [], excessCount: 0 }, ...parts };
}

const set = (authorizations: Partial<Authorizations>, defaultDeny: readonly string[] = []): PolicySet => policySet([proposal()], defaultDeny, { authorizations: { ...NO_AUTHORIZATIONS, ...authorizations } });
const names = (of: PolicySet): readonly string[] => istio.render(of).map(({ name }) => name);

describe('policies of the mesh as files', () => {
  it('stand beside the NetworkPolicies of the same proposals', () => {
    expect(names(set({ proposals: [authorization()] }))).toEqual(['shop__cart-authorization.yaml', 'shop__cart.yaml']);
  });

  it('say what was proved, what to know, and the evidence of each rule', () => {
    const [file] = istio.render(set({ proposals: [authorization({ notes: ['no certificate was seen'], proof: { acceptedEdges: 2, excess: ['shared-account: shop/ads'], excessCount: 1 } })] }));
    expect(file?.content).toBe(`# proved: keeps both accepted edges; allows beyond them: shared-account: shop/ads
# note: no certificate was seen

apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata:
  name: cart-authorization
  namespace: shop
  labels:
    app.kubernetes.io/managed-by: footpath
spec:
  selector:
    matchLabels:
      app: cart
  action: ALLOW
  rules:
  # from shop/web: within one hour
  - from:
    - source:
        principals:
        - cluster.local/ns/shop/sa/web
    to:
    - operation:
        ports:
        - "8080"
`);
    expect(istioProblems(file?.object)).toEqual([]);
  });

  it('let no text of the evidence out of its comment', () => {
    const [harmless] = istio.render(set({ proposals: [authorization()] }));
    fc.assert(
      fc.property(activeText, activeText, activeText, (comment, note, excess) => {
        const [hostile] = istio.render(set({ proposals: [authorization({ rules: [{ edges: [], widenings: [], comment }], notes: [note], proof: { acceptedEdges: 1, excess: [excess], excessCount: 1 } })] }));
        const bare = (content = ''): string => content.split('\n').filter((line) => !/^\s*#/.test(line)).join('\n');
        expect(bare(hostile?.content)).toBe(bare(harmless?.content));
      }),
      { numRuns: 100 },
    );
  });

  it('are refused if Istio would refuse them, or if one would replace another', () => {
    const bad = { ...POLICY, spec: { ...POLICY.spec, rules: [{ to: [{ operation: { paths: ['/{x}'] } }] }] } };
    expect(() => istio.render(set({ proposals: [authorization({ policy: bad })] }))).toThrow('policy shop/cart-authorization is invalid: spec.rules[0].to[0].operation.paths[0]');
    expect(() => istio.render(set({ proposals: [authorization(), authorization()] }))).toThrow('two policies are written to shop__cart-authorization.yaml');
  });
});

describe('closing a namespace', () => {
  const denyAll = new Map([['shop', 'default-deny-authorization']]);

  it('is told to the mesh, too', () => {
    const closed = set({ proposals: [authorization()], denyAll }, ['shop', 'bank']);
    expect(names(closed)).toEqual(['bank__default-deny.yaml', 'shop__cart-authorization.yaml', 'shop__cart.yaml', 'shop__default-deny-authorization.yaml', 'shop__default-deny.yaml']);
    const own = istio.render(closed).find(({ name }) => name === 'shop__default-deny-authorization.yaml')?.object;
    expect(own).toMatchObject({ kind: 'AuthorizationPolicy', spec: {} });
    expect(istioProblems(own)).toEqual([]);
  });

  it('is not, while somebody who comes has no principal; the network is closed all the same, and the reason said', () => {
    const kept = set({ denyAll, keptOpen: new Map([['shop', 'shop/cron comes without a principal']]) }, ['shop']);
    expect(names(kept)).toEqual(['shop__cart.yaml', 'shop__default-deny.yaml']);
    expect(istio.leftOut?.(kept)).toEqual(['shop: the mesh is not told to deny all else: shop/cron comes without a principal']);
    expect(istio.leftOut?.({ ...kept, defaultDeny: [] })).toEqual([]);
  });

  it('is not asked of a mesh that has no part in the namespace', () => {
    const none = set({ keptOpen: new Map([['shop', 'shop/cart is not in the mesh']]) }, ['shop']);
    expect(names(none)).toEqual(['shop__cart.yaml', 'shop__default-deny.yaml']);
    expect(istio.leftOut?.(none)).toEqual([]);
  });
});

it('says who gets no policy of the mesh, and why', () => {
  const workload = workloadPeer({ cluster: '', namespace: 'shop', kind: 'Deployment', name: 'cart' });
  expect(istio.leftOut?.(set({ none: [{ workload, reason: 'it is not in the mesh' }] }))).toEqual(['shop/cart: no AuthorizationPolicy: it is not in the mesh']);
});
