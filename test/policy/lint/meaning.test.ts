import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { ALL_RULES } from '../../../src/policy/lint/lint.ts';
import { LINT_RULES } from '../../../src/policy/lint/rules.ts';
import { linted } from '../../support/lint.ts';

interface MeaningCase {
  readonly name: string;
  readonly world?: 'none';
  readonly findings: readonly string[];
  readonly policies: readonly string[];
}

const folder = join(import.meta.dirname, '../../cases/lint');
const cases = parse(readFileSync(join(folder, 'meaning.yaml'), 'utf8')) as readonly MeaningCase[];
const shop = parseAllDocuments(readFileSync(join(folder, 'shop.yaml'), 'utf8')).map((document) => document.toJS() as object);

const textOf = (spec: string, i: number): string =>
  `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p${i}, namespace: shop}\nspec:\n${spec.trimEnd().split('\n').map((line) => `  ${line}\n`).join('')}`;

/** What is said of the first policy: the others are there for it. */
function findings({ policies, world }: MeaningCase): readonly string[] {
  const all = linted([policies.map(textOf).join('---\n')], world === 'none' ? [] : shop);
  return all.filter(({ policy }) => policy === 'shop/p0').map(({ rule, field }) => `${rule} ${field}`).toSorted();
}

describe('what is legal and surely not meant', () => {
  it.each(cases.map((one) => [one.name, one] as const))('%s', (_, one) => {
    expect(findings(one)).toEqual([...one.findings].toSorted());
  });

  it('each rule has a case in which it finds something', () => {
    const found = new Set(cases.flatMap((one) => one.findings.map((text) => text.split(' ')[0])));
    // Two policies of one name are told by their names, which the cases do not choose.
    expect(LINT_RULES.map(({ name }) => name).filter((name) => !found.has(name) && name !== 'same-name')).toEqual([]);
  });

  it('two policies of one name', () => {
    const one = textOf('podSelector: {matchLabels: {app: web}}\npolicyTypes: [Ingress]', 0);
    expect(linted([one, one], shop).map(({ rule, file, field }) => [rule, file.slice(-6), field])).toEqual([['same-name', '1.yaml', 'metadata.name']]);
    expect(linted([one, one.replace('namespace: shop', 'namespace: bank').replace('app: web', 'app: ledger')], shop)).toEqual([]);
  });

  it('a resolver needs no other one', () => {
    const policy = textOf('podSelector: {matchLabels: {k8s-app: kube-dns}}\npolicyTypes: [Egress]\negress: [{to: [{ipBlock: {cidr: 198.51.100.53/32}}], ports: [{port: 853}]}]', 0).replace('namespace: shop', 'namespace: kube-system');
    expect(linted([policy], shop)).toEqual([]);
  });

  it('says something else for each finding: names are stable and texts whole', () => {
    const names = ALL_RULES.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, summary, why } of ALL_RULES) {
      expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(summary.length, name).toBeLessThan(110);
      expect(why, name).toMatch(/\.$/);
    }
  });
});
