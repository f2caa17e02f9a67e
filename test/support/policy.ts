import { parseAddress } from '../../src/model/address.ts';
import { sortedLabels } from '../../src/model/labels.ts';
import type { IngressRule, NetworkPolicy, NetworkPolicySpec, PolicyPeer } from '../../src/model/policy.ts';
import {
  namespaceLabels,
  PolicySet,
  type AddressEnd,
  type Answer,
  type End,
  type Namespaces,
  type PodEnd,
  type PolicyProtocol,
} from '../../src/policy/evaluate/evaluate.ts';

/** NetworkPolicies and the ends that they are asked about, in few words. */

export function networkPolicy(spec: Partial<NetworkPolicySpec>, namespace = 'shop', name = 'policy'): NetworkPolicy {
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name, namespace }, spec: { podSelector: {}, ...spec } };
}

/** Closes every pod of a namespace for ingress, but for these rules. */
export const ingressOnly = (ingress: readonly IngressRule[], namespace = 'shop'): NetworkPolicy =>
  networkPolicy({ policyTypes: ['Ingress'], ingress }, namespace);

/** Admits these peers, at any port. */
export const from = (...peers: readonly PolicyPeer[]): NetworkPolicy => ingressOnly([{ from: peers }]);

export function parsed(text: string): NonNullable<ReturnType<typeof parseAddress>> {
  const address = parseAddress(text);
  if (address === null) throw new Error(`not an address: ${text}`);
  return address;
}

export function podEnd(
  path: string,
  labels: Readonly<Record<string, string>> = {},
  more: Partial<Omit<PodEnd, 'addresses'>> & { readonly ips?: readonly string[] } = {},
): PodEnd {
  const [namespace = '', name = ''] = path.split('/');
  const { ips = [], ...rest } = more;
  const plain = { hostAddresses: [], ports: [], hostNetwork: false, completed: false };
  return { kind: 'pod', namespace, name, labels: sortedLabels(Object.entries(labels)), addresses: ips.map(parsed), ...plain, ...rest };
}

export const addressEnd = (text: string): AddressEnd => ({ kind: 'address', address: parsed(text) });

export const endName = (end: End): string => (end.kind === 'pod' ? `${end.namespace}/${end.name}` : end.address.text);

/** Labels of namespaces by name. */
export function namespaces(labels: Readonly<Record<string, Readonly<Record<string, string>>>>): Namespaces {
  return namespaceLabels(Object.entries(labels).map(([name, own]) => ({ name, labels: sortedLabels(Object.entries(own)) })));
}

export interface Question {
  readonly from: End;
  readonly to: End;
  readonly port?: number;
  readonly protocol?: PolicyProtocol;
}

export function ask(
  policies: readonly NetworkPolicy[],
  { from: source, to, port = 8080, protocol = 'TCP' }: Question,
  around: Namespaces = new Map(),
): Answer {
  return new PolicySet(policies, around).evaluate(source, to, port, protocol);
}
