import { groupBy } from '../../model/group.ts';
import type { Direction } from '../../model/proposal.ts';
import { portsMatch, verdict, type CompiledPolicy, type Rule, type Verdict } from './compile.ts';
import type { End, PolicyProtocol } from './end.ts';
import { BY_ADDRESS, matchOf, NO, UNKNOWN, YES, type Match, type Matches } from './peer-index.ts';

/** Rules of policies of one priority that select a pod: a list a policy. */
type Level = readonly (readonly Rule[])[];

/** What the connections of a pod pass through, in one direction. */
export interface Lane {
  readonly admin: readonly Level[];
  /** Null: no NetworkPolicy selects the pod. */
  readonly network: readonly Rule[] | null;
  readonly baseline: readonly Level[];
  /** No rule of its NetworkPolicies admits it. */
  readonly closed: Verdict;
  /** Nobody decides. */
  readonly open: Verdict;
}

/** `network` are those of the pod's namespace that select it, `admin` and `baseline` in the order in which they are asked. */
export function laneOf(direction: Direction, network: readonly CompiledPolicy[], admin: readonly CompiledPolicy[], baseline: readonly CompiledPolicy[]): Lane {
  const own = network.filter(({ rules }) => rules[direction] !== null);
  const levels = (policies: readonly CompiledPolicy[]): readonly Level[] =>
    [...groupBy(policies.filter(({ rules }) => rules[direction] !== null), ({ priority }) => priority).values()].map((level) => level.map(({ rules }) => rules[direction] ?? []));
  const others = [...admin, ...baseline].filter(({ rules }) => rules[direction] !== null).map(({ title }) => title);
  return {
    admin: levels(admin),
    network: own.length === 0 ? null : own.flatMap(({ rules }) => rules[direction] ?? []),
    baseline: levels(baseline),
    closed: verdict(false, `no ${direction} rule of ${own.map(({ title }) => title).join(', ')} admits it`, true),
    open: others.length === 0 ? verdict(true, '', false) : verdict(true, `no ${direction} rule of ${others.join(', ')} decides it, and no NetworkPolicy selects the pod`, true),
  };
}

/** The peers of all rules that could let something through; null where that is anybody. */
export function namedPeers({ admin, network }: Lane): ReadonlySet<number> | null {
  if (network === null) return null;
  const peers = new Set<number>();
  for (const rule of [...network, ...admin.flat(2)]) {
    if (rule.peers === null) return null;
    if (rule.action === 'Allow') for (const peer of rule.peers) peers.add(peer);
  }
  return peers;
}

/** The tiers in their order. Rules of which it cannot be told whether they match are added to `doubts`. */
export function verdictOf({ admin, network, baseline, closed, open }: Lane, other: Matches, destination: End, port: number, protocol: PolicyProtocol, doubts: Rule[]): Verdict {
  const before = first(admin, other, destination, port, protocol, doubts);
  if (before !== null) return before;
  if (network !== null) return admitting(network, other, destination, port, protocol, doubts) ?? closed;
  return first(baseline, other, destination, port, protocol, doubts) ?? open;
}

/** What the first rule of a tier that matches says; null if there is none, or it passes. */
function first(levels: readonly Level[], other: Matches, destination: End, port: number, protocol: PolicyProtocol, doubts: Rule[]): Verdict | null {
  for (const level of levels) {
    let found: Rule | null = null;
    for (const rules of level) {
      for (const rule of rules) {
        const match = matchOfRule(rule, other, destination, port, protocol);
        if (match === UNKNOWN) doubts.push(rule);
        else if (match !== NO) {
          if (found !== null && found.action !== rule.action) return undecided(found, rule);
          found ??= rule;
          break;
        }
      }
    }
    if (found !== null) return found.action === 'Pass' ? null : found.verdict;
  }
  return null;
}

function undecided(one: Rule, other: Rule): Verdict {
  return verdict(null, `${one.verdict.because} and ${other.verdict.because}, at the same priority: which of them is asked first is not defined`, true);
}

/** The rule that admits it, of all of a pod's NetworkPolicies; null if none does. */
function admitting(rules: readonly Rule[], other: Matches, destination: End, port: number, protocol: PolicyProtocol, doubts: Rule[]): Verdict | null {
  const before = doubts.length;
  let byAddress: Rule | null = null;
  for (const rule of rules) {
    const match = matchOfRule(rule, other, destination, port, protocol);
    if (match === YES) {
      // What another rule admits, nobody need doubt.
      if (doubts.length > before) doubts.length = before;
      return rule.verdict;
    }
    if (match === BY_ADDRESS) byAddress ??= rule;
    else if (match === UNKNOWN) doubts.push(rule);
  }
  if (byAddress === null) return null;
  doubts.length = before;
  return byAddress.byAddress;
}

function matchOfRule({ peers, ports }: Rule, other: Matches, destination: End, port: number, protocol: PolicyProtocol): Match {
  const match = matchOfPeers(peers, other);
  return match === NO || !portsMatch(ports, port, protocol, destination) ? NO : match;
}

/** One peer that matches is enough; what matches by an address alone is better than what cannot be told. */
function matchOfPeers(peers: readonly number[] | null, other: Matches): Match {
  if (peers === null) return YES;
  let best: Match = NO;
  for (const peer of peers) {
    const match = matchOf(other, peer);
    if (match === YES) return YES;
    if (match === BY_ADDRESS || best === NO) best = match;
  }
  return best;
}
