import type { Address } from '../../src/model/address.ts';
import type { Labels } from '../../src/model/labels.ts';
import type { NetworkPolicy, PolicyPeer, PolicyPort } from '../../src/model/policy.ts';
import type { LabelSelector } from '../../src/model/selector.ts';
import type { End, Namespaces, PodEnd, PolicyProtocol } from '../../src/policy/evaluate/evaluate.ts';

/**
 * The documentation of the NetworkPolicy API, written down sentence by sentence with no thought of speed or of reasons: what
 * the evaluator is compared with. It knows pods and addresses only, no nodes and no host network.
 */

export interface Connection {
  readonly from: End;
  readonly to: End;
  readonly port: number;
  readonly protocol: PolicyProtocol;
}

/** "By default, a pod is non-isolated […]. For a connection from a source to a destination to be allowed, both […] need to allow." */
export function naivelyAllowed(policies: readonly NetworkPolicy[], around: Namespaces, connection: Connection): boolean {
  if (connection.from === connection.to) return true;
  return naivelyOpen('Egress', policies, around, connection) && naivelyOpen('Ingress', policies, around, connection);
}

export function naivelyOpen(
  type: 'Ingress' | 'Egress',
  policies: readonly NetworkPolicy[],
  around: Namespaces,
  { from, to, port, protocol }: Connection,
): boolean {
  const [self, other] = type === 'Ingress' ? [to, from] : [from, to];
  if (self.kind === 'address') return true;
  const selecting = policies.filter((policy) => selects(policy, self) && typesOf(policy).includes(type));
  if (selecting.length === 0) return true;
  return selecting.some(({ metadata, spec }) => {
    const rules =
      type === 'Ingress'
        ? (spec.ingress ?? []).map((rule) => ({ peers: rule.from, ports: rule.ports }))
        : (spec.egress ?? []).map((rule) => ({ peers: rule.to, ports: rule.ports }));
    return rules.some(({ peers = [], ports = [] }) => {
      const peerFits = peers.length === 0 || peers.some((peer) => matchesPeer(peer, metadata.namespace, other, around));
      const portFits = ports.length === 0 || ports.some((one) => matchesPort(one, port, protocol, to));
      return peerFits && portFits;
    });
  });
}

export function selects({ metadata, spec }: NetworkPolicy, pod: PodEnd): boolean {
  return metadata.namespace === pod.namespace && holds(spec.podSelector, pod.labels);
}

/** "If this field is not specified, it will default based on the existence of ingress or egress rules." */
export function typesOf({ spec }: NetworkPolicy): readonly string[] {
  if (spec.policyTypes !== undefined && spec.policyTypes.length > 0) return spec.policyTypes;
  return spec.egress !== undefined && spec.egress.length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
}

function matchesPeer({ podSelector, namespaceSelector, ipBlock }: PolicyPeer, own: string, end: End, around: Namespaces): boolean {
  if (ipBlock !== undefined) {
    const addresses = end.kind === 'pod' ? end.addresses : [end.address];
    return addresses.some((address) => lies(address, ipBlock.cidr) && !(ipBlock.except ?? []).some((hole) => lies(address, hole)));
  }
  if (end.kind === 'address') return false;
  const labels = around.get(end.namespace) ?? new Map([['kubernetes.io/metadata.name', end.namespace]]);
  if (namespaceSelector === undefined) return end.namespace === own && podSelector !== undefined && holds(podSelector, end.labels);
  return holds(namespaceSelector, labels) && (podSelector === undefined || holds(podSelector, end.labels));
}

function matchesPort({ protocol = 'TCP', port, endPort }: PolicyPort, asked: number, askedProtocol: PolicyProtocol, destination: End): boolean {
  if (protocol !== askedProtocol) return false;
  if (port === undefined) return true;
  if (typeof port === 'string')
    return destination.kind === 'pod' && destination.ports.some((one) => one.name === port && one.protocol === protocol && one.port === asked);
  return endPort === undefined ? asked === port : asked >= port && asked <= endPort;
}

export function holds({ matchLabels = {}, matchExpressions = [] }: LabelSelector, labels: Labels): boolean {
  const byLabels = Object.keys(matchLabels).every((key) => labels.has(key) && labels.get(key) === matchLabels[key]);
  return (
    byLabels &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const isIn = labels.has(key) && values.some((value) => value === labels.get(key));
      if (operator === 'In') return isIn;
      if (operator === 'NotIn') return !isIn;
      return labels.has(key) === (operator === 'Exists');
    })
  );
}

/** Compares the first bits as text. */
export function lies(address: Address, cidr: string): boolean {
  const [network = '', length = ''] = cidr.split('/');
  const family = network.includes(':') ? 6 : 4;
  if (family !== address.family) return false;
  const width = family === 4 ? 32 : 128;
  const bits = (value: bigint): string => value.toString(2).padStart(width, '0').slice(0, Number(length));
  return bits(address.value) === bits(family === 4 ? ipv4(network) : ipv6(network));
}

const ipv4 = (text: string): bigint => text.split('.').reduce((value, part) => value * 256n + BigInt(part), 0n);

function ipv6(text: string): bigint {
  const [head = '', tail = ''] = text.split('::');
  const groups = (half: string): string[] => (half === '' ? [] : half.split(':'));
  const missing = 8 - groups(head).length - groups(tail).length;
  return [...groups(head), ...Array<string>(missing).fill('0'), ...groups(tail)].reduce((value, group) => value * 65_536n + BigInt(`0x${group}`), 0n);
}
