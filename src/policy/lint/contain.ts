import { NAMESPACE_NAME } from '../../model/labels.ts';
import { groupBy } from '../../model/group.ts';
import type { PolicyPeer, PolicyPort } from '../../model/policy.ts';
import { isEmptySelector, type LabelSelector } from '../../model/selector.ts';
import { blockAddresses, type AddressSet } from '../diff/address-set.ts';
import { NO_PORTS, portsOpened } from '../diff/port-set.ts';
import { covers } from '../diff/ranges.ts';

/** Whether one selector, peer, port or rule holds all that another one does, told from their text alone: sound, for every cluster. */

interface Requirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values: readonly string[];
}

export function requirementsOf({ matchLabels = {}, matchExpressions = [] }: LabelSelector): readonly Requirement[] {
  return [...Object.entries(matchLabels).map(([key, value]) => ({ key, operator: 'In' as const, values: [value] })), ...matchExpressions.map(({ key, operator, values = [] }) => ({ key, operator, values }))];
}

/** So many conditions are sooner looked through than sorted. */
const FEW = 8;

/** Whether whatever the narrow selector matches, the wide one matches too. */
export function isWithin(narrow: LabelSelector, wide: LabelSelector): boolean {
  const [own, all] = [requirementsOf(narrow), requirementsOf(wide)];
  if (all.length <= FEW) return all.every((wanted) => own.some((given) => follows(given, wanted)));
  const byKey = groupBy(own, ({ key }) => key);
  return all.every((wanted) => byKey.get(wanted.key)?.some((given) => follows(given, wanted)) === true);
}

function follows(given: Requirement, wanted: Requirement): boolean {
  if (given.key !== wanted.key) return false;
  switch (wanted.operator) {
    case 'In':
      return given.operator === 'In' && given.values.every((value) => wanted.values.includes(value));
    case 'NotIn':
      if (given.operator === 'In') return !given.values.some((value) => wanted.values.includes(value));
      return given.operator === 'DoesNotExist' || (given.operator === 'NotIn' && wanted.values.every((value) => given.values.includes(value)));
    case 'Exists':
      return given.operator === 'In' || given.operator === 'Exists';
    case 'DoesNotExist':
      return given.operator === 'DoesNotExist';
  }
}

/** Whether a selector asks for what no labels can have. */
export function isImpossible(selector: LabelSelector): boolean {
  const all = requirementsOf(selector);
  const byKey = groupBy(all, ({ key }) => key);
  return all.some((one) => {
    if (one.operator !== 'In' && one.operator !== 'Exists') return false;
    const others = (byKey.get(one.key) ?? []).filter((other) => other !== one);
    if (others.some(({ operator }) => operator === 'DoesNotExist')) return true;
    return one.operator === 'In' && one.values.every((value) => others.some((other) => (other.operator === 'In' && !other.values.includes(value)) || (other.operator === 'NotIn' && other.values.includes(value))));
  });
}

type IpBlock = NonNullable<PolicyPeer['ipBlock']>;

/** A block is held against many others. */
const addresses = new WeakMap<IpBlock, AddressSet>();

function addressesOf(block: IpBlock): AddressSet {
  let known = addresses.get(block);
  if (known === undefined) addresses.set(block, (known = blockAddresses(block.cidr, block.except)));
  return known;
}

/** Of peers of policies in the same namespace. */
export function peerWithin(narrow: PolicyPeer, wide: PolicyPeer, namespace: string): boolean {
  if (narrow.ipBlock !== undefined || wide.ipBlock !== undefined) {
    if (narrow.ipBlock === undefined || wide.ipBlock === undefined) return false;
    return covers(addressesOf(wide.ipBlock), addressesOf(narrow.ipBlock));
  }
  const own: LabelSelector = { matchLabels: { [NAMESPACE_NAME]: namespace } };
  return isWithin(narrow.namespaceSelector ?? own, wide.namespaceSelector ?? own) && isWithin(narrow.podSelector ?? {}, wide.podSelector ?? {});
}

export function portWithin(narrow: PolicyPort, wide: PolicyPort): boolean {
  if ((narrow.protocol ?? 'TCP') !== (wide.protocol ?? 'TCP')) return false;
  if (wide.port === undefined) return true;
  if (typeof narrow.port !== 'number' || typeof wide.port !== 'number') return narrow.port === wide.port;
  return narrow.port >= wide.port && (narrow.endPort ?? narrow.port) <= (wide.endPort ?? wide.port);
}

interface Opening {
  readonly peers: readonly PolicyPeer[];
  readonly ports: readonly PolicyPort[];
}

/** Of rules of policies in the same namespace: every peer and every port of the one is in one of the other's. */
export function ruleWithin(narrow: Opening, wide: Opening, namespace: string): boolean {
  const peers = wide.peers.length === 0 || (narrow.peers.length > 0 && narrow.peers.every((peer) => wide.peers.some((other) => peerWithin(peer, other, namespace))));
  return peers && portsWithin(narrow.ports, wide.ports);
}

function portsWithin(narrow: readonly PolicyPort[], wide: readonly PolicyPort[]): boolean {
  if (wide.length === 0) return true;
  if (narrow.length === 0) return false;
  // Several ranges together may hold what none of them holds alone.
  const numbered = wide.filter(({ port }) => typeof port !== 'string');
  const numbers = numbered.length === 0 ? NO_PORTS : portsOpened(numbered, []);
  return narrow.every((entry) => wide.some((other) => portWithin(entry, other)) || (typeof entry.port !== 'string' && covers(numbers, portsOpened([entry], []))));
}

/** `app=web, tier in (a, b)`; `every pod` of an empty one. */
export function selectorWords(selector: LabelSelector, everything: string): string {
  if (isEmptySelector(selector)) return everything;
  return requirementsOf(selector)
    .map(({ key, operator, values }) => {
      if (operator === 'Exists') return key;
      if (operator === 'DoesNotExist') return `!${key}`;
      return operator === 'In' && values.length === 1 ? `${key}=${values[0]}` : `${key} ${operator === 'In' ? 'in' : 'not in'} (${values.join(', ')})`;
    })
    .join(', ');
}
