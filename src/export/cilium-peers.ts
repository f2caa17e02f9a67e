import { parseAddress, scopeOf } from '../model/address.ts';
import type { Direction, IpBlock, RulePeer, Widening } from '../model/proposal.ts';
import type { LabelSelector } from '../model/selector.ts';
import { endpointSelector } from './cilium-selector.ts';

/**
 * Whom a rule of Cilium names. A rule has one kind of peers: pods by label, classes of addresses as entities (ranges never match
 * pods or nodes), and what is outside by name or range.
 */
export type CiliumPeers =
  | { readonly endpoints: readonly LabelSelector[] }
  | { readonly entities: readonly string[] }
  | { readonly names: readonly string[] }
  | { readonly blocks: readonly IpBlock[] };

export interface NamedPeers {
  readonly peers: CiliumPeers;
  /** Beyond those that the rule has in every form. */
  readonly widenings: readonly Widening[];
  /** These alone are on the pod's own node, and only for DNS. */
  readonly dnsOnly: boolean;
}

const ENTITIES = {
  ingress: { node: ['host', 'remote-node', 'ingress'], apiserver: ['kube-apiserver'], public: ['world', 'host', 'remote-node', 'ingress'] },
  egress: { node: ['host', 'remote-node'], apiserver: ['kube-apiserver'], public: ['world'] },
} as const;

const ENTITY_WIDENING = { node: 'node-entity', apiserver: 'apiserver-entity', public: 'world-entity' } as const;

/** `byName`: outside peers are named by their DNS names, where they have any. */
export function namePeers(whom: readonly RulePeer[], direction: Direction, namespace: string, byName: boolean): readonly NamedPeers[] {
  const endpoints = whom.flatMap((peer) => {
    // A whole namespace is said by its name, also the policy's own: no selector of a rule is ever empty.
    if (peer.type === 'namespace') return [endpointSelector({}, peer.namespace)];
    return peer.type === 'workload' ? [endpointSelector(peer.selector, peer.workload.namespace === namespace ? null : peer.workload.namespace)] : [];
  });
  const addresses = whom.flatMap((peer) => (peer.type === 'addresses' ? [peer] : []));
  const named: NamedPeers[] = endpoints.length > 0 ? [plainly({ endpoints })] : [];
  for (const type of ['apiserver', 'node', 'public'] as const) {
    if (!addresses.some((peer) => peer.of === type)) continue;
    const entities = ENTITIES[direction][type];
    named.push({ peers: { entities }, widenings: [{ reason: ENTITY_WIDENING[type], beyond: entities.join(', ') }], dnsOnly: false });
  }
  const outside = addresses.filter((peer) => peer.of === 'external');
  const names = [...new Set(byName ? outside.flatMap((peer) => peer.names) : [])].toSorted();
  if (names.length > 0) named.push({ peers: { names }, widenings: [{ reason: 'dns-name', beyond: names.join(', ') }], dnsOnly: false });
  const blocks = outside.filter((peer) => !byName || peer.names.length === 0).flatMap((peer) => peer.blocks);
  if (blocks.length > 0) named.push(plainly({ blocks }));
  if (direction === 'egress' && blocks.some(isNodeLocal)) named.push({ peers: { entities: ['host'] }, widenings: [{ reason: 'host-entity', beyond: 'host' }], dnsOnly: true });
  return named;
}

function plainly(peers: CiliumPeers): NamedPeers {
  return { peers, widenings: [], dnsOnly: false };
}

/** A node-local cache of names has a link-local address, which each node has for itself. */
function isNodeLocal({ cidr }: IpBlock): boolean {
  const address = parseAddress(cidr.replace(/\/.*/, ''));
  return address !== null && scopeOf(address) === 'link-local';
}
