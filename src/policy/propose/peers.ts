import { compactCidrs, parseAddress, parseCidr, singleAddressCidr, type Cidr } from '../../model/address.ts';
import { NAMESPACE_NAME } from '../../model/labels.ts';
import { OTHER_ADDRESSES, peerKey, peerName, type Peer, type WorkloadPeer } from '../../model/peer.ts';
import type { PolicyPeer } from '../../model/policy.ts';
import type { IpBlock, RulePeer, Widening } from '../../model/proposal.ts';
import type { LabelSelector } from '../../model/selector.ts';
import type { Directory } from '../../resolve/directory.ts';
import { classAddresses, inRanges, type AddressClass } from './classes.ts';
import { chooseSelector } from './selector.ts';
import type { Roster } from '../roster.ts';

/** How a peer is named in a rule, or why it cannot be. */
export type NamedPeer = { readonly whom: RulePeer; readonly widenings: readonly Widening[]; readonly notes: readonly string[] } | { readonly whom: null; readonly reason: string };

/** `self` is the workload that the policy is for; `seen` the addresses that stood for a class in the evidence. */
export function namePeer(peer: Peer, self: WorkloadPeer, seen: ReadonlySet<string>, roster: Roster, directory: Directory): NamedPeer {
  switch (peer.type) {
    case 'workload':
      return nameWorkload(peer, self, roster);
    case 'external':
      return nameAddress(peer.address, roster.namesOf(peer, self));
    case 'public':
      return namePublic(seen, roster, directory);
    case 'node':
    case 'apiserver':
      return nameClass(peer.type, seen, roster, directory);
    case 'unresolved':
    case 'address':
    case 'labels':
      return { whom: null, reason: `nobody is known to own ${peerName(peer)}` };
  }
}

function nameWorkload(peer: WorkloadPeer, self: WorkloadPeer, roster: Roster): NamedPeer {
  if (peer.cluster !== self.cluster) return { whom: null, reason: `${peerName(peer)} is in another cluster (${peer.cluster}), which a NetworkPolicy cannot name` };
  const member = roster.member(peer);
  if (member === null) return { whom: null, reason: `${peerName(peer)} is not known` };
  if (member.hostNetwork) return { whom: null, reason: `${peerName(peer)} is on the host's network, where no selector matches it` };
  const chosen = chooseSelector(member, roster);
  if (chosen.selector === null) return { whom: null, reason: `${peerName(peer)}${member.gone ? ', which is gone,' : ''} cannot be selected: ${chosen.reason}` };
  return { whom: { type: 'workload', workload: peer, selector: chosen.selector }, widenings: [], notes: [] };
}

function nameAddress(text: string, names: readonly string[]): NamedPeer {
  if (text === OTHER_ADDRESSES) return { whom: null, reason: 'there are more outside addresses than the graph keeps: choose ranges for them by hand' };
  const address = parseAddress(text);
  if (address === null) return { whom: null, reason: `${text} is no address` };
  return { whom: { type: 'addresses', of: 'external', blocks: [{ cidr: singleAddressCidr(address).text }], names }, widenings: [], notes: [] };
}

/** Anybody outside: every address but those of pods. Node addresses stay in, since many balancers hand the client over as a node. */
function namePublic(seen: ReadonlySet<string>, roster: Roster, directory: Directory): NamedPeer {
  const blocks: IpBlock[] = [];
  const families = new Set(seen.size > 0 ? [...seen].map((text) => parseAddress(text)?.family ?? 4) : [4]);
  for (const [family, world] of [
    [4, '0.0.0.0/0'],
    [6, '::/0'],
  ] as const) {
    if (!families.has(family)) continue;
    const ranges = directory.podRanges.filter((range) => range.family === family);
    if (ranges.length === 0) {
      return { whom: null, reason: `the pods' ranges${family === 6 ? ' (IPv6)' : ''} are not known, and without them ${world} would admit every pod: give them with --cluster-cidr or an inventory with nodes` };
    }
    const stray = roster.strays.find((address) => address.family === family);
    if (stray !== undefined) return { whom: null, reason: `the pods' ranges are not all known: a pod has ${stray.text}, and ${world} would admit it: give its range with --cluster-cidr` };
    if (ranges.some(({ bits }) => bits === 0)) return { whom: null, reason: `--cluster-cidr ${world} leaves nobody outside` };
    blocks.push({ cidr: world, except: ranges.map(({ text }) => text) });
    // A range that a person named may hold nodes beside pods.
    const nodes = [...directory.nodeAddresses].filter((text) => isNameable(text, roster) && inRanges(text, ranges));
    blocks.push(...blocksOf(nodes));
  }
  return { whom: { type: 'addresses', of: 'public', blocks, names: [] }, widenings: [{ reason: 'public-entry', beyond: blocks.map(({ cidr }) => cidr).join(', ') }], notes: [] };
}

const CLASSES = {
  node: { what: 'node', reason: 'all-nodes', source: 'nodes' },
  apiserver: { what: 'API server', reason: 'all-apiservers', source: 'endpointslices' },
} as const;

function nameClass(type: AddressClass, seen: ReadonlySet<string>, roster: Roster, directory: Directory): NamedPeer {
  const { what, reason, source } = CLASSES[type];
  const { known, present, gone } = classAddresses(type, seen, directory);
  // What only records tell may be a bridge's address, in a range that a person named.
  const canName = (text: string): boolean => isNameable(text, roster) && (known.size > 0 ? known.has(text) : !inRanges(text, directory.podRanges));
  const nameless = present.find((text) => !canName(text));
  if (nameless !== undefined) return { whom: null, reason: `the ${what} was seen at ${nameless}, where pods have theirs: a range would name pods` };
  const all = (known.size > 0 ? [...known] : present).filter(canName);
  if (all.length === 0) return { whom: null, reason: `no address of the ${what} is known; give an inventory with ${source}` };
  const blocks = blocksOf(all);
  const beyond = blocks.map(({ cidr }) => cidr).filter((text) => !seen.has(text.slice(0, text.indexOf('/'))));
  return {
    whom: { type: 'addresses', of: type, blocks, names: [] },
    widenings: beyond.length > 0 ? [{ reason, beyond: beyond.join(', ') }] : [],
    notes: [
      ...(known.size === 0 ? [`addresses of the ${what} are those that were seen: no inventory tells them`] : []),
      ...(gone.length > 0 ? [`${gone.join(', ')} stood for the ${what} and is left out: the inventory no longer holds it`] : []),
    ],
  };
}

/** Not an address that a pod has, or may have tomorrow. */
function isNameable(text: string, { podCidrs, podAddresses }: Roster): boolean {
  return !podAddresses.has(text) && !inRanges(text, podCidrs);
}

/** Addresses as ranges of one, sorted. */
function blocksOf(texts: readonly string[]): readonly IpBlock[] {
  return compactCidrs(texts.map(parseCidr).filter((cidr): cidr is Cidr => cidr !== null)).map(({ text }) => ({ cidr: text }));
}

/** One text for one peer of a rule. */
export function rulePeerKey(whom: RulePeer): string {
  switch (whom.type) {
    case 'workload':
      return peerKey(whom.workload);
    case 'namespace':
      return `namespace ${whom.namespace}`;
    case 'addresses':
      return `${whom.of} ${whom.blocks.map(({ cidr }) => cidr).join(' ')}`;
  }
}

/** A rule's peer as a NetworkPolicy of this namespace writes it. */
export function policyPeers(whom: RulePeer, namespace: string): readonly PolicyPeer[] {
  switch (whom.type) {
    case 'addresses':
      return whom.blocks.map((ipBlock) => ({ ipBlock }));
    case 'namespace':
      // Also the policy's own by its name: no selector of a rule is ever empty.
      return [{ namespaceSelector: namespaceCalled(whom.namespace) }];
    case 'workload': {
      const { workload, selector: podSelector } = whom;
      return [workload.namespace === namespace ? { podSelector } : { namespaceSelector: namespaceCalled(workload.namespace), podSelector }];
    }
  }
}

function namespaceCalled(name: string): LabelSelector {
  return { matchLabels: { [NAMESPACE_NAME]: name } };
}
