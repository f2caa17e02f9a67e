import { ADMIN_GROUP } from '../../model/admin-policy.ts';
import { groupBy } from '../../model/group.ts';
import type { NetworkPolicy } from '../../model/policy.ts';
import type { Problem } from '../validate/field-check.ts';
import { validateAuthorization } from '../istio/validate.ts';
import { isAdminKind, validateAdminPolicy } from '../validate/validate-admin.ts';
import { NETWORK_POLICY_GROUPS, validatePolicy } from '../validate/validate.ts';
import { subjectOf, type Subject } from './subject.ts';
import { RuleIndex } from './rule-index.ts';
import { Effort } from './effort.ts';
import { LINT_RULES } from './rules.ts';
import type { LintWorld } from './world.ts';

export type LintSeverity = 'error' | 'warning';

export interface Finding {
  readonly rule: string;
  readonly severity: LintSeverity;
  /** Which of the objects. */
  readonly object: number;
  /** `shop/cart`, or the name alone of what has no namespace. */
  readonly policy: string;
  readonly field: string;
  readonly message: string;
}

/** An object as it was read, of whatever kind. */
export interface LintObject {
  readonly kind: string;
  readonly group: string;
  readonly object: unknown;
}

export interface Linted {
  /** How many objects are policies of a kind that is linted. */
  readonly policies: number;
  /** In the order of the objects, errors of one first, then as the rules are listed. */
  readonly findings: readonly Finding[];
  /** Policies of other kinds, counted; sorted. */
  /** Not everything was held against everything: there is too much of it. */
  readonly isCut: boolean;
  readonly notLinted: readonly { readonly kind: string; readonly count: number }[];
}

/** Whether an object is a policy of a kind that is linted. */
export function isLinted(object: LintObject): boolean {
  return check(object) !== null;
}

interface RuleText {
  readonly name: string;
  readonly severity: LintSeverity;
  readonly summary: string;
  readonly why: string;
}

/** What a reader or an API server says. */
const SERVER_RULES: readonly RuleText[] = [
  { name: 'unreadable', severity: 'error', summary: 'a document that is no YAML or JSON', why: 'Nothing of the document is read, neither here nor by a cluster; its neighbours in the file are linted.' },
  { name: 'repeated-key', severity: 'error', summary: 'a key that stands twice in one map', why: 'One of the two values is lost. A server that validates strictly refuses it, other readers take the last one in silence. Join the two.' },
  { name: 'invalid-policy', severity: 'error', summary: 'what an API server refuses', why: 'The rules are those of the API: its fields and their types, names, labels, selectors, ports, ranges. Nothing of the policy is applied until it is right.' },
  { name: 'version-dependent', severity: 'warning', summary: 'what API servers of some versions refuse', why: 'Kubernetes 1.36 refuses ranges with bits beyond their length and IPv4 written as IPv6, which older servers take; policies that are stored already stay. Write it as every version takes it.' },
  { name: 'not-as-it-reads', severity: 'warning', summary: 'fields of an administrator’s policy or of Istio’s that do not do what they seem to say', why: 'The message says what the field does, and what to write instead.' },
];

/** Every rule, in the order in which they are listed. */
export const ALL_RULES: readonly RuleText[] = [...SERVER_RULES, ...LINT_RULES.map(({ name, summary, why }) => ({ name, severity: 'warning' as const, summary, why }))];

const ISTIO_GROUP = 'security.istio.io';

interface Checked {
  readonly policy: NetworkPolicy | null;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  readonly warningRule: string;
}

/** Lints policies among objects. Pure; equal objects in equal order give equal findings. */
export function lint(objects: readonly LintObject[], world: LintWorld, effort: Effort = new Effort()): Linted {
  const checked = objects.map(check);
  const subjects = new Map<number, Subject>();
  for (const [i, one] of checked.entries()) if (one !== null && one.policy !== null) subjects.set(i, subjectOf(one.policy));
  const byNamespace = groupBy(subjects.values(), ({ policy }) => policy.metadata.namespace);
  const indexes = new Map<string, RuleIndex>();
  const ruleIndex = (namespace: string): RuleIndex => {
    let index = indexes.get(namespace);
    if (index === undefined) indexes.set(namespace, (index = new RuleIndex(namespace, byNamespace.get(namespace) ?? [])));
    return index;
  };
  const around = { byNamespace, ruleIndex, world, effort };
  const findings: Finding[] = [];
  for (const [i, { object }] of objects.entries()) {
    const own = checked[i];
    if (own === null || own === undefined) continue;
    const say = (rule: string, severity: LintSeverity, { field, message }: Problem): void => void findings.push({ rule, severity, object: i, policy: nameOf(object), field, message });
    for (const problem of own.problems) say('invalid-policy', 'error', problem);
    for (const warning of own.warnings) say(own.warningRule, 'warning', warning);
    const subject = subjects.get(i);
    if (subject !== undefined) for (const rule of LINT_RULES) for (const remark of rule.find(subject, around)) say(rule.name, 'warning', remark);
  }
  const others = groupBy(objects.filter((_, i) => checked[i] === null).filter(isPolicy), ({ kind, group }) => (group === '' ? kind : `${kind} (${group})`));
  return {
    policies: checked.filter((one) => one !== null).length,
    findings,
    isCut: effort.isSpent,
    notLinted: [...others].map(([kind, all]) => ({ kind, count: all.length })).toSorted((a, b) => (a.kind < b.kind ? -1 : 1)),
  };
}

/** Null for an object that is not linted. */
function check({ kind, group, object }: LintObject): Checked | null {
  if (kind === 'NetworkPolicy' && NETWORK_POLICY_GROUPS.has(group)) {
    const { policy, problems, warnings } = validatePolicy(object);
    // A cluster may hold it from old times; every server that is still maintained refuses it.
    const isObsolete = ({ field }: Problem): boolean => field === 'status';
    return { policy, problems: [...problems, ...warnings.filter(isObsolete)], warnings: warnings.filter((one) => !isObsolete(one)), warningRule: 'version-dependent' };
  }
  if (isAdminKind(kind) && (group === ADMIN_GROUP || group === '')) return { ...validateAdminPolicy(kind, object), policy: null, warningRule: 'not-as-it-reads' };
  if (kind === 'AuthorizationPolicy' && (group === ISTIO_GROUP || group === '')) return { ...validateAuthorization(object), policy: null, warningRule: 'not-as-it-reads' };
  return null;
}

function isPolicy({ kind, group }: LintObject): boolean {
  return /policy$/i.test(kind) || group === ISTIO_GROUP;
}

function nameOf(object: unknown): string {
  const { metadata, kind } = object as { readonly kind?: unknown; readonly metadata?: { readonly namespace?: unknown; readonly name?: unknown } | null };
  const text = (value: unknown, other: string): string => (typeof value === 'string' ? value : other);
  const name = text(metadata?.name, '?');
  return typeof kind === 'string' && isAdminKind(kind) ? name : `${text(metadata?.namespace, 'default')}/${name}`;
}
