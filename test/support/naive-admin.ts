import type { AdminPolicy, AdminRule, SelectedPods } from '../../src/model/admin-policy.ts';
import type { NetworkPolicy } from '../../src/model/policy.ts';
import type { End, Namespaces, PodEnd } from '../../src/policy/evaluate/evaluate.ts';
import { holds, lies, naivelyOpen, selects, typesOf, type Connection } from './naive-policy.ts';

/** The tiers, written down as the API's page tells them; for policies of different priorities, without nodes and domain names. */

export function naivelyAllowedByAll(admin: readonly AdminPolicy[], policies: readonly NetworkPolicy[], around: Namespaces, connection: Connection): boolean {
  if (connection.from === connection.to) return true;
  return (['Egress', 'Ingress'] as const).every((type) => {
    const self = type === 'Ingress' ? connection.to : connection.from;
    if (self.kind === 'address') return true;
    const before = actionOf('Admin', type, admin, self, around, connection);
    if (before === 'Allow' || before === 'Deny') return before === 'Allow';
    if (policies.some((policy) => selects(policy, self) && typesOf(policy).includes(type))) return naivelyOpen(type, policies, around, connection);
    return actionOf('Baseline', type, admin, self, around, connection) !== 'Deny';
  });
}

/** "Policies with lower priority values have higher precedence […] a rule that appears at the top […] would take the highest precedence." */
function actionOf(tier: AdminPolicy['tier'], type: 'Ingress' | 'Egress', admin: readonly AdminPolicy[], self: PodEnd, around: Namespaces, connection: Connection): AdminRule['action'] | null {
  const other = type === 'Ingress' ? connection.from : connection.to;
  const rules = admin
    .filter((policy) => policy.tier === tier && isSelected(policy.subject, self, around))
    .toSorted((a, b) => a.priority - b.priority)
    .flatMap((policy) => (type === 'Ingress' ? policy.ingress : policy.egress));
  return rules.find((rule) => matchesRule(rule, other, around, connection))?.action ?? null;
}

function isSelected({ namespaceSelector, podSelector }: SelectedPods, { namespace, labels }: PodEnd, around: Namespaces): boolean {
  return holds(namespaceSelector, around.get(namespace) ?? new Map([['kubernetes.io/metadata.name', namespace]])) && holds(podSelector, labels);
}

function matchesRule({ peers, ports }: AdminRule, other: End, around: Namespaces, { to, port, protocol }: Connection): boolean {
  const addresses = other.kind === 'pod' ? other.addresses : [other.address];
  const isPeer = peers.some((peer) => {
    if (peer.type === 'pods') return other.kind === 'pod' && isSelected(peer, other, around);
    return peer.type === 'networks' && addresses.some((address) => peer.cidrs.some((cidr) => lies(address, cidr)));
  });
  const isPort = ports.some((one) => {
    if (one.type === 'range') return one.protocol === protocol && one.first <= port && port <= one.last;
    return to.kind === 'pod' && to.ports.some((own) => own.name === one.name && own.port === port && own.protocol === protocol);
  });
  return isPeer && (ports.length === 0 || isPort);
}
