import { describe, expect, it } from 'vitest';
import { Effort } from '../../../src/policy/lint/effort.ts';
import { lint, type LintObject } from '../../../src/policy/lint/lint.ts';
import type { LintWorld } from '../../../src/policy/lint/world.ts';

const NOWHERE: LintWorld = { matching: null, onHost: [], namespaces: new Map(), services: [], podRanges: [], podAddresses: new Set(), resolvers: [], dnsCaches: [], member: () => null };
const policy = (name: string, spec: object): LintObject => ({
  kind: 'NetworkPolicy',
  group: 'networking.k8s.io',
  object: { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name, namespace: 'shop' }, spec },
});
const web = { podSelector: { matchLabels: { app: 'web' } }, policyTypes: ['Ingress'] };
const many = <T>(n: number, one: (i: number) => T): readonly T[] => Array.from({ length: n }, (_, i) => one(i));
const block = (i: number, except = 0): object => ({ ipBlock: { cidr: `${10 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}.0/24`, ...(except > 0 ? { except: many(except, (j) => `${10 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}.${j & 254}/32`) } : {}) } });
const linted = (objects: readonly LintObject[], effort = new Effort()): { readonly isCut: boolean; readonly rules: readonly string[] } => {
  const { isCut, findings } = lint(objects, NOWHERE, effort);
  return { isCut, rules: [...new Set(findings.map(({ rule }) => rule))] };
};

describe('what can be held against each other in one run', () => {
  it('is bounded, and what is beyond is told', () => {
    const effort = new Effort();
    expect([effort.spend(20_000_000), effort.isSpent, effort.spend(1), effort.isSpent, effort.spend(0)]).toEqual([true, false, false, true, true]);
  });

  it.each<[string, readonly LintObject[]]>([
    ['a rule of very many peers', [policy('a', { ...web, ingress: [{ from: many(5_000, (i) => block(i)), ports: [{ port: 80 }] }] })]],
    ['rules of many exceptions', many(20, (i) => policy(`p${i}`, { ...web, ingress: [{ from: [block(1, 1_500)], ports: [{ port: 80 + i }] }] }))],
    ['very many rules that ask for nothing', many(1_200, (i) => policy(`p${i}`, { ...web, ingress: [{ from: [{ podSelector: { matchExpressions: [{ key: `k${i}`, operator: 'Exists' }] }, namespaceSelector: {} }], ports: [{ port: 80 }] }] }))],
  ])('%s are not all compared', (_, objects) => {
    expect(linted(objects, new Effort(1_000_000)).isCut).toBe(true);
  });

  it('is enough for what people write: a thousand policies, a rule of hundreds of ranges', () => {
    const objects = [...many(1_000, (i) => policy(`p${i}`, { ...web, ingress: [{ from: [{ podSelector: { matchLabels: { app: `c${i}` } } }], ports: [{ port: 80 }] }] })), policy('long', { ...web, ingress: [{ from: many(400, (i) => block(i)), ports: [{ port: 80 }] }] })];
    expect(linted(objects)).toEqual({ isCut: false, rules: [] });
    const more = policy('again', { ...web, ingress: [{ from: [block(7)], ports: [{ port: 80 }] }] });
    expect(linted([...objects, more])).toEqual({ isCut: false, rules: ['shadowed-rule'] });
  });

  it('a selector of very many conditions is looked at once', () => {
    const labels = Object.fromEntries(many(8_000, (i) => [`k${i}`, 'v']));
    const [selector, impossible] = [{ matchLabels: labels }, { matchLabels: labels, matchExpressions: [{ key: 'k7', operator: 'DoesNotExist' }] }];
    const objects = many(3, (i) => policy(`p${i}`, { podSelector: selector, policyTypes: ['Egress'], egress: [{ to: [{ podSelector: impossible }], ports: [{ port: 53, protocol: 'UDP' }] }] }));
    expect(linted(objects).rules).toContain('impossible-selector');
  });
});
