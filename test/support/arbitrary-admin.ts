import fc from 'fast-check';
import type { AdminPeer, AdminPolicy, AdminPort, AdminRule } from '../../src/model/admin-policy.ts';
import { namespaceSelector, podSelector } from './arbitrary-policy.ts';

/** Policies of administrators for the same small worlds; no two of one tier have the same priority. */

const selected = fc.record({ namespaceSelector, podSelector });

const podPeer: fc.Arbitrary<AdminPeer> = selected.map((pods) => ({ type: 'pods', ...pods }));
const networkPeer: fc.Arbitrary<AdminPeer> = fc
  .uniqueArray(fc.constantFrom('10.0.0.0/8', '10.0.1.7/24', '0.0.0.0/0', '198.51.100.7/32', '::/0', '2001:db8::/64'), { minLength: 1, maxLength: 2 })
  .map((cidrs) => ({ type: 'networks', cidrs }));

const port: fc.Arbitrary<AdminPort> = fc.oneof(
  fc
    .record({ protocol: fc.constantFrom('TCP' as const, 'UDP' as const, 'SCTP' as const), ends: fc.constantFrom([80, 80], [80, 81], [81, 9_000]) })
    .map(({ protocol, ends: [first = 1, last = 1] }): AdminPort => ({ type: 'range', protocol, first, last })),
  fc.constantFrom('http', 'dns').map((name): AdminPort => ({ type: 'name', name })),
);

const rule = (peer: fc.Arbitrary<AdminPeer>): fc.Arbitrary<AdminRule> =>
  fc.record({
    name: fc.constantFrom('', 'named'),
    action: fc.constantFrom('Allow' as const, 'Deny' as const, 'Pass' as const),
    peers: fc.array(peer, { minLength: 1, maxLength: 2 }),
    ports: fc.oneof(fc.constant([]), fc.array(port, { minLength: 1, maxLength: 2 })),
  });

const policy = fc.record({
  tier: fc.constantFrom('Admin' as const, 'Baseline' as const),
  subject: selected,
  ingress: fc.array(rule(podPeer), { maxLength: 3 }),
  egress: fc.array(rule(fc.oneof(podPeer, networkPeer)), { maxLength: 3 }),
});

export const adminPolicies: fc.Arbitrary<readonly AdminPolicy[]> = fc
  .tuple(fc.array(policy, { maxLength: 4 }), fc.shuffledSubarray([0, 1, 2, 10, 1_000], { minLength: 4, maxLength: 4 }))
  .map(([policies, priorities]) => policies.map((one, i): AdminPolicy => ({ kind: 'ClusterNetworkPolicy', name: `some-${i}`, priority: priorities[i] ?? 0, ...one })));
