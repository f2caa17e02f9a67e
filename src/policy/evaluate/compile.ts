import type { AdminPeer, AdminPolicy, AdminPort } from '../../model/admin-policy.ts';
import type { Labels } from '../../model/labels.ts';
import type { NetworkPolicy, NetworkPolicySpec, PolicyPeer, PolicyPort, PolicyType } from '../../model/policy.ts';
import { POLICY_TYPE, type Direction } from '../../model/proposal.ts';
import { isEmptySelector, selectorMatches } from '../../model/selector.ts';
import type { End, PolicyProtocol } from './end.ts';
import type { IndexedPeer, PeerIndex } from './peer-index.ts';

/** What one direction of a connection comes to. Made when policies are compiled, so that no answer costs a text. */
export interface Verdict {
  /** Null where the API leaves it open. */
  readonly allowed: boolean | null;
  readonly because: string;
  /** A policy has to do with it. */
  readonly decided: boolean;
  readonly warning: string | null;
}

export function verdict(allowed: boolean | null, because: string, decided: boolean): Verdict {
  return { allowed, because, decided, warning: null };
}

export interface Rule {
  readonly action: 'Allow' | 'Deny' | 'Pass';
  /** Numbers in the index; null is anybody. */
  readonly peers: readonly number[] | null;
  /** Null is every port of every protocol. */
  readonly ports: readonly PortMatcher[] | null;
  /** It takes every pod at every port. */
  readonly isTotal: boolean;
  readonly policy: string;
  readonly title: string;
  readonly verdict: Verdict;
  /** Of a pod that only an ipBlock let in. */
  readonly byAddress: Verdict;
  /** Said where it could not be told whether the rule matches. */
  readonly doubt: string;
}

export type PortMatcher =
  | { readonly name: null; readonly protocol: PolicyProtocol; readonly first: number; readonly last: number }
  /** What the destination calls so; null is whatever protocol it has. */
  | { readonly name: string; readonly protocol: PolicyProtocol | null };

export interface CompiledPolicy {
  readonly title: string;
  readonly priority: number;
  readonly selects: (labels: Labels, namespaceLabels: Labels) => boolean;
  /** Null where the policy says nothing of the direction. */
  readonly rules: Readonly<Record<Direction, readonly Rule[] | null>>;
}

const ACTIONS = { Allow: 'allows it', Deny: 'denies it', Pass: 'passes it on' } as const;

/** The directions that a policy closes. Missing or empty types: always ingress, and egress only if there are egress rules. */
export function closedDirections(spec: NetworkPolicySpec): ReadonlySet<Direction> {
  const types = spec.policyTypes ?? [];
  const closes = (type: PolicyType): boolean => (types.length > 0 ? types.includes(type) : type === 'Ingress' || (spec.egress ?? []).length > 0);
  return new Set((['ingress', 'egress'] as const).filter((direction) => closes(POLICY_TYPE[direction])));
}

export function compileNetworkPolicy({ metadata, spec }: NetworkPolicy, index: PeerIndex): CompiledPolicy {
  const { namespace } = metadata;
  const title = `${namespace}/${metadata.name}`;
  const closed = closedDirections(spec);
  const rule = (direction: Direction, i: number, peers: readonly PolicyPeer[] = [], ports: readonly PolicyPort[] = []): Rule => {
    const name = `${direction} rule ${i + 1} of ${title}`;
    const admits = verdict(true, `${name} admits it`, true);
    return {
      action: 'Allow',
      // No peers at all mean everybody; no ports, all ports of all protocols.
      peers: peers.length === 0 ? null : peers.map((peer) => index.add(indexedPeer(peer, namespace))),
      ports: ports.length === 0 ? null : ports.map(portMatcher),
      isTotal: false,
      policy: title,
      title: name,
      verdict: admits,
      byAddress: { ...admits, warning: `${admits.because} by an ipBlock on a pod's address: some network plugins do not match pods so` },
      doubt: `${name} names ranges: whether they hold pods whose addresses are not known cannot be told`,
    };
  };
  return {
    title,
    priority: 0,
    selects: (labels) => selectorMatches(spec.podSelector, labels),
    rules: {
      ingress: closed.has('ingress') ? (spec.ingress ?? []).map(({ from, ports }, i) => rule('ingress', i, from, ports)) : null,
      egress: closed.has('egress') ? (spec.egress ?? []).map(({ to, ports }, i) => rule('egress', i, to, ports)) : null,
    },
  };
}

/** A lone podSelector is of the policy's own namespace; both selectors must match. */
function indexedPeer({ podSelector, namespaceSelector, ipBlock }: PolicyPeer, namespace: string): IndexedPeer {
  if (ipBlock !== undefined) return { type: 'block', cidr: ipBlock.cidr, except: ipBlock.except ?? [] };
  return { type: 'pods', namespace: namespaceSelector ?? namespace, pods: podSelector ?? {} };
}

function portMatcher({ protocol = 'TCP', port, endPort }: PolicyPort): PortMatcher {
  if (typeof port === 'string') return { name: port, protocol };
  if (port === undefined) return { name: null, protocol, first: 0, last: 65_535 };
  return { name: null, protocol, first: port, last: endPort ?? port };
}

export function compileAdminPolicy(policy: AdminPolicy, index: PeerIndex): CompiledPolicy {
  const title = `${policy.kind} ${policy.name}`;
  const { namespaceSelector, podSelector } = policy.subject;
  const compile = (direction: Direction): readonly Rule[] | null => {
    const rules = policy[direction].map(({ name, action, peers, ports }, i): Rule => {
      const own = `${direction} rule ${i + 1}${name === '' ? '' : ` (${name})`} of ${title}`;
      const decides = verdict(action === 'Pass' ? null : action === 'Allow', `${own} ${ACTIONS[action]}`, true);
      return {
        action,
        peers: peers.flatMap(adminPeers).map((peer) => index.add(peer)),
        ports: ports.length === 0 ? null : ports.map(adminPort),
        isTotal: ports.length === 0 && peers.some((peer) => peer.type === 'pods' && isEmptySelector(peer.namespaceSelector) && isEmptySelector(peer.podSelector)),
        policy: title,
        title: own,
        verdict: decides,
        byAddress: decides,
        doubt: `${own} names ${peers.some(({ type }) => type === 'domain-names') ? 'domains: whether an address has such a name' : 'ranges: whether they hold pods whose addresses are not known'} cannot be told`,
      };
    });
    return rules.length === 0 ? null : rules;
  };
  return {
    title,
    priority: policy.priority,
    selects: (labels, ofNamespace) => selectorMatches(namespaceSelector, ofNamespace) && selectorMatches(podSelector, labels),
    rules: { ingress: compile('ingress'), egress: compile('egress') },
  };
}

function adminPeers(peer: AdminPeer): readonly IndexedPeer[] {
  switch (peer.type) {
    case 'pods':
      return [{ type: 'pods', namespace: peer.namespaceSelector, pods: peer.podSelector }];
    case 'networks':
      return peer.cidrs.map((cidr) => ({ type: 'network', cidr, except: [] }));
    case 'nodes':
      return [{ type: 'nodes', selector: peer.selector }];
    case 'domain-names':
      return [{ type: 'domain-names' }];
  }
}

function adminPort(port: AdminPort): PortMatcher {
  return port.type === 'name' ? { name: port.name, protocol: null } : { name: null, protocol: port.protocol, first: port.first, last: port.last };
}

/** Whether one of the ports of a rule is meant. A name is looked up on the destination; an address outside has none. */
export function portsMatch(ports: readonly PortMatcher[] | null, port: number, protocol: PolicyProtocol, destination: End): boolean {
  if (ports === null) return true;
  for (const matcher of ports) {
    if (matcher.protocol !== null && matcher.protocol !== protocol) continue;
    if (matcher.name === null) {
      if (port >= matcher.first && port <= matcher.last) return true;
    } else if (destination.kind === 'pod') {
      for (const own of destination.ports) if (own.name === matcher.name && own.protocol === protocol && own.port === port) return true;
    }
  }
  return false;
}
