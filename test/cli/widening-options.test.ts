import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { footpath, Session } from '../support/cli.ts';
import { WORLD } from '../support/hubble.ts';
import { listObject, nodeObject } from '../support/inventory.ts';
import { deployed, used } from '../support/proposals.ts';

const web = deployed('shop/web', '10.0.0.1');
const cart = deployed('shop/cart', '10.0.0.2');
const OBJECTS = listObject([...web.objects, ...cart.objects, nodeObject('node-a', '192.168.0.1', '10.0.0.0/24')]);
const FLOWS = [
  ...['198.51.100.5', '198.51.100.6', '203.0.113.9'].flatMap((ip) => used({ from: web.end, to: WORLD(ip), port: 443, names: [`${ip.replaceAll('.', '-')}.example.org`] })),
  ...used({ from: web.end, to: cart.end, port: 8080 }),
];

async function shop(): Promise<Session> {
  const session = new Session();
  await session.observe(FLOWS, '--inventory', session.write('cluster.json', OBJECTS));
  return session;
}

interface Rule {
  readonly to: readonly { readonly ipBlock?: { readonly cidr: string }; readonly namespaceSelector?: object }[];
}

/** The ranges that shop/web may reach by the policies that a command line proposes. */
async function rangesOf(session: Session, ...args: readonly string[]): Promise<readonly string[]> {
  const [policy] = await session.policies('--workload', 'shop/web', ...args);
  return ((policy?.spec as { readonly egress?: readonly Rule[] } | undefined)?.egress ?? []).flatMap(({ to }) => to.flatMap(({ ipBlock }) => ipBlock?.cidr ?? []));
}

const ALONE = ['198.51.100.5/32', '198.51.100.6/32', '203.0.113.9/32'];

describe('how wide proposals may be', () => {
  it('is nowhere beyond what was seen unless it is said', async () => {
    expect(await rangesOf(await shop())).toEqual(ALONE);
  });

  it('is said on the command line', async () => {
    const session = await shop();
    const ranges = session.write('ranges.yaml', 'cdn: [198.51.100.0/24]\n');
    const office = session.write('office.json', '{"office": ["203.0.113.0/28"]}');
    expect(await rangesOf(session, '--ranges', ranges)).toEqual(['198.51.100.0/24', '203.0.113.9/32']);
    expect(await rangesOf(session, '--ranges', ranges, '--ranges', office)).toEqual(['198.51.100.0/24', '203.0.113.0/28']);
    expect(await rangesOf(session, '--max-ranges', '2')).toEqual(['198.51.100.4/30', '203.0.113.9/32']);
  });

  it('is said in the configuration for all of them; the command line counts more, and adds files', async () => {
    const session = await shop();
    const cdn = session.write('cdn.yaml', 'cdn: [198.51.100.0/24]\n');
    const office = session.write('office.yaml', 'office: [203.0.113.0/28]\n');
    const config = session.write('footpath.yaml', `proposals: { ranges: ["${cdn}"], maxRanges: 3, widenNamespaces: 1 }\n`);
    expect(await rangesOf(session, '--config', config)).toEqual(['198.51.100.0/24', '203.0.113.9/32']);
    expect(await rangesOf(session, '--config', config, '--ranges', office)).toEqual(['198.51.100.0/24', '203.0.113.0/28']);
    const merged = session.write('merged.yaml', 'proposals: { maxRanges: 3 }\n');
    expect(await rangesOf(session, '--config', merged)).toEqual(ALONE);
    expect(await rangesOf(session, '--config', merged, '--max-ranges', '2')).toEqual(['198.51.100.4/30', '203.0.113.9/32']);
    expect((await session.run('propose', '--config', config)).out).toContain('widening whole-namespace (8080/TCP to shop: 1 workload beyond the 1 seen)');
  });

  it('is the same for explain, diff and review', async () => {
    const session = await shop();
    const ranges = session.write('ranges.yaml', 'cdn: [198.51.100.0/24]\n');
    const config = session.write('footpath.yaml', `proposals: { ranges: ["${ranges}"] }\n`);
    for (const how of [['--ranges', ranges], ['--config', config]]) {
      const folder = join(session.folder, 'policies');
      await session.run('propose', ...how, '--out', folder);
      expect(readFileSync(join(folder, 'shop__web.yaml'), 'utf8')).toContain('cidr: 198.51.100.0/24');
      expect((await session.run('explain', 'shop/web', ...how)).out).toContain('wider than its edges: known-ranges (443/TCP at cdn: 1 range holds 256 addresses, 2 of them seen)');
      expect((await session.run('diff', 'proposed', folder, ...how)).status).toBe(0);
      const items = await session.json<readonly { readonly rule?: string; readonly widenings?: readonly { readonly reason: string }[] }[]>('review', '--all', '-o', 'json', ...how);
      expect(items.flatMap(({ widenings = [] }) => widenings.map(({ reason }) => reason))).toContain('known-ranges');
      expect((await session.run('diff', 'proposed', folder)).status).toBe(3);
    }
  });

  it.each([
    ['a number that is none', ['--max-ranges', 'few'], '--max-ranges few: must be a number from 1 to 64'],
    ['no ranges', ['--max-ranges', '0'], '--max-ranges 0: must be a number from 1 to 64'],
    ['more than a person reads', ['--max-ranges', '65'], '--max-ranges 65: must be a number from 1 to 64'],
    ['a part of a workload', ['--widen-namespaces', '1.5'], '--widen-namespaces 1.5: must be a number from 1 on'],
    ['no workloads', ['--widen-namespaces', '0'], '--widen-namespaces 0: must be a number from 1 on'],
  ])('is refused in one line: %s', async (_, args, message) => {
    const session = await shop();
    for (const command of [['propose'], ['explain', 'shop/web'], ['diff', 'proposed', 'proposed'], ['review', '-o', 'json']]) {
      expect(await session.run(...command, ...args)).toMatchObject({ status: 2, out: '', err: `footpath: ${message}\n` });
    }
  });

  it('is refused where it would name the cluster as the outside', async () => {
    const session = await shop();
    const ranges = session.write('ranges.yaml', 'ours: [10.0.0.0/16]\n');
    expect(await session.run('propose', '--ranges', ranges)).toMatchObject({ status: 2, out: '', err: `footpath: ${ranges}: ours: 10.0.0.0/16 shares addresses with 10.0.0.0/24, which the cluster has: known ranges are of what is outside\n` });
  });

  it('is checked with the rest of the configuration', async () => {
    const session = new Session();
    const ranges = session.write('ranges.yaml', 'cdn: [198.51.100.7/24]\n');
    const config = (text: string): string => session.write('footpath.yaml', text);
    expect(await footpath(['config', 'check', config(`proposals: { ranges: ["${ranges}"] }\n`)])).toMatchObject({ status: 2, err: `footpath: ${ranges}: cdn: 198.51.100.7/24 has bits set behind its length; 198.51.100.0/24 is the range that it is in\n` });
    expect((await footpath(['config', 'check', config('proposals: { maxRanges: 65 }\n')])).status).toBe(2);
    expect((await footpath(['config', 'check', config('proposals: { maxRange: 6 }\n')])).err).toContain('proposals.maxRange: no such key, did you mean maxRanges?');
    expect((await footpath(['config', 'check', config('proposals: { maxRanges: 8, widenNamespaces: 5 }\n')])).status).toBe(0);
  });
});

describe('DNS names that records gave for outside addresses', () => {
  it('stand beside them in comments, in explain and in what no rule comes of', async () => {
    const session = await shop();
    expect((await session.run('propose')).out).toContain('# to external 198.51.100.5 (198-51-100-5.example.org), external 198.51.100.6 (198-51-100-6.example.org), external 203.0.113.9 (203-0-113-9.example.org): within one hour');
    const { out } = await session.run('explain', 'shop/web');
    expect(out).toContain('shop/web -> external 198.51.100.5 (198-51-100-5.example.org) 443/TCP');
    const edge = (await session.edges()).find(({ destination }) => destination.ip === '203.0.113.9');
    await session.run('reject', edge?.id ?? '');
    expect((await session.run('explain', 'shop/web')).out).toContain('no rule comes of:\n  shop/web -> external 203.0.113.9 (203-0-113-9.example.org) 443/TCP: rejected');
  });

  it('are escaped wherever they come from', async () => {
    const session = new Session();
    await session.observe(used({ from: web.end, to: WORLD('198.51.100.5'), port: 443, names: ['a\n  - ipBlock: {}.example.org', '\u001b[2J.example.org'] }), '--inventory', session.write('cluster.json', OBJECTS));
    for (const command of [['propose'], ['explain', 'shop/web']]) {
      const { out } = await session.run(...command);
      expect(out).toContain('198.51.100.5');
      expect(out).not.toMatch(/^\s*- ipBlock: \{\}/m);
      expect(out).not.toContain('\u001b');
    }
  });
});
