import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupBy } from '../../../src/model/group.ts';
import { selectorMatches } from '../../../src/model/selector.ts';
import type { IngressRule, EgressRule, NetworkPolicy } from '../../../src/model/policy.ts';
import { PolicySet } from '../../../src/policy/evaluate/evaluate.ts';
import { isImpossible, isWithin, ruleWithin } from '../../../src/policy/lint/contain.ts';
import { Effort } from '../../../src/policy/lint/effort.ts';
import { lint } from '../../../src/policy/lint/lint.ts';
import { RuleIndex } from '../../../src/policy/lint/rule-index.ts';
import { subjectOf } from '../../../src/policy/lint/subject.ts';
import { lintWorld } from '../../../src/policy/lint/world.ts';
import { connections, podSelector, policy, world, type World } from '../../support/arbitrary-policy.ts';
import { Learner } from '../../support/graph.ts';

const RUNS = { numRuns: 150 };
const FIELDS = fc.constantFrom('name', 'namespace', 'podSelector', 'namespaceSelector', 'ipBlock', 'matchLabels', 'matchExpressions', 'key', 'operator', 'values', 'policyTypes', 'ingress', 'egress', 'from', 'to', 'ports', 'port', 'endPort', 'protocol', 'cidr', 'except', 'app', '__proto__');
/** Nobody is known: what is said follows from the text alone. */
const NOBODY = lintWorld(new Learner().graph());
const labels = fc.dictionary(fc.constantFrom('app', 'tier'), fc.constantFrom('a', 'b', 'c', ''), { noNullPrototype: true }).map((own) => new Map(Object.entries(own)));

function allowed(all: readonly NetworkPolicy[], around: World): readonly boolean[] {
  const set = new PolicySet(all, around.around);
  return connections(around).map(({ from, to, port, protocol }) => set.evaluate(from, to, port, protocol).allowed === true);
}

/** The findings of some rules, with the policies that they are about. */
function findings(policies: readonly NetworkPolicy[], rule: string): readonly { readonly object: number; readonly field: string }[] {
  const objects = policies.map((object) => ({ kind: 'NetworkPolicy', group: 'networking.k8s.io', object }));
  return lint(objects, NOBODY).findings.filter((one) => one.rule === rule);
}

/** Without the item at `spec.ingress[1]` or `spec.ingress[1].from[0]`. */
function without(one: NetworkPolicy, field: string): NetworkPolicy {
  const [, direction = '', rule = '', list, item = ''] = /^spec\.(\w+)\[(\d+)\](?:\.(\w+)\[(\d+)\])?$/.exec(field) ?? [];
  const rules = (one.spec[direction as 'ingress' | 'egress'] ?? []) as readonly (IngressRule & EgressRule)[];
  const changed = rules.flatMap((own, i) => {
    if (i !== Number(rule)) return [own];
    if (list === undefined) return [];
    return [{ ...own, [list]: (own[list as 'from' | 'to' | 'ports'] ?? []).filter((_, j) => j !== Number(item)) }];
  });
  return { ...one, spec: { ...one.spec, [direction]: changed } };
}

/** Types written out, so that a rule can go without changing them; names of their own. */
const policies = fc.array(policy, { minLength: 1, maxLength: 3 }).map((all) =>
  all.map((one, i): NetworkPolicy => ({ ...one, metadata: { ...one.metadata, name: `p${i}` }, spec: { ...one.spec, policyTypes: ['Ingress', 'Egress'] } })),
);

describe('what lint says is so', () => {
  it.each(['shadowed-rule', 'shadowed-peer'])('%s: taking it out changes nothing', (rule) => {
    let found = 0;
    fc.assert(
      fc.property(world, policies, (around, all) => {
        for (const { object, field } of findings(all, rule)) {
          found++;
          const fewer = all.map((one, i) => (i === object ? without(one, field) : one));
          expect(allowed(fewer, around), field).toEqual(allowed(all, around));
        }
      }),
      RUNS,
    );
    expect(found).toBeGreaterThan(10);
  });

  it('shadowed-rule: all that are named can be taken out together', () => {
    fc.assert(
      fc.property(world, policies, (around, all) => {
        const named = findings(all, 'shadowed-rule');
        const fewer = all.map((one, i) => {
          const own = named.filter(({ object }) => object === i).map(({ field }) => field);
          // From the last, so that the numbers of those before stay.
          return own.toSorted((a, b) => b.localeCompare(a)).reduce(without, one);
        });
        expect(allowed(fewer, around)).toEqual(allowed(all, around));
      }),
      RUNS,
    );
  });

  it('shadowed-rule: no rule that holds another one is overlooked', () => {
    let found = 0;
    fc.assert(
      fc.property(policies, (all) => {
        for (const [namespace, own] of groupBy(all.map(subjectOf), (subject) => subject.policy.metadata.namespace)) {
          const index = new RuleIndex(namespace, own);
          const rules = own.flatMap((subject) => subject.rules);
          for (const rule of rules) {
            const around = new Set(index.around(rule, new Effort()).map((placed) => placed.rule));
            const holders = rules.filter((wide) => ruleWithin(rule, wide, namespace));
            found += holders.length;
            expect(holders.filter((wide) => !around.has(wide))).toEqual([]);
          }
        }
      }),
      { numRuns: 500 },
    );
    expect(found).toBeGreaterThan(1_000);
  });

  it('rules-not-read: without them nothing changes', () => {
    fc.assert(
      fc.property(world, fc.array(policy, { maxLength: 2 }), (around, all) => {
        for (const { object, field } of findings(all, 'rules-not-read')) {
          const direction = field.slice('spec.'.length) as 'ingress' | 'egress';
          const fewer = all.map((one, i) => (i === object ? { ...one, spec: { ...one.spec, [direction]: [] } } : one));
          expect(allowed(fewer, around)).toEqual(allowed(all, around));
        }
      }),
      RUNS,
    );
  });

  it('a selector within another one matches nothing that the other one does not', () => {
    fc.assert(
      fc.property(podSelector, podSelector, fc.array(labels, { minLength: 1, maxLength: 8 }), (narrow, wide, pods) => {
        if (!isWithin(narrow, wide)) return;
        for (const own of pods) expect(selectorMatches(narrow, own) && !selectorMatches(wide, own)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('every selector is within itself, and within the empty one', () => {
    fc.assert(
      fc.property(podSelector, (selector) => {
        expect([isWithin(selector, selector), isWithin(selector, {})]).toEqual([true, true]);
      }),
    );
  });

  it('an impossible selector matches nothing', () => {
    fc.assert(
      fc.property(podSelector, fc.array(labels, { minLength: 1, maxLength: 8 }), (selector, pods) => {
        expect(isImpossible(selector) && pods.some((own) => selectorMatches(selector, own))).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('whatever stands where a policy should, something is said, and nothing thrown', () => {
    const value = fc.letrec((tie) => ({
      any: fc.oneof({ maxDepth: 4 }, fc.constantFrom<unknown>(null, true, 80, -1, 0.5, '', 'web', 'Ingress', '10.0.0.0/8', '::/0'), fc.array(tie('any'), { maxLength: 3 }), fc.dictionary(FIELDS, tie('any'), { maxKeys: 4, noNullPrototype: true })),
    })).any;
    fc.assert(
      fc.property(value, value, (metadata, spec) => {
        const object = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata, spec };
        for (const { rule, field, message } of lint([{ kind: 'NetworkPolicy', group: 'networking.k8s.io', object }], NOBODY).findings) expect([rule, field, message].every((text) => typeof text === 'string')).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('equal files give equal findings', () => {
    fc.assert(
      fc.property(policies, (all) => {
        const objects = all.map((object) => ({ kind: 'NetworkPolicy', group: 'networking.k8s.io', object }));
        expect(lint(objects, NOBODY)).toEqual(lint(structuredClone(objects), NOBODY));
      }),
      { numRuns: 30 },
    );
  });
});
