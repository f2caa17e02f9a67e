import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { exporters } from '../../src/export/index.ts';
import type { PolicySet, RenderedFile } from '../../src/exporter.ts';
import { isLabelName, isSubdomain } from '../../src/model/names.ts';
import { validatePolicy } from '../../src/policy/validate/validate.ts';
import { calicoProblems } from '../support/calico-schema.ts';
import { ciliumProblems } from '../support/cilium-schema.ts';
import { istioProblems } from '../support/istio-schema.ts';
import { activeText, policySet, proposal, proposals } from '../support/rendering.ts';

/** What every exporter owes: judged the moment it is listed. */

const NAMESPACES = ['shop', 'bank', 'on', '0123'] as const;
const sets: fc.Arbitrary<PolicySet> = fc.tuple(proposals, fc.subarray([...NAMESPACES])).map(([own, closed]) => policySet(own, closed));
const RUNS = { numRuns: 60 };

/** Nothing else is printable in YAML: a parser may refuse the whole file for one of them. */
const PRINTABLE = /^[\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u;

const withoutComments = (content: string): string => content.split('\n').filter((line) => !/^\s*#/.test(line)).join('\n');
const frozen = <T>(value: T): T => {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) for (const item of Object.values(Object.freeze(value))) frozen(item);
  return value;
};

/** What kubectl reads of a file, whichever YAML its parser speaks. */
const readings = (content: string): readonly unknown[] => (['1.1', '1.2'] as const).map((version) => parse(content, { version }) as unknown);

/** What those who read an object say of it. */
const PROBLEMS: Readonly<Record<string, (object: object) => readonly string[]>> = {
  'networking.k8s.io/v1': (object) => validatePolicy(object).problems.map(({ field, message }) => `${field} ${message}`),
  'cilium.io/v2': ciliumProblems,
  'projectcalico.org/v3': calicoProblems,
  'security.istio.io/v1': istioProblems,
};

/** What is wrong with a file: nothing of a good one. */
function faultsOf({ name, content, object }: RenderedFile): readonly string[] {
  const [, namespace = '', own = ''] = /^([^_]+)__([^_]+)\.yaml$/.exec(name) ?? [];
  const { apiVersion, metadata } = object as { readonly apiVersion?: unknown; readonly metadata?: { readonly name?: unknown; readonly namespace?: unknown } };
  const problems = PROBLEMS[String(apiVersion)]?.(object) ?? [`${String(apiVersion)} is not known`];
  const checks = {
    name: isLabelName(namespace) && isSubdomain(own) && [own, `default.${own}`].includes(String(metadata?.name)) && metadata?.namespace === namespace,
    text: readings(content).every((read) => isDeepStrictEqual(read, JSON.parse(JSON.stringify(object)))),
    documents: parseAllDocuments(content).length === 1,
    letters: PRINTABLE.test(content) && content.endsWith('\n'),
    [problems.join(', ')]: problems.length === 0,
  };
  return Object.entries(checks).flatMap(([what, fine]) => (fine ? [] : [`bad ${what} of ${name}:\n${content}`]));
}

it('each exporter has a name of its own', () => {
  const names = exporters.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

describe.each(exporters.map((exporter) => [exporter.name, exporter] as const))('the exporter %s', (name, exporter) => {
  it('says what it is', () => {
    expect(name).toMatch(/^[a-z][a-z0-9-]*$/);
    expect(exporter.description).toMatch(/\S/);
  });

  it('renders nothing of nothing', () => {
    expect(exporter.render(policySet([]))).toEqual([]);
  });

  it('renders objects that an API server takes, as text that reads back as them, in files of their names', () => {
    fc.assert(
      fc.property(sets, (set) => {
        expect(exporter.render(set).flatMap(faultsOf)).toEqual([]);
        const asked = Object.fromEntries(exporter.takes.map((option) => [option, true]));
        expect(exporter.render(set, asked).flatMap(faultsOf)).toEqual([]);
      }),
      RUNS,
    );
  });

  it('renders each proposal, sorted by name, whatever their order', () => {
    const shuffledSets = sets.chain((set) =>
      fc.tuple(
        fc.constant(set),
        fc.shuffledSubarray([...set.proposals], { minLength: set.proposals.length }),
        fc.shuffledSubarray([...set.defaultDeny], { minLength: set.defaultDeny.length }),
      ),
    );
    fc.assert(
      fc.property(shuffledSets, ([set, shuffled, closed]) => {
        const files = exporter.render(set);
        const names = files.map((file) => file.name);
        expect(names).toEqual(names.toSorted((a, b) => (a < b ? -1 : 1)));
        expect(new Set(names).size).toBe(names.length);
        for (const { policy } of set.proposals) expect(names.some((own) => own.startsWith(`${policy.metadata.namespace}__${policy.metadata.name}`))).toBe(true);
        for (const namespace of set.defaultDeny) expect(names.some((own) => own.startsWith(`${namespace}__`))).toBe(true);
        expect(exporter.render({ ...set, proposals: shuffled, defaultDeny: closed })).toEqual(files);
      }),
      RUNS,
    );
  });

  it('renders equal proposals to equal bytes, and changes none of them', () => {
    fc.assert(
      fc.property(sets, (set) => {
        const copy = structuredClone(set);
        expect(exporter.render(frozen(set))).toEqual(exporter.render(copy));
        expect(set).toEqual(copy);
      }),
      { numRuns: 25 },
    );
  });

  it('lets no text of the evidence out of its comment', () => {
    const harmless = exporter.render(policySet([proposal({ rules: [{}, { direction: 'egress' }], notes: ['x'], excess: ['x'], leftAlone: [{ direction: 'egress', reason: 'x' }] })]));
    fc.assert(
      fc.property(activeText, activeText, activeText, activeText, (comment, note, excess, reason) => {
        const hostile = proposal({ rules: [{ comment }, { direction: 'egress', comment }], notes: [note], excess: [excess], leftAlone: [{ direction: 'egress', reason }] });
        const files = exporter.render(policySet([hostile]));
        for (const [i, file] of files.entries()) {
          expect(faultsOf(file)).toEqual([]);
          expect(withoutComments(file.content)).toBe(withoutComments(harmless[i]?.content ?? ''));
          expect(file.object).toEqual(harmless[i]?.object);
        }
        expect(files).toHaveLength(harmless.length);
      }),
      { numRuns: 120 },
    );
  });

  it('tells the evidence that it was given', () => {
    const said = exporter
      .render(policySet([proposal({ rules: [{ comment: 'from shop/web: evidence-1' }, { comment: 'evidence-2' }], notes: ['evidence-3'], excess: ['evidence-4'], leftAlone: [{ direction: 'egress', reason: 'evidence-5' }] })]))
      .map(({ content }) => content)
      .join('');
    for (let i = 1; i <= 5; i++) expect(said).toContain(`evidence-${i}`);
  });

  it('renders no policy that an API server would refuse', () => {
    const bad = [
      proposal({ name: 'Cart' }),
      proposal({ namespace: '../../etc' }),
      proposal({ name: '../../etc/passwd' }),
      proposal({ rules: [{ peers: [{ ipBlock: { cidr: '10.0.0.0' } }] }] }),
      proposal({ rules: [{ peers: [{}] }] }),
      proposal({ rules: [{ ports: [{ protocol: 'TCP', port: 0 }] }] }),
      proposal({ selector: { matchLabels: { 'a b': 'c' } } }),
    ];
    for (const one of bad) expect(() => exporter.render(policySet([proposal({ name: 'good' }), one]))).toThrow(`${one.policy.metadata.namespace}/${one.policy.metadata.name}`);
    expect(() => exporter.render(policySet([], ['Shop']))).toThrow('Shop');
  });
});
