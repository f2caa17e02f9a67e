import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { footpath, scratch, type Session } from '../../support/cli.ts';
import { ownerObject } from '../../support/inventory.ts';
import { networkPolicy } from '../../support/policy.ts';
import { learnedShop, must } from '../../support/shop.ts';

interface Diffed {
  readonly workloads: number;
  readonly breaks: readonly string[];
  readonly differences: readonly {
    readonly change: string;
    readonly source: { readonly kind: string; readonly workload?: string; readonly ranges?: readonly object[]; readonly addresses?: string };
    readonly destination: { readonly kind: string; readonly workload?: string };
    readonly ports: readonly object[];
    readonly edges: readonly { readonly id: string; readonly state: string }[];
  }[];
}

const policy = (app: string, spec: object): string => JSON.stringify(networkPolicy({ podSelector: { matchLabels: { app } }, ...spec }, 'shop', app));
const CLOSED = policy('cart', { policyTypes: ['Ingress'] });
const OPEN = policy('cart', { policyTypes: ['Ingress'], ingress: [{}] });

const written = (session: Session, a: string, b: string): readonly [string, string] => [session.write('a.yaml', a), session.write('b.yaml', b)];

describe('diff', () => {
  it('says that there is no difference, and exits with 0', async () => {
    const session = await learnedShop();
    const folder = join(session.folder, 'policies');
    await must(session, 'propose', '--out', folder);
    const { status, out, err } = await session.run('diff', folder, 'proposed');
    expect([status, out, err]).toEqual([0, `${folder} -> proposed: no difference in what 5 workloads can reach and be reached by\n`, '']);
  });

  it('sets what would break first, with its evidence, and exits with 3', async () => {
    const session = await learnedShop();
    const [a, b] = written(session, OPEN, CLOSED);
    const { status, out } = await session.run('diff', a, b);
    expect(status).toBe(3);
    expect(out.split('\n').slice(0, 5)).toEqual([
      `${a} -> ${b}: 6 pairs lose connections, 1 accepted edge would break`,
      '',
      'shop/web -> shop/cart',
      expect.stringMatching(/^ {2}- any port {2}breaks 8080\/TCP accepted, \d+ connections, last 0s ago$/),
      '',
    ]);
    expect(out).toContain('\nanywhere outside -> shop/cart\n  - any port  never used\n');
  });

  it('takes both ways round, with the signs turned', async () => {
    const session = await learnedShop();
    const [a, b] = written(session, OPEN, CLOSED);
    const [there, back] = [await session.run('diff', a, b), await session.run('diff', b, a)];
    expect(back.out.split('\n')[0]).toBe(`${b} -> ${a}: 6 pairs gain some, 1 of them in use`);
    expect(back.out.split('\n').filter((line) => line.startsWith('  +'))).toHaveLength(there.out.split('\n').filter((line) => line.startsWith('  -')).length);
  });

  it('fits 80 columns, and needs no colour', async () => {
    const session = await learnedShop();
    const ranges = (n: number): string => policy('web', { policyTypes: ['Egress'], egress: [{ to: Array.from({ length: 12 }, (_, i) => ({ ipBlock: { cidr: `198.51.${n + 2 * i}.0/24` } })), ports: Array.from({ length: 12 }, (_, i) => ({ port: 100 + 2 * i })) }] });
    const [a, b] = written(session, ranges(0), ranges(1));
    const { out } = await session.run('diff', a, b);
    expect(out.split('\n').slice(1).filter((line) => line.length > 80)).toEqual([]);
    expect(out).toContain('and 8 more ranges');
    const wide = await session.run('diff', a, b, '-o', 'wide');
    expect(wide.out).not.toContain('more ranges');
    expect((await footpath(['diff', a, b, '--db', session.db], { env: { FORCE_COLOR: '1' } })).out).toContain('\u001b[31m');
  });

  it('has JSON with everything in it', async () => {
    const session = await learnedShop();
    const [a, b] = written(session, OPEN, CLOSED);
    const result = await session.run('diff', a, b, '-o', 'json');
    const { workloads, breaks, differences } = result.json() as Diffed;
    expect([result.status, workloads, breaks.length, differences.length]).toEqual([3, 5, 1, 6]);
    const outside = differences.find(({ source }) => source.kind === 'external');
    expect(outside).toMatchObject({
      change: 'vanishes',
      source: { ip: null, ranges: [{ cidr: '0.0.0.0/0', except: [] }, { cidr: '::/0', except: [] }], addresses: String((1n << 32n) + (1n << 128n)) },
      destination: { workload: 'cart' },
      ports: ['TCP', 'UDP', 'SCTP'].map((protocol) => ({ protocol, port: 1, endPort: 65_535 })),
      edges: [],
    });
    const used = differences.find(({ edges }) => edges.length > 0);
    expect([used?.source.workload, used?.edges.map(({ id, state }) => [id, state])]).toEqual(['web', [[breaks[0], 'accepted']]]);
  });

  it('keeps to a namespace', async () => {
    const session = await learnedShop();
    const [a, b] = written(session, OPEN, CLOSED);
    expect((await session.run('diff', a, b, '-n', 'pay')).out).toContain('pay/books -> shop/cart');
    expect((await session.run('diff', a, b, '-n', 'none')).status).toBe(0);
  });

  it('compares with a cluster that has no policies yet', async () => {
    const session = await learnedShop();
    const { status, out, err } = await session.run('diff', 'cluster', 'proposed');
    expect([status, out.split('\n')[0]?.includes('0 accepted edges would break'), err]).toEqual([3, true, 'footpath: cluster: no NetworkPolicy known: compared as if everything were open\n']);
  });

  it('does not take policies that it cannot read for none', async () => {
    const session = await learnedShop();
    const cilium = session.write('cilium.yaml', 'apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: c, namespace: shop}\nspec: {}\n');
    const { status, out, err } = await session.run('diff', 'cluster', cilium);
    expect([status, out]).toEqual([1, '']);
    expect(err).toContain('1 of kind CiliumNetworkPolicy not evaluated: the answer is that of the others alone\n');
    expect(err).toMatch(/cilium\.yaml: no valid NetworkPolicy found\n$/);
  });

  it('compares with what the cluster has, and with nothing', async () => {
    const session = await learnedShop();
    await session.observe([], '--inventory', session.write('cluster.yaml', CLOSED));
    const [, same] = written(session, OPEN, CLOSED);
    expect((await session.run('diff', 'cluster', same)).status).toBe(0);
    const empty = join(session.folder, 'empty');
    mkdirSync(empty);
    const { status, err } = await session.run('diff', empty, 'cluster');
    expect([status, err]).toEqual([3, `footpath: ${empty}: no NetworkPolicy known: compared as if everything were open\n`]);
  });

  it('closes what nobody proposes anything for, if the proposals have it so', async () => {
    const session = await learnedShop();
    const folder = join(session.folder, 'policies');
    await must(session, 'propose', '--out', folder);
    expect((await session.run('diff', folder, 'proposed', '--default-deny')).status).toBe(3);
    await must(session, 'propose', '--out', folder, '--default-deny');
    expect((await session.run('diff', folder, 'proposed', '--default-deny')).status).toBe(0);
  });

  it('exits with 3 where a policy is none that a cluster would take', async () => {
    const session = await learnedShop();
    const [a, b] = written(session, CLOSED, `${CLOSED}\n---\n${policy('cart', { policyTypes: ['Sideways'] })}`);
    const { status, out, err } = await session.run('diff', a, b);
    expect([status, out.includes('no difference'), err.includes('must be Ingress or Egress')]).toEqual([3, true, true]);
  });

  it('needs a folder that is there', async () => {
    const session = await learnedShop();
    expect(await session.run('diff', 'proposed', join(session.folder, 'none'))).toMatchObject({ status: 1, err: expect.stringContaining('cannot be read: ENOENT') });
  });
});

describe('diff without a database', () => {
  const files = (...sets: readonly (readonly object[])[]): readonly string[] => {
    const folder = scratch();
    return sets.map((objects, i) => {
      const path = join(folder, `${'ab'[i]}.yaml`);
      writeFileSync(path, objects.map((object) => stringify(object)).join('---\n'));
      return path;
    });
  };
  const workloads = [ownerObject('Deployment', 'shop', 'web', { app: 'web' }), ownerObject('Deployment', 'shop', 'cart', { app: 'cart' })];

  it('is over the workloads of the manifests, and says so', async () => {
    const [a = '', b = ''] = files([...workloads, JSON.parse(OPEN) as object], [...workloads, JSON.parse(CLOSED) as object]);
    const { status, out, err } = await footpath(['diff', a, b, '--db', ':memory:']);
    expect(status).toBe(3);
    expect(out.split('\n')[0]).toBe(`${a} -> ${b}: 3 pairs lose connections`);
    expect(out).toContain('shop/web -> shop/cart\n  - any port\n');
    expect(err).toBe('no database: compared over the 2 workloads of the manifests; what was seen is not known\n');
  });

  it('fails where there are none', async () => {
    const [a = '', b = ''] = files([JSON.parse(OPEN) as object], [JSON.parse(CLOSED) as object]);
    expect(await footpath(['diff', a, b, '--db', ':memory:'])).toMatchObject({ status: 2, err: expect.stringContaining('no workloads to compare connections between') });
  });
});
