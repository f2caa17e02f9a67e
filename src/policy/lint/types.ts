import type { LintRule } from './rule.ts';
import { rulesOf, typeOf, DIRECTIONS } from './subject.ts';

/** What policyTypes, written or not, make of a policy. */

export const rulesNotRead: LintRule = {
  name: 'rules-not-read',
  summary: 'rules of a direction that policyTypes leaves out',
  why: 'policyTypes alone decides which directions a policy closes. Rules of another direction are stored and never read: that direction stays as open as it was. Add the type, or take the rules out.',
  *find({ policy, closed }) {
    for (const direction of DIRECTIONS) {
      const [first] = rulesOf(policy, direction);
      if (first !== undefined && !closed.has(direction)) yield { field: `spec.${direction}`, message: `policyTypes lacks ${typeOf(direction)}: the ${direction} rules are not read, and ${direction} is not closed; add ${typeOf(direction)} to policyTypes` };
    }
  },
};

export const missingTypes: LintRule = {
  name: 'missing-types',
  summary: 'no policyTypes: what is closed follows from which rules there are',
  why: 'Without policyTypes a policy closes ingress, always, and egress only if it has an egress rule. A policy with egress rules alone so cuts off everybody who connects to its pods, and one with egress: [] leaves egress open. Write policyTypes.',
  *find({ policy, writtenTypes, closed }) {
    if (writtenTypes !== null) return;
    const [ingress, egress] = [policy.spec.ingress ?? [], policy.spec.egress ?? []];
    if (egress.length > 0 && ingress.length === 0) yield { field: 'spec', message: 'there are egress rules alone and no policyTypes: ingress is closed too, and nobody can connect to these pods; write policyTypes: [Egress], or [Ingress, Egress] if that is meant' };
    else yield { field: 'spec', message: `policyTypes is missing: the policy closes ${[...closed].join(' and ')}${closed.has('egress') ? '' : ', not egress'}; write it down` };
  },
};

export const closedDirection: LintRule = {
  name: 'closed-direction',
  summary: 'a direction that is closed without a rule, beside one that has rules',
  why: 'A type in policyTypes without a rule closes the direction altogether: no name is resolved any more (Egress), nobody connects any more (Ingress), unless another policy opens it. A default deny, with no rule at all, means just that. Add rules, or take the type out.',
  *find({ policy, writtenTypes, closed, rules }) {
    if (writtenTypes === null || rules.length === 0) return;
    for (const direction of DIRECTIONS) {
      if (!closed.has(direction) || rulesOf(policy, direction).length > 0) continue;
      const effect = direction === 'egress' ? 'these pods connect to nobody, and resolve no names' : 'nobody connects to these pods';
      yield { field: 'spec.policyTypes', message: `${typeOf(direction)} is listed and there is no ${direction} rule: unless another policy opens it, ${effect}; add rules, or take ${typeOf(direction)} out` };
    }
  },
};
