import type { NetworkPolicy, PolicyPeer, PolicyPort, PolicyType } from '../../model/policy.ts';
import { POLICY_TYPE, type Direction } from '../../model/proposal.ts';
import { closedDirections } from '../reach.ts';
import type { LintWorld } from './world.ts';

/** Something that is legal and surely not meant. One value a rule; `rules.ts` lists them. */
export interface LintRule {
  /** Stable, kebab-case. */
  readonly name: string;
  /** What it finds, in half a line. */
  readonly summary: string;
  /** What happens then, and what to do. */
  readonly why: string;
  find(subject: Subject, around: Surroundings): Iterable<Remark>;
}

export interface Remark {
  /** `spec.ingress[0].from[1]`: as far as the object has it. */
  readonly field: string;
  readonly message: string;
}

export interface Surroundings {
  /** All valid policies of the files, by their namespace, in the order of the files. */
  readonly byNamespace: ReadonlyMap<string, readonly Subject[]>;
  readonly world: LintWorld;
}

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
  return written.map(({ peers = [], ports = [] }, i) => ({ direction, field: `spec.${direction}[${i}]`, peersField: `spec.${direction}[${i}].${peersField}`, peers, ports }));
}

/** `Ingress`, as policyTypes spells it. */
export function typeOf(direction: Direction): PolicyType {
  return POLICY_TYPE[direction];
}

/** How people read who is at the other end. */
export function everybody(direction: Direction): string {
  return direction === 'ingress' ? 'every pod and every address may connect' : 'every pod and every address may be connected to';
}
