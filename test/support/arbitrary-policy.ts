import fc from 'fast-check';
import type { ContainerPort } from '../../src/model/inventory.ts';
import type { NetworkPolicy, PolicyPeer, PolicyPort, PolicyType } from '../../src/model/policy.ts';
import type { LabelSelector, SelectorExpression } from '../../src/model/selector.ts';
import type { End, Namespaces, PodEnd } from '../../src/policy/evaluate/evaluate.ts';
import type { Connection } from './naive-policy.ts';
import { addressEnd, namespaces, networkPolicy, podEnd } from './policy.ts';

/** Small worlds with policies: few names and few values, so that selectors hit and miss about as often. */

const NAMESPACES = ['shop', 'bank'] as const;
const KEYS = ['app', 'tier'] as const;
const VALUES = ['a', 'b', ''] as const;
const PORTS = [80, 81, 8080] as const;
const ADDRESSES = ['10.0.0.1', '10.0.1.9', '198.51.100.7', '2001:db8::1', '2001:db8:0:1::1'] as const;
const BLOCKS = ['10.0.0.0/8', '10.0.1.7/24', '0.0.0.0/0', '198.51.100.7/32', '::/0', '2001:db8::/64'] as const;
const HOLES: Readonly<Record<string, readonly string[]>> = {
  '10.0.0.0/8': ['10.0.1.0/24', '10.0.0.1/32'],
  '0.0.0.0/0': ['10.0.0.0/8', '198.51.100.0/24'],
  '::/0': ['2001:db8::/63'],
};

const labels = fc.dictionary(fc.constantFrom(...KEYS), fc.constantFrom(...VALUES), { maxKeys: 2, noNullPrototype: true });

const expression = (keys: readonly string[], values: readonly string[]): fc.Arbitrary<SelectorExpression> =>
  fc.oneof(
    fc.record({
      key: fc.constantFrom(...keys),
      operator: fc.constantFrom('In' as const, 'NotIn' as const),
      values: fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 2 }),
    }),
    fc.record({ key: fc.constantFrom(...keys), operator: fc.constantFrom('Exists' as const, 'DoesNotExist' as const) }),
  );

const selectorOver = (keys: readonly string[], values: readonly string[]): fc.Arbitrary<LabelSelector> =>
  fc.record(
    {
      matchLabels: fc.dictionary(fc.constantFrom(...keys), fc.constantFrom(...values), { minKeys: 1, maxKeys: 1, noNullPrototype: true }),
      matchExpressions: fc.array(expression(keys, values), { minLength: 1, maxLength: 2 }),
    },
    { requiredKeys: [] },
  );

export const podSelector = selectorOver(KEYS, VALUES);
export const namespaceSelector = selectorOver(['kubernetes.io/metadata.name', 'team'], ['shop', 'bank', 'a', 'b']);

const ipBlock = fc.constantFrom(...BLOCKS).chain((cidr) => {
  const holes = HOLES[cidr] ?? [];
  return fc.subarray([...holes]).map((except) => (except.length > 0 ? { cidr, except } : { cidr }));
});

export const policyPeer: fc.Arbitrary<PolicyPeer> = fc.oneof(
  fc.record({ podSelector }),
  fc.record({ namespaceSelector }),
  fc.record({ namespaceSelector, podSelector }),
  fc.record({ ipBlock }),
);

const protocol = fc.constantFrom('TCP' as const, 'UDP' as const, 'SCTP' as const);

export const policyPort: fc.Arbitrary<PolicyPort> = fc.oneof(
  fc.record({ protocol, port: fc.constantFrom(...PORTS, 'http', 'dns') }, { requiredKeys: [] }),
  fc.record({ port: fc.constant(80), endPort: fc.constantFrom(80, 81, 9000), protocol }, { requiredKeys: ['port', 'endPort'] }),
);

const peers = fc.array(policyPeer, { maxLength: 3 });
const ports = fc.array(policyPort, { maxLength: 2 });

const spec = fc.record(
  {
    podSelector,
    policyTypes: fc.subarray(['Ingress', 'Egress'] as PolicyType[]),
    ingress: fc.array(fc.record({ from: peers, ports }, { requiredKeys: [] }), { maxLength: 2 }),
    egress: fc.array(fc.record({ to: peers, ports }, { requiredKeys: [] }), { maxLength: 2 }),
  },
  { requiredKeys: ['podSelector'] },
);

export const policy: fc.Arbitrary<NetworkPolicy> = fc
  .tuple(fc.constantFrom(...NAMESPACES), spec)
  .map(([namespace, own]) => networkPolicy(own, namespace, 'some'));

const containerPort: fc.Arbitrary<ContainerPort> = fc.record({
  name: fc.constantFrom('http', 'dns', null),
  port: fc.constantFrom(...PORTS),
  protocol,
});

const pod = fc
  .tuple(fc.constantFrom(...NAMESPACES), labels, fc.subarray([...ADDRESSES], { maxLength: 2 }), fc.array(containerPort, { maxLength: 2 }))
  .map(([namespace, own, ips, containerPorts]): PodEnd => podEnd(`${namespace}/pod`, own, { ips, ports: containerPorts }));

export interface World {
  readonly around: Namespaces;
  readonly ends: readonly End[];
  readonly pods: readonly PodEnd[];
}

export const world: fc.Arbitrary<World> = fc
  .tuple(fc.array(pod, { minLength: 2, maxLength: 4 }), fc.subarray([...ADDRESSES], { minLength: 1 }), fc.boolean())
  .map(([pods, addresses, described]) => ({
    around: described ? namespaces({ shop: { team: 'a' }, bank: { team: 'b' } }) : namespaces({}),
    pods,
    ends: [...pods, ...addresses.map(addressEnd)],
  }));

/** Every connection of a world that policies can tell apart: the ports of the policies, their neighbours, and one beyond. */
export function connections({ ends }: World): readonly Connection[] {
  const asked: Connection[] = [];
  for (const from of ends) {
    for (const to of ends) {
      for (const port of [79, 80, 81, 8080, 9001]) for (const each of ['TCP', 'UDP', 'SCTP'] as const) asked.push({ from, to, port, protocol: each });
    }
  }
  return asked;
}
