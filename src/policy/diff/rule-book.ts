import { parseAddress, singleAddressCidr } from '../../model/address.ts';
import type { AdminPeer, AdminPort, AdminRule } from '../../model/admin-policy.ts';
import type { PolicyPeer, PolicyPort } from '../../model/policy.ts';
import { selectorMatches, type LabelSelector } from '../../model/selector.ts';
import { blockAddresses, WORLD, type AddressSet } from './address-set.ts';
import type { Namespaces, NodeEnd, PodEnd } from '../evaluate/end.ts';
import { Matching, type Standing } from '../matching.ts';
import { union } from './ranges.ts';

/** A rule, as everything that follows from its text alone. Rules of one text are one value, whatever policies have them. */
export interface Rule {
  readonly key: string;
  readonly action: 'Allow' | 'Deny' | 'Pass';
  /** Empty: every port of every protocol. */
  readonly ports: readonly PolicyPort[];
  /** The addresses that it names, without those of the pods that it selects. */
  readonly addresses: AddressSet;
  /** The pods that it selects or whose addresses it names; null for all. */
  readonly pods: readonly PodEnd[] | null;
}

/** Rules by their text, for all sets of policies that are compared with each other, over these pods. */
export class RuleBook {
  readonly namespaces: Namespaces;
  readonly #nodes: readonly NodeEnd[];
  readonly #matching: Matching<Standing>;
  readonly #rules = new Map<string, Rule>();

  constructor(pods: readonly PodEnd[], namespaces: Namespaces, nodes: readonly NodeEnd[] = []) {
    this.namespaces = namespaces;
    this.#nodes = nodes;
    this.#matching = new Matching(pods.map((pod) => ({ peer: pod, hostNetwork: pod.hostNetwork, standIns: [pod] })), namespaces);
  }

  /** A rule of a NetworkPolicy in this namespace. No peers mean everybody. */
  rule(namespace: string, peers: readonly PolicyPeer[], ports: readonly PolicyPort[]): Rule {
    return this.#entry('Allow', namespace, peers, ports, peers.length === 0);
  }

  adminRule({ action, peers, ports }: AdminRule): Rule {
    return this.#entry(action, '', peers.flatMap((peer) => this.#adminPeers(peer)), ports.flatMap(adminPorts), false);
  }

  #entry(action: Rule['action'], namespace: string, peers: readonly PolicyPeer[], ports: readonly PolicyPort[], isForAll: boolean): Rule {
    const key = `${action} ${namespace} ${isForAll ? '*' : alternatives(peers.map(peerText))} ${ports.length === 0 ? '*' : alternatives(ports.map(portText))}`;
    let rule = this.#rules.get(key);
    if (rule === undefined) {
      const addresses = isForAll ? WORLD : union(peers.map(({ ipBlock }) => (ipBlock === undefined ? [] : blockAddresses(ipBlock.cidr, ipBlock.except))));
      const matched = peers.flatMap((peer) => [...this.#matching.matched(peer, namespace)].flatMap(({ standIns }) => standIns));
      this.#rules.set(key, (rule = { key, action, ports, addresses, pods: isForAll ? null : [...new Set(matched)] }));
    }
    return rule;
  }

  /** As peers of a NetworkPolicy would say it. Which addresses a domain name has, nobody knows: it names none. */
  #adminPeers(peer: AdminPeer): readonly PolicyPeer[] {
    switch (peer.type) {
      case 'pods':
        return [{ namespaceSelector: peer.namespaceSelector, podSelector: peer.podSelector }];
      case 'networks':
        return peer.cidrs.map((cidr) => ({ ipBlock: { cidr } }));
      case 'nodes': {
        const addresses = this.#nodes.filter(({ labels }) => selectorMatches(peer.selector, labels)).flatMap((node) => node.addresses.map(parseAddress));
        return addresses.filter((address) => address !== null).map((address) => ({ ipBlock: { cidr: singleAddressCidr(address).text } }));
      }
      case 'domain-names':
        return [];
    }
  }
}

/** A name is looked up whatever the protocol. */
function adminPorts(port: AdminPort): readonly PolicyPort[] {
  if (port.type === 'range') return [{ protocol: port.protocol, port: port.first, endPort: port.last }];
  return (['TCP', 'UDP', 'SCTP'] as const).map((protocol) => ({ protocol, port: port.name }));
}

/** Alternatives in any order, one written twice, are the same. */
function alternatives(texts: readonly string[]): string {
  return `[${[...new Set(texts)].toSorted().join(' | ')}]`;
}

function peerText({ podSelector, namespaceSelector, ipBlock }: PolicyPeer): string {
  if (ipBlock !== undefined) return `${ipBlock.cidr}-${(ipBlock.except ?? []).toSorted().join('-')}`;
  return `${namespaceSelector === undefined ? 'own' : selectorText(namespaceSelector)}/${podSelector === undefined ? '' : selectorText(podSelector)}`;
}

function selectorText({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string {
  const labels = Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`);
  const expressions = matchExpressions.map(({ key, operator, values = [] }) => `${key} ${operator} (${values.toSorted().join(',')})`);
  return `{${[...labels, ...expressions].toSorted().join(' & ')}}`;
}

function portText({ protocol = 'TCP', port, endPort }: PolicyPort): string {
  return `${protocol}:${port ?? '*'}:${typeof port === 'number' ? (endPort ?? port) : ''}`;
}
