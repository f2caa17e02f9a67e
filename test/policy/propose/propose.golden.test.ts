import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { validateAuthorization } from '../../../src/policy/istio/validate.ts';
import { Session } from '../../support/cli.ts';

/**
 * Each folder of test/cases/policies is a case: logs and an inventory as clusters give them, the commands in case.yaml, and the
 * policies (expected.yaml) and messages (expected.txt) that must come of them; in another form, if it is there, as expected.FORM.yaml has it.
 */
const CASES = resolve(import.meta.dirname, '../../cases/policies');

interface Case {
  readonly about: string;
  /** Further options of `observe`, and what is run after it; a name of a file is one beside the case. */
  readonly observe?: readonly string[];
  readonly then?: readonly (readonly string[])[];
  readonly propose?: readonly string[];
  /** What a form is asked for beside that. */
  readonly forms?: Readonly<Record<string, readonly string[]>>;
}

interface Opened extends Case {
  readonly name: string;
  readonly file: (name: string) => string;
}

function openCase(name: string): Opened {
  const file = (own: string): string => join(CASES, name, own);
  return { name, file, ...(parse(readFileSync(file('case.yaml'), 'utf8')) as Case) };
}

const FORMS = ['calico', 'cilium'];
const cases = readdirSync(CASES).toSorted().map(openCase);

const beside = ({ file }: Opened, words: readonly string[] = []): readonly string[] => words.map((word) => (/\.(jsonl|log|yaml)$/.test(word) ? file(word) : word));

/** A session that has read what the case holds. */
async function prepared(one: Opened): Promise<Session> {
  const { file, observe = [], then = [] } = one;
  const session = new Session();
  const log = ['flows.jsonl', 'access.log'].find((own) => existsSync(file(own))) ?? '';
  const inventory = existsSync(file('inventory.yaml')) ? ['--inventory', 'inventory.yaml'] : [];
  const commands = [['observe', log, ...inventory, ...observe], ...then];
  for (const command of commands) {
    const result = await session.run(...beside(one, command));
    expect(result, `${command.join(' ')}: ${result.err}`).toMatchObject({ status: 0 });
  }
  return session;
}

/** The files of policies in a folder, as one text. */
function filesIn(folder: string): string {
  const names = readdirSync(folder)
    .filter((name) => name !== 'kustomization.yaml')
    .toSorted();
  return names.map((name) => readFileSync(join(folder, name), 'utf8')).join('---\n');
}

describe('proposals of known cases', () => {
  it.each(cases)('$name: $about', async (one) => {
    const session = await prepared(one);
    const folder = join(session.folder, 'policies');
    const result = await session.run('propose', ...beside(one, one.propose), '--out', folder);
    expect(result.status).toBe(0);
    expect(filesIn(folder)).toBe(readFileSync(one.file('expected.yaml'), 'utf8'));
    expect(result.err.replace(folder, 'DIR')).toBe(readFileSync(one.file('expected.txt'), 'utf8'));
  });

  it.each(cases.flatMap((one) => FORMS.filter((form) => existsSync(one.file(`expected.${form}.yaml`))).map((form) => ({ ...one, form }))))('$name, as $form', async (one) => {
    const session = await prepared(one);
    const folder = join(session.folder, 'policies');
    const result = await session.run('propose', ...beside(one, one.propose), '--as', one.form, ...(one.forms?.[one.form] ?? []), '--out', folder);
    expect(result.status).toBe(0);
    expect(filesIn(folder)).toBe(readFileSync(one.file(`expected.${one.form}.yaml`), 'utf8'));
  });

  it.each(cases)('$name: replayed, the policies break no accepted edge', async (one) => {
    const session = await prepared(one);
    const folder = join(session.folder, 'policies');
    await session.run('propose', ...beside(one, one.propose).filter((word) => word !== '--default-deny'), '--out', folder);
    if (filesIn(folder) === '') return;
    const { status, out } = await session.run('simulate', '--policies', folder);
    expect({ status, out }).toMatchObject({ status: 0, out: expect.stringContaining('0 accepted edges would break') });
  });

  it('the same records in another order give the same files', async () => {
    const one = openCase('several-ports');
    const session = new Session();
    const lines = readFileSync(one.file('flows.jsonl'), 'utf8').trimEnd().split('\n').toReversed();
    await session.observe(lines, '--inventory', one.file('inventory.yaml'));
    await session.run('propose', '--out', join(session.folder, 'policies'));
    expect(filesIn(join(session.folder, 'policies'))).toBe(readFileSync(one.file('expected.yaml'), 'utf8'));
  });
});

describe('the expected policies themselves', () => {
  type Policy = {
    readonly kind: string;
    readonly metadata: { readonly name: string };
    readonly spec: {
      readonly podSelector: object;
      readonly policyTypes: readonly string[];
      readonly ingress?: readonly { readonly from?: readonly object[] }[];
      readonly egress?: readonly { readonly to?: readonly object[] }[];
    };
  };
  const documentsOf = ({ file }: Opened): readonly unknown[] => parseAllDocuments(readFileSync(file('expected.yaml'), 'utf8')).map((document) => document.toJS() as unknown);
  const policiesOf = (one: Opened): readonly Policy[] => (documentsOf(one) as readonly Policy[]).filter(({ kind }) => kind === 'NetworkPolicy');
  const authorizationsOf = (one: Opened): readonly object[] => (documentsOf(one) as readonly Policy[]).filter(({ kind }) => kind === 'AuthorizationPolicy');

  it.each(cases)('$name: types are said, no rule lacks a peer, and no workload’s selector is empty', (one) => {
    for (const { metadata, spec } of policiesOf(one)) {
      expect(spec.policyTypes.length).toBeGreaterThan(0);
      const peers = [...(spec.ingress ?? []).map(({ from }) => from ?? []), ...(spec.egress ?? []).map(({ to }) => to ?? [])];
      for (const own of peers) expect(own.length).toBeGreaterThan(0);
      expect(Object.keys(spec.podSelector).length > 0).toBe(metadata.name !== 'default-deny');
      if (metadata.name === 'default-deny') expect(peers).toEqual([]);
    }
  });

  it.each(cases.filter((one) => authorizationsOf(one).length > 0))('$name: Istio takes what is for the mesh, and warns of nothing', (one) => {
    for (const policy of authorizationsOf(one)) expect(validateAuthorization(policy)).toMatchObject({ problems: [], warnings: [] });
  });
});
