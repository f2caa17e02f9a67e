import type { Exporter, PolicySet, RenderedFile, RenderOptions } from '../exporter.ts';
import type { PolicyPort } from '../model/policy.ts';
import { POLICY_TYPE, type Direction, type EchoRule, type Proposal, type ProposedRule, type Widening } from '../model/proposal.ts';
import { wideningLine } from '../policy/propose/comment.ts';
import { unitPorts } from '../policy/propose/rules.ts';
import { requestsOf } from './cilium-http.ts';
import { namePeers, type NamedPeers } from './cilium-peers.ts';
import { isDnsPort, numbered, portRules, type PortRule } from './cilium-ports.ts';
import { endpointSelector, leftOutLabels } from './cilium-selector.ts';
import { renderDefaultDeny } from './kubernetes.ts';
import { headOf, MANAGED, policyFile, requireValid, sortedFiles } from './policy-file.ts';

/**
 * cilium.io/v2 CiliumNetworkPolicies. What closes a whole namespace stays a NetworkPolicy, which Cilium honours: its own form
 * without a rule is taken by some versions for no policy at all, and refused by others.
 */
export const cilium: Exporter = {
  name: 'cilium',
  description: 'CiliumNetworkPolicy (cilium.io/v2)',
  takes: ['l7'],
  byName: true,
  render(set, options = {}) {
    return sortedFiles([...set.proposals.map((proposal) => renderProposal(proposal, set, options)), ...set.defaultDeny.map(renderDefaultDeny)]);
  },
};

/** One of Cilium's rules, for a part of what a proposed rule names. */
interface CiliumRule {
  readonly object: object;
  readonly comment: string;
  readonly widenings: readonly Widening[];
  readonly notes: readonly string[];
}

interface Surroundings {
  readonly namespace: string;
  readonly set: PolicySet;
  /** Names can be learned: lookups are allowed, and go through Cilium's DNS proxy. */
  readonly learnsNames: boolean;
  readonly l7: boolean;
}

function renderProposal(proposal: Proposal, set: PolicySet, { l7 = false }: RenderOptions): RenderedFile {
  requireValid(proposal);
  const { policy } = proposal;
  const { name, namespace } = policy.metadata;
  const rules = proposal.rules.map((rule) => numbered(rule, set.edges));
  const closes = (direction: Direction): boolean => policy.spec.policyTypes?.includes(POLICY_TYPE[direction]) === true;
  const around = { namespace, set, learnsNames: learnsNames(rules, set), l7 };
  const rendered = (direction: Direction): readonly CiliumRule[] => [
    ...rules.filter((rule) => rule.direction === direction).flatMap((rule) => renderRule(rule, around)),
    ...proposal.echoes.filter((echo) => echo.direction === direction).flatMap((echo) => renderEcho(echo, namespace)),
  ];
  const made = new Map((['ingress', 'egress'] as const).filter(closes).map((direction) => [direction, rendered(direction)]));
  const all = [...made.values()].flat();
  const spec = {
    endpointSelector: endpointSelector(policy.spec.podSelector, null),
    // Said for both, so that a direction that is left alone stays open.
    enableDefaultDeny: { ingress: closes('ingress'), egress: closes('egress') },
    ...Object.fromEntries([...made].map(([direction, own]) => [direction, own.map(({ object }) => object)])),
  };
  const head = headOf(proposal, { proof: 'as a NetworkPolicy', beyond: all.flatMap(({ widenings }) => widenings), notes: [...all.flatMap(({ notes }) => notes), ...labelNotes(proposal)], writesEchoes: true });
  const comments = new Map([...made].map(([direction, own]) => [direction, own.map(({ comment }) => comment)]));
  return policyFile({ apiVersion: 'cilium.io/v2', kind: 'CiliumNetworkPolicy', metadata: { name, namespace, labels: MANAGED }, spec }, head, comments);
}

/** Whether some peer outside can be named, and the workload may ask for names. */
function learnsNames(rules: readonly ProposedRule[], { resolvers }: PolicySet): boolean {
  const asks = rules.some((rule) => isForDns(rule, resolvers));
  return asks && rules.some((rule) => canBeNamed(rule, resolvers) && rule.whom.some((peer) => peer.type === 'addresses' && peer.names.length > 0));
}

function isForDns(rule: ProposedRule, resolvers: PolicySet['resolvers']): boolean {
  return rule.ports.some((port) => isDnsPort(port, rule, resolvers));
}

/** Whoever answers for names is asked for them at an address. */
function canBeNamed(rule: ProposedRule, resolvers: PolicySet['resolvers']): boolean {
  return rule.direction === 'egress' && !isForDns(rule, resolvers);
}

function labelNotes({ policy, rules }: Proposal): readonly string[] {
  const selectors = [policy.spec.podSelector, ...rules.flatMap(({ whom }) => whom.flatMap((peer) => (peer.type === 'workload' ? [peer.selector] : [])))];
  return [...new Set(selectors.flatMap(leftOutLabels))].toSorted().map((key) => `the label ${key} is none of those that Cilium tells pods by, unless it is configured to: without it nobody is selected`);
}

function renderRule(rule: ProposedRule, around: Surroundings): readonly CiliumRule[] {
  // What one client may ask for, another may not.
  const clients = around.l7 && rule.direction === 'ingress' ? rule.whom.map((peer) => [peer]) : [rule.whom];
  const byName = around.learnsNames && canBeNamed(rule, around.set.resolvers);
  const parts = clients.flatMap((whom) => {
    const { toPorts, notes } = openPorts({ ...rule, whom }, around);
    return namePeers(whom, rule.direction, around.namespace, byName).map((named) => ({ named, toPorts: named.dnsOnly ? dnsPorts(rule, around) : toPorts, notes }));
  });
  return parts
    .filter(({ named, toPorts }) => !named.dnsOnly || toPorts.length > 0)
    .map(({ named, toPorts, notes }, i) => ({
      object: { ...peerFields(named, rule.direction), ...(toPorts.length > 0 ? { toPorts } : {}) },
      comment: [i === 0 ? commentOf(rule, byName) : 'as above', ...named.widenings.map(wideningLine), ...toPorts.flatMap(saidOf)].join('\n'),
      widenings: named.widenings,
      notes,
    }));
}

/** What stands above the rule; where names stand for ranges, without what the ranges would open. */
function commentOf({ comment, whom, widenings }: ProposedRule, byName: boolean): string {
  if (!byName || !whom.every((peer) => peer.type === 'addresses' && peer.names.length > 0)) return comment;
  const unsaid = new Set(widenings.filter(({ reason }) => reason === 'known-ranges' || reason === 'compacted').map(wideningLine));
  return comment.split('\n').filter((line) => !unsaid.has(line)).join('\n');
}

const ECHO_REQUEST = { ICMP: { family: 'IPv4', type: 8 }, ICMPv6: { family: 'IPv6', type: 128 } } as const;

function renderEcho({ direction, whom, protocol, comment }: EchoRule, namespace: string): readonly CiliumRule[] {
  return namePeers([whom], direction, namespace, false)
    .filter(({ dnsOnly }) => !dnsOnly)
    .map((named, i) => ({
      object: { ...peerFields(named, direction), icmps: [{ fields: [ECHO_REQUEST[protocol]] }] },
      comment: [i === 0 ? comment : 'as above', ...named.widenings.map(wideningLine)].join('\n'),
      widenings: named.widenings,
      notes: [],
    }));
}

/** Cilium's DNS proxy must see the lookups, or names open nothing; it refuses none of them. */
function dnsPorts(rule: ProposedRule, { set, learnsNames: through }: Surroundings): readonly PortRule[] {
  return portRules(rule.ports.filter((port) => isDnsPort(port, rule, set.resolvers)), through ? { dns: [{ matchPattern: '*' }] } : undefined);
}

function openPorts(rule: ProposedRule, around: Surroundings): { readonly toPorts: readonly PortRule[]; readonly notes: readonly string[] } {
  const throughProxy = (port: PolicyPort): boolean => around.learnsNames && isDnsPort(port, rule, around.set.resolvers);
  const dns = around.learnsNames ? dnsPorts(rule, around) : [];
  const [client] = rule.whom;
  const { edges } = around.set;
  // What was asked of one port of a range says nothing of the others.
  const isAsked = around.l7 && rule.direction === 'ingress' && rule.edges.some((id) => (edges.get(id)?.evidence.operations.length ?? 0) > 0);
  const single = (port: PolicyPort): readonly PolicyPort[] => (isAsked && port.endPort !== undefined ? unitPorts([port], []) : [port]);
  const asked = rule.ports
    .flatMap(single)
    .filter((port) => !throughProxy(port))
    .map((port) => ({ port, ...(isAsked && client !== undefined ? requestsOf(client, port, rule, edges) : { http: null, notes: [] }) }));
  const requests = asked.flatMap(({ port, http }) => (http === null ? [] : portRules([port], { http })));
  return { toPorts: [...dns, ...requests, ...portRules(asked.filter(({ http }) => http === null).map(({ port }) => port))], notes: asked.flatMap(({ notes }) => notes) };
}

function saidOf({ rules }: PortRule): readonly string[] {
  if (rules === undefined) return [];
  return ['dns' in rules ? 'lookups go through Cilium’s DNS proxy, which learns the names of this policy from them and refuses none' : 'requests as they were seen; every other one is refused'];
}

function peerFields({ peers }: NamedPeers, direction: Direction): object {
  const side = direction === 'ingress' ? 'from' : 'to';
  if ('endpoints' in peers) return { [`${side}Endpoints`]: peers.endpoints };
  if ('entities' in peers) return { [`${side}Entities`]: peers.entities };
  if ('names' in peers) return { toFQDNs: peers.names.map((matchName) => ({ matchName })) };
  return { [`${side}CIDRSet`]: peers.blocks };
}
