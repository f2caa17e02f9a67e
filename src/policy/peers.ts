import { cidrCovers, compactCidrs, parseAddress, parseCidr, singleAddressCidr, type Cidr } from '../model/address.ts';
import { OTHER_ADDRESSES, peerName, type Peer, type WorkloadPeer } from '../model/peer.ts';
import type { PolicyPeer } from '../model/policy.ts';
import type { Widening } from '../model/proposal.ts';
import type { Directory } from '../resolve/directory.ts';
import { chooseSelector } from './selector.ts';
import type { Roster } from './roster.ts';

/** How a peer is named in a rule, or why it cannot be. */
export type NamedPeer = { readonly peers: readonly PolicyPeer[]; readonly widenings: readonly Widening[]; readonly notes: readonly string[] } | { readonly peers: null; readonly reason: string };

export const NAMESPACE_NAME = 'kubernetes.io/metadata.name';

/** `self` is the workload that the policy is for; `seen` the addresses that stood for a class in the evidence. */
export function namePeer(peer: Peer, self: WorkloadPeer, seen: ReadonlySet<string>, roster: Roster, directory: Directory): NamedPeer {
  switch (peer.type) {
    case 'workload':
      return nameWorkload(peer, self, roster);
    case 'external':
      return nameAddress(peer.address);
    case 'public':
      return namePublic(seen, directory);
    case 'node':
      return nameClass('all-nodes', 'node', directory.nodeAddresses, seen, directory);
    case 'apiserver':
      return nameClass('all-apiservers', 'API server', directory.apiserverAddresses, seen, directory);
    case 'unresolved':
    case 'address':
    case 'labels':
      return { peers: null, reason: `nobody is known to own ${peerName(peer)}` };
  }
}

function nameWorkload(peer: WorkloadPeer, self: WorkloadPeer, roster: Roster): NamedPeer {
  if (peer.cluster !== self.cluster) return { peers: null, reason: `${peerName(peer)} is in another cluster (${peer.cluster}), which a NetworkPolicy cannot name` };
  const member = roster.member(peer);
  if (member === null) return { peers: null, reason: `${peerName(peer)} is not known` };
  if (member.hostNetwork) return { peers: null, reason: `${peerName(peer)} is on the host's network, where no selector matches it` };
  const chosen = chooseSelector(member, roster);
  if (chosen.selector === null) return { peers: null, reason: `${peerName(peer)} cannot be selected: ${chosen.reason}` };
  const podSelector = chosen.selector;
  const peers = peer.namespace === self.namespace ? [{ podSelector }] : [{ namespaceSelector: { matchLabels: { [NAMESPACE_NAME]: peer.namespace } }, podSelector }];
  return { peers, widenings: [], notes: [] };
}

function nameAddress(text: string): NamedPeer {
  if (text === OTHER_ADDRESSES) return { peers: null, reason: 'there are more outside addresses than the graph keeps: choose ranges for them by hand' };
  const address = parseAddress(text);
  if (address === null) return { peers: null, reason: `${text} is no address` };
  return { peers: [{ ipBlock: { cidr: singleAddressCidr(address).text } }], widenings: [], notes: [] };
}

/** Anybody outside: every address but those of pods. Node addresses stay in, since many balancers hand the client over as a node. */
function namePublic(seen: ReadonlySet<string>, directory: Directory): NamedPeer {
  const peers: PolicyPeer[] = [];
  const families = new Set(seen.size > 0 ? [...seen].map((text) => parseAddress(text)?.family ?? 4) : [4]);
  for (const [family, world] of [
    [4, '0.0.0.0/0'],
    [6, '::/0'],
  ] as const) {
    if (!families.has(family)) continue;
    const pods = directory.podRanges.filter((range) => range.family === family);
    if (pods.length === 0) {
      return { peers: null, reason: `the pods' ranges${family === 6 ? ' (IPv6)' : ''} are not known, and without them ${world} would admit every pod: give them with --cluster-cidr or an inventory with nodes` };
    }
    peers.push({ ipBlock: { cidr: world, except: pods.map(({ text }) => text) } });
  }
  return { peers, widenings: [{ reason: 'public-entry', beyond: peers.map(({ ipBlock }) => ipBlock?.cidr ?? '').join(', ') }], notes: [] };
}

function nameClass(reason: 'all-nodes' | 'all-apiservers', what: string, known: ReadonlySet<string>, seen: ReadonlySet<string>, directory: Directory): NamedPeer {
  // A node's address within the pods' ranges is the bridge's: an ipBlock on it would name pods.
  const outsidePods = (text: string): boolean => {
    const range = parseCidr(text);
    return range !== null && !directory.podRanges.some((pods) => cidrCovers(pods, range));
  };
  const all = [...(known.size > 0 ? known : seen)].filter(outsidePods);
  if (all.length === 0) return { peers: null, reason: `no address of the ${what} is known; give an inventory with ${what === 'node' ? 'nodes' : 'endpointslices'}` };
  const cidrs = compactCidrs(all.map(parseCidr).filter((cidr): cidr is Cidr => cidr !== null));
  const beyond = cidrs.map(({ text }) => text).filter((text) => !seen.has(text.slice(0, text.indexOf('/'))));
  return {
    peers: cidrs.map(({ text }) => ({ ipBlock: { cidr: text } })),
    widenings: beyond.length > 0 ? [{ reason, beyond: beyond.join(', ') }] : [],
    notes: known.size === 0 ? [`addresses of the ${what} are those that were seen: no inventory tells them`] : [],
  };
}

