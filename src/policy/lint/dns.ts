import { parseAddress } from '../../model/address.ts';
import type { NetworkPolicy, PolicyPeer } from '../../model/policy.ts';
import { addressPlace, blockAddresses } from '../diff/address-set.ts';
import { portPlace, portsOpened } from '../diff/port-set.ts';
import { isIn } from '../diff/ranges.ts';
import { isWithin } from './contain.ts';
import type { LintRule, Surroundings } from './rule.ts';

export const dnsCutOff: LintRule = {
  name: 'dns-cut-off',
  summary: 'egress is closed but for some rules, and none of them reaches DNS over UDP and TCP',
  why: 'As soon as a policy closes egress, names are not resolved any more unless a rule opens DNS: what the other rules open is never reached by name. Answers that do not fit into a datagram come over TCP, so both protocols are needed, at the port of the resolver’s pods (53 with CoreDNS as it comes, 5353 on OpenShift).',
  *find({ policy, rules }, around) {
    const egress = rules.filter(({ direction }) => direction === 'egress');
    if (egress.length === 0) return;
    const { namespace } = policy.metadata;
    // A resolver asks whom it was set up to ask.
    const resolvers = new Set(around.world.resolvers.map((resolver) => around.world.member(resolver)));
    const selected = around.world.matching?.selected(policy.spec.podSelector, namespace) ?? [];
    if (selected.length > 0 && selected.every((member) => resolvers.has(member))) return;
    const missing = missingFor(policy, around);
    if (missing.length === 0) return;
    const what = missing.length === 2 ? 'no rule reaches DNS: these pods resolve no names' : `no rule reaches DNS over ${missing[0]}: ${missing[0] === 'TCP' ? 'answers that do not fit into a datagram are lost' : 'most resolvers ask over UDP first'}`;
    yield { field: 'spec.egress', message: `${what}; open ${missing.join(' and ')} ${portsOfResolvers(around).join(', ')} to the resolver` };
  },
};

type Missing = readonly ('UDP' | 'TCP')[];

/** By namespace and selector: policies for the same pods have one answer. */
const answers = new WeakMap<Surroundings, Map<string, Missing>>();

/** The protocols over which no policy lets the pods of this one, which closes their egress, ask for names. */
function missingFor({ metadata: { namespace }, spec: { podSelector } }: NetworkPolicy, around: Surroundings): Missing {
  const known = answers.get(around) ?? new Map<string, Missing>();
  answers.set(around, known);
  const key = `${namespace} ${JSON.stringify(podSelector)}`;
  const found = known.get(key);
  if (found !== undefined) return found;
  const all = around.byNamespace.get(namespace) ?? [];
  if (!around.effort.spend(all.reduce((sum, { rules }) => sum + rules.length, all.length))) return [];
  // Every policy that selects at least these pods opens what it opens for them too.
  const beside = all.filter((other) => isWithin(podSelector, other.policy.spec.podSelector));
  const open = beside.flatMap(({ rules }) => rules.filter(({ direction }) => direction === 'egress'));
  const ports = portsOfResolvers(around);
  const reaches = (protocol: 'TCP' | 'UDP'): boolean =>
    open.some((rule) => ports.some((port) => isIn(portPlace(port, protocol), portsOpened(rule.ports, [])) || rule.ports.some((one) => typeof one.port === 'string' && (one.protocol ?? 'TCP') === protocol && /dns/.test(one.port))) && mayHoldResolver(rule.peers, namespace, around));
  const missing = (['UDP', 'TCP'] as const).filter((protocol) => !reaches(protocol));
  known.set(key, missing);
  return missing;
}

function portsOfResolvers({ world: { resolvers } }: Surroundings): readonly number[] {
  return resolvers.length === 0 ? [53] : [...new Set(resolvers.map(({ port }) => port))].toSorted((a, b) => a - b);
}

/** Whether a rule's peers hold the cluster's resolver; where it is not known, they may. */
function mayHoldResolver(peers: readonly PolicyPeer[], namespace: string, { world }: Surroundings): boolean {
  const { matching, resolvers } = world;
  const known = resolvers.flatMap((resolver) => world.member(resolver) ?? []);
  if (peers.length === 0 || matching === null || known.length === 0) return true;
  return peers.some((peer) => {
    if (peer.ipBlock !== undefined) {
      const addresses = blockAddresses(peer.ipBlock.cidr, peer.ipBlock.except);
      const pods = known.flatMap(({ standIns }) => standIns.flatMap((pod) => pod.addresses));
      return [...pods, ...world.dnsCaches.flatMap((text) => parseAddress(text) ?? [])].some((address) => isIn(addressPlace(address), addresses));
    }
    const matched = matching.matched(peer, namespace);
    return known.some((member) => matched.has(member));
  });
}
