import type { NetworkPolicy, PolicyPeer, PolicyPort, PolicyType } from '../../model/policy.ts';
import { POLICY_TYPE, type Direction } from '../../model/proposal.ts';
import { closedDirections } from '../evaluate/compile.ts';
import { requirementsOf } from './contain.ts';

/** A valid policy, with what its text says beside its meaning. */
export interface Subject {
  readonly policy: NetworkPolicy;
  /** Null where the text has none. */
  readonly writtenTypes: readonly PolicyType[] | null;
  readonly closed: ReadonlySet<Direction>;
  readonly rules: readonly SubjectRule[];
}

/** A rule that is read: one of a direction that the policy closes. */
export interface SubjectRule {
  readonly direction: Direction;
  /** `spec.ingress[0]` */
  readonly field: string;
  /** `spec.ingress[0].from` */
  readonly peersField: string;
  readonly peers: readonly PolicyPeer[];
  readonly ports: readonly PolicyPort[];
  /** What there is to compare in it: its peers, with what each of them asks for, and its ports. */
  readonly weight: number;
}

export const DIRECTIONS: readonly Direction[] = ['ingress', 'egress'];

export function subjectOf(policy: NetworkPolicy): Subject {
  const { spec } = policy;
  const closed = closedDirections(spec);
  const rules = DIRECTIONS.filter((direction) => closed.has(direction)).flatMap((direction) => rulesOf(policy, direction));
  return { policy, writtenTypes: (spec.policyTypes ?? []).length > 0 ? (spec.policyTypes ?? []) : null, closed, rules };
}

export function rulesOf({ spec }: NetworkPolicy, direction: Direction): readonly SubjectRule[] {
  const peersField = direction === 'ingress' ? 'from' : 'to';
  const written = direction === 'ingress' ? (spec.ingress ?? []).map(({ from, ports }) => ({ peers: from, ports })) : (spec.egress ?? []).map(({ to, ports }) => ({ peers: to, ports }));
  return written.map(({ peers = [], ports = [] }, i) => {
    const weight = peers.reduce((sum, peer) => sum + weightOf(peer), 1 + ports.length);
    return { direction, field: `spec.${direction}[${i}]`, peersField: `spec.${direction}[${i}].${peersField}`, peers, ports, weight };
  });
}

function weightOf({ podSelector = {}, namespaceSelector = {}, ipBlock }: PolicyPeer): number {
  const asked = [podSelector, namespaceSelector].flatMap(requirementsOf).reduce((sum, { values }) => sum + values.length, 0);
  return 1 + asked + (ipBlock?.except?.length ?? 0);
}

/** `Ingress`, as policyTypes spells it. */
export function typeOf(direction: Direction): PolicyType {
  return POLICY_TYPE[direction];
}
