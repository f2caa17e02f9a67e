import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ALL_RULES } from '../../../src/policy/lint/lint.ts';
import { footpath, Session, type Result } from '../../support/cli.ts';
import { learnedShop, must } from '../../support/shop.ts';

const HEAD = 'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: shop}\nspec:\n';
const GOOD = `${HEAD}  podSelector: {matchLabels: {app: cart}}\n  policyTypes: [Ingress]\n  ingress:\n  - from: [{podSelector: {matchLabels: {app: web}}}]\n    ports: [{port: 8080}]\n`;
const OPEN = `${HEAD}  podSelector: {matchLabels: {app: cart}}\n  policyTypes: [Ingress]\n  ingress:\n  - from: []\n    ports: [{port: 8080}]\n`;
const WRONG = `${HEAD}  podSelector: {matchLabels: {app: cart}}\n  policyTypes: [Ingress]\n  ingress:\n  - ports:\n    - port: "8080"\n    - port: 0\n`;
const WORKLOAD = 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: cart, namespace: shop}\nspec: {selector: {matchLabels: {app: cart}}, template: {metadata: {labels: {app: cart}}, spec: {containers: [{name: main, ports: [{containerPort: 8080}]}]}}}\n';

/** Lints one file without a database. */
async function lintedFile(content: string, ...args: readonly string[]): Promise<Result & { readonly path: string }> {
  const session = new Session();
  const path = session.write('policies.yaml', content);
  return { ...(await footpath(['lint', path, '--db', ':memory:', ...args])), path };
}

describe('lint', () => {
  it('finds nothing in a good policy, and exits with 0', async () => {
    const { status, out, err } = await lintedFile(GOOD);
    expect([status, out, err]).toEqual([0, '1 policy in 1 file: nothing found\n', 'whom selectors match is not checked: there is no database, and no workload among the files\n']);
  });

  it('warns with 0, with the line, the rule and what to do', async () => {
    const { status, out, path } = await lintedFile(OPEN);
    expect([status, out]).toEqual([
      0,
      `1 policy in 1 file: 1 warning\n\n${path}\n  8  warning  no-peers  shop/p\n     spec.ingress[0].from: no from, or an empty one, means everybody: every pod\n     and every address may connect at these ports; name peers\n`,
    ]);
  });

  it('refuses with 3 what an API server refuses, every fault of it', async () => {
    const { status, out } = await lintedFile(WRONG);
    expect([status, out.split('\n')[0], out.match(/^ +(\d+) {2}error {2}invalid-policy/gm)]).toEqual([3, '1 policy in 1 file: 2 errors', ['   9  error  invalid-policy', '  10  error  invalid-policy']]);
  });

  it('tells a broken document and a repeated key, and lints the rest', async () => {
    const { status, out } = await lintedFile(`${OPEN}---\nfoo: [bar\n---\n${GOOD.replace('name: p', 'name: q')}  policyTypes: [Egress]\n`, '-o', 'json');
    const { findings, errors, warnings } = JSON.parse(out) as { readonly errors: number; readonly warnings: number; readonly findings: readonly { readonly rule: string; readonly line: number; readonly policy: string | null }[] };
    expect([status, errors, warnings]).toEqual([3, 2, 2]);
    expect(findings.map(({ rule, line, policy }) => `${line} ${rule} ${policy}`)).toEqual(['8 no-peers shop/p', '12 unreadable null', '19 rules-not-read shop/q', '22 repeated-key shop/q']);
  });

  it('has JSON with every field', async () => {
    const { out, path } = await lintedFile(OPEN, '-o', 'json');
    expect(JSON.parse(out)).toEqual({
      files: 1,
      policies: 1,
      errors: 0,
      warnings: 1,
      database: null,
      findings: [{ rule: 'no-peers', severity: 'warning', file: path, line: 8, policy: 'shop/p', field: 'spec.ingress[0].from', message: expect.stringContaining('means everybody') }],
      notLinted: [],
    });
  });

  it('writes annotations for a workflow, with nothing in them that ends a line', async () => {
    const { out, path } = await lintedFile(`${OPEN}---\n${WRONG.replace('app: cart', '"a\\nb": 50%')}`, '-o', 'github');
    const lines = out.trimEnd().split('\n');
    expect(lines[0]).toBe(`::warning file=${path},line=8,title=no-peers::shop/p: spec.ingress[0].from: no from, or an empty one, means everybody: every pod and every address may connect at these ports; name peers`);
    expect(lines.every((line) => /^::(error|warning) file=[^\n]*::[^\n]+$/.test(line))).toBe(true);
    expect(out).not.toContain('50%:');
  });

  it('asks workloads among the files whom selectors match', async () => {
    const other = await lintedFile(`${GOOD.replace('app: cart', 'app: crat')}---\n${WORKLOAD}`);
    expect(other.out).toContain('matches nothing: no pod with app=crat is known in shop');
    expect(other.err).toBe('whom selectors match is asked of the workloads among the files\n');
  });

  it('asks the database, and says so', async () => {
    const session = await learnedShop();
    const { out, err } = await session.run('lint', session.write('p.yaml', GOOD.replace('app: web', 'app: wbe')));
    expect(out).toContain('spec.ingress[0].from[0]: matches nothing: no pod with app=wbe is known in');
    expect(err).toBe(`whom selectors match is asked of ${session.db} and the files\n`);
  });

  it('asks the workloads beside the policies too', async () => {
    const session = await learnedShop();
    const fresh = WORKLOAD.replaceAll('cart', 'fresh');
    const { out } = await session.run('lint', session.write('p.yaml', `${GOOD.replace('app: cart', 'app: fresh')}---\n${fresh}`));
    expect(out).toBe('1 policy in 1 file: nothing found\n');
  });

  it('finds nothing wrong in what is proposed', async () => {
    const session = await learnedShop();
    const folder = join(session.folder, 'policies');
    await must(session, 'propose', '--default-deny', '--out', folder);
    const { status, out } = await session.run('lint', folder);
    expect([status, out]).toEqual([0, expect.not.stringContaining('error')]);
  });

  it('lints the cluster’s own', async () => {
    const session = await learnedShop();
    await session.observe([], '--inventory', session.write('cluster.yaml', OPEN));
    const { status, out } = await session.run('lint', 'cluster');
    expect([status, out]).toEqual([0, expect.stringContaining('no-peers  shop/p')]);
  });

  it('keeps to a namespace', async () => {
    expect((await lintedFile(`${OPEN}---\n${WRONG.replace('namespace: shop', 'namespace: bank')}`, '-n', 'shop')).status).toBe(0);
  });

  it('validates the kinds of administrators and of Istio, and says what it does not lint', async () => {
    const admin = 'apiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\nmetadata: {name: a}\nspec: {subject: {namespaces: {}}}\n';
    const istio = 'apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: i, namespace: shop}\nspec: {action: PERMIT}\n';
    const cilium = 'apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: c, namespace: shop}\nspec: {}\n';
    const calico = 'apiVersion: projectcalico.org/v3\nkind: NetworkPolicy\nmetadata: {name: c, namespace: shop}\nspec: {}\n';
    const { status, out, err } = await lintedFile([admin, istio, cilium, calico].join('---\n'));
    expect(status).toBe(3);
    expect(out).toMatch(/error {2}invalid-policy {2}a\n +spec\.priority/);
    expect(out).toMatch(/error {2}invalid-policy {2}shop\/i\n +spec\.action/);
    expect(err).toContain('1 of kind CiliumNetworkPolicy (cilium.io) not linted');
    expect(err).toContain('1 of kind NetworkPolicy (projectcalico.org) not linted');
  });

  it('says what it does not lint, also where there is nothing else', async () => {
    const { status, err } = await lintedFile('apiVersion: projectcalico.org/v3\nkind: StagedNetworkPolicy\nmetadata: {name: c, namespace: shop}\nspec: {}\n');
    expect([status, err.split('\n')[0], err.split('\n')[1]]).toEqual([1, 'footpath: 1 of kind StagedNetworkPolicy (projectcalico.org) not linted', expect.stringMatching(/: no policy found$/)]);
  });

  it('cuts a long list, errors last to go', async () => {
    const many = Array.from({ length: 70 }, (_, i) => OPEN.replace('name: p', `name: p${i}`).replace('app: cart', `app: cart${i}`)).join('---\n');
    const { out } = await lintedFile(`${many}---\n${WRONG}`);
    expect([out.split('\n')[0], out.includes('error  invalid-policy'), out.trimEnd().endsWith('and 12 more (-o wide)')]).toEqual(['71 policies in 1 file: 2 errors, 70 warnings', true, true]);
    expect((await lintedFile(`${many}---\n${WRONG}`, '-o', 'wide')).out.match(/no-peers/g)).toHaveLength(70);
  });

  it('fits 80 columns, and shows nothing as it came', async () => {
    const { out } = await lintedFile(OPEN.replace('app: cart', 'app: "\\u202e\\u001b[31m"'));
    expect(out.split('\n').slice(3).filter((line) => line.length > 80)).toEqual([]);
    expect(out).not.toContain('\u001b');
    expect(out).not.toContain('\u202e');
  });
});

describe('lint --explain', () => {
  it.each(ALL_RULES.map(({ name }) => name))('%s', async (name) => {
    const { status, out } = await footpath(['lint', '--explain', name]);
    expect([status, out.split('\n')[0]]).toEqual([0, expect.stringMatching(new RegExp(`^${name} \\((error|warning)\\): `))]);
    expect(out.length).toBeGreaterThan(150);
  });

  it('suggests the nearest name, and lists all in the help', async () => {
    expect(await footpath(['lint', '--explain', 'no-peer'])).toMatchObject({ status: 2, err: expect.stringContaining('did you mean no-peers?') });
    const { out } = await footpath(['lint', '--help']);
    for (const { name } of ALL_RULES) expect(out).toContain(`  ${name} (`);
  });
});

describe('what lint cannot do', () => {
  it.each<[string, (session: Session) => readonly string[], number, RegExp]>([
    ['no path', () => [], 2, /name files or folders/],
    ['a file that is not there', (session) => [join(session.folder, 'none')], 1, /none: cannot be read: ENOENT/],
    ['a folder without policies', (session) => [session.folder], 1, /no policy found/],
    ['another form', (session) => [session.folder, '-o', 'csv'], 2, /-o csv: no such form here/],
  ])('%s', async (_, args, status, message) => {
    const session = new Session();
    mkdirSync(join(session.folder, 'empty'));
    expect(await footpath(['lint', '--db', ':memory:', ...args(session)])).toMatchObject({ status, err: expect.stringMatching(message) });
  });
});
