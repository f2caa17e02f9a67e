import fc from 'fast-check';
import type { PolicySet } from '../../src/exporter.ts';
import { workloadPeer } from '../../src/model/peer.ts';
import type { NetworkPolicy } from '../../src/model/policy.ts';
import { NO_AUTHORIZATIONS, type Direction, type EchoRule, type LeftAlone, type Proposal, type ProposedRule, type RulePeer } from '../../src/model/proposal.ts';
import type { LabelSelector } from '../../src/model/selector.ts';
import { policyPeers } from '../../src/policy/propose/peers.ts';
import { anyText } from './any-text.ts';
import { podSelector, policyPort } from './arbitrary-policy.ts';

/** Proposals as an exporter is given them. */

export function policySet(proposals: readonly Proposal[], defaultDeny: readonly string[] = [], more: Partial<PolicySet> = {}): PolicySet {
  return { proposals, defaultDeny, edges: new Map(), resolvers: [], authorizations: NO_AUTHORIZATIONS, ...more };
}

export interface Proposed {
  readonly namespace?: string;
  readonly name?: string;
  readonly selector?: LabelSelector;
  readonly rules?: readonly Partial<ProposedRule>[];
  readonly echoes?: readonly EchoRule[];
  readonly leftAlone?: readonly Omit<LeftAlone, 'edges'>[];
  readonly notes?: readonly string[];
  readonly excess?: readonly string[];
  readonly acceptedEdges?: number;
}

const WEB: RulePeer = { type: 'workload', workload: workloadPeer({ cluster: '', namespace: 'shop', kind: 'Deployment', name: 'web' }), selector: { matchLabels: { app: 'web' } } };

export function proposal({ namespace = 'shop', name = 'cart', selector = { matchLabels: { app: 'cart' } }, rules = [{}], echoes = [], leftAlone = [], notes = [], excess = [], acceptedEdges = 1 }: Proposed = {}): Proposal {
  const whole = rules.map(
    ({ whom = [WEB], ...rule }): ProposedRule => ({ direction: 'ingress', whom, peers: whom.flatMap((one) => policyPeers(one, namespace)), ports: [{ protocol: 'TCP', port: 8080 }], edges: ['e1'], widenings: [], comment: 'from shop/web: within one hour', ...rule }),
  );
  const of = (direction: Direction): readonly ProposedRule[] => whole.filter((rule) => rule.direction === direction);
  const [ingress, egress] = [of('ingress'), of('egress')];
  const policy: NetworkPolicy = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace, labels: { 'app.kubernetes.io/managed-by': 'footpath' } },
    spec: {
      podSelector: selector,
      policyTypes: [...(ingress.length > 0 ? ['Ingress' as const] : []), ...(egress.length > 0 ? ['Egress' as const] : [])],
      ...(ingress.length > 0 ? { ingress: ingress.map(({ peers, ports }) => ({ from: peers, ports })) } : {}),
      ...(egress.length > 0 ? { egress: egress.map(({ peers, ports }) => ({ to: peers, ports })) } : {}),
    },
  };
  return { workload: workloadPeer({ cluster: '', namespace, kind: 'Deployment', name }), policy, rules: whole, echoes, leftAlone: leftAlone.map((left) => ({ ...left, edges: 0 })), notes, proof: { acceptedEdges, rules: whole.length, isolates: [], excess, excessCount: excess.length } };
}

/** Names that an object can have, and that YAML reads as something else where they are not quoted. */
const ACTIVE_NAMES = ['on', 'no', 'y', 'null', 'true', '0123', '1e3', '0x1f', '12-30', '2026-03-02', '1.5', 'cart', 'cart.v2', 'a'.repeat(63)];

/** Text that would act if it ever left its comment. */
const ACTIVE_TEXT = [
  '\n- ipBlock: {cidr: 0.0.0.0/0}',
  '\r\n  podSelector: {}',
  '\u2028spec: {}',
  '\u0085---\u0085',
  '\n---\nkind: Secret',
  '\n...\n',
  '# ',
  ': ',
  '!!binary ',
  '&a *a',
  '\t- ',
  '{[',
  '"\'',
  '\u0000',
  '\u001b[2J',
  '\u202e',
];

export const activeText = fc.array(fc.oneof(fc.constantFrom(...ACTIVE_TEXT), anyText(8)), { maxLength: 4 }).map((parts) => parts.join(''));

const selected = fc.tuple(podSelector, fc.constantFrom('no', 'shop')).map(([selector, namespace]): RulePeer => ({ type: 'workload', workload: workloadPeer({ cluster: '', namespace, kind: 'Deployment', name: 'web' }), selector }));
const outside = (cidr: string, names: readonly string[] = []): RulePeer => ({ type: 'addresses', of: 'external', blocks: [{ cidr }], names });
const others = fc.constantFrom<RulePeer>(
  { type: 'namespace', namespace: 'no' },
  { type: 'namespace', namespace: 'shop' },
  outside('198.51.100.7/32', ['api.example.com', 'on']),
  outside('2001:db8::1/128'),
  outside('169.254.20.10/32'),
  { type: 'addresses', of: 'node', blocks: [{ cidr: '192.168.0.1/32' }, { cidr: '2001:db8::9/128' }], names: [] },
  { type: 'addresses', of: 'apiserver', blocks: [{ cidr: '192.168.0.9/32' }], names: [] },
  { type: 'addresses', of: 'public', blocks: [{ cidr: '0.0.0.0/0', except: ['10.0.0.0/8'] }, { cidr: '10.9.0.1/32' }, { cidr: '::/0', except: ['2001:db8:1::/48'] }], names: [] },
);

const rule = fc.record({
  direction: fc.constantFrom<Direction>('ingress', 'egress'),
  whom: fc.array(fc.oneof(selected, others), { minLength: 1, maxLength: 3 }),
  ports: fc.array(policyPort, { minLength: 1, maxLength: 3 }),
  comment: activeText,
});

const echo = fc.record({
  direction: fc.constantFrom<Direction>('ingress', 'egress'),
  whom: fc.oneof(selected, others),
  protocol: fc.constantFrom('ICMP' as const, 'ICMPv6' as const),
  edges: fc.constant([]),
  comment: activeText,
  notes: fc.constant([]),
});

/** Some proposals of different names, with comments of anything. */
export const proposals: fc.Arbitrary<readonly Proposal[]> = fc.uniqueArray(
  fc
    .record({
      namespace: fc.constantFrom('shop', 'on', '0123', 'bank'),
      name: fc.constantFrom(...ACTIVE_NAMES),
      selector: podSelector,
      rules: fc.array(rule, { minLength: 1, maxLength: 3 }),
      echoes: fc.array(echo, { maxLength: 2 }),
      notes: fc.array(activeText, { maxLength: 2 }),
      excess: fc.array(activeText, { maxLength: 2 }),
      leftAlone: fc.array(fc.record({ direction: fc.constantFrom<Direction>('ingress', 'egress'), reason: activeText }), { maxLength: 1 }),
    })
    .map(proposal),
  { maxLength: 5, selector: ({ policy }) => `${policy.metadata.namespace}/${policy.metadata.name}` },
);
