import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/demo/random.ts';
import { footpath, peerText, scratch, type AlertJson, type PolicyJson, type Result } from '../support/cli.ts';
import { contentsBelow, filesBelow, longLived, shuffledCopy } from '../support/files.ts';

/** The demo as a reader runs it, once for all of these tests: none of them changes what it leaves behind. */
const parent = longLived();
const folder = join(parent, 'demo');
const db = join(folder, 'footpath.db');
let demo: Result;

beforeAll(async () => {
  demo = await footpath(['demo', '--out', folder]);
}, 60_000);

const asked = (...args: readonly string[]): Promise<Result> => footpath([...args, '--db', db]);
const isLog = (path: string): boolean => !path.startsWith('footpath.db');

const PODS = ['10.42.0.0/24', '10.42.1.0/24', '10.42.2.0/24'];
const THREATS = [
  'critical new-edge metadata bookinfo/productpage-v1 -> external 169.254.169.254 80/TCP',
  'critical new-edge infrastructure bookinfo/details-v1 -> node 10250/TCP',
  'high new-edge infrastructure bookinfo/ratings-v1 -> apiserver 6443/TCP',
  'high new-edge cross-namespace istio-ingress/istio-ingress -> bookinfo/ratings-v1 9080/TCP',
  'medium scan bookinfo/reviews-v2',
  'medium new-edge new-external bookinfo/reviews-v1 -> external 203.0.113.66 4444/TCP',
  'medium new-edge same-namespace bookinfo/productpage-v1 -> bookinfo/mysqldb 3306/TCP',
];

function threatText(alert: AlertJson): string {
  const to = alert.destination === undefined ? '' : ` -> ${peerText(alert.destination)} ${alert.port}/TCP`;
  return `${alert.severity} ${alert.kind} ${alert.class === undefined ? '' : `${alert.class} `}${peerText(alert.source)}${to}`;
}

/** Everything that a database answers, as text. */
async function answers(database: string): Promise<Readonly<Record<string, string>>> {
  const ask = async (...args: readonly string[]): Promise<string> => (await footpath([...args, '--db', database])).out;
  return { edges: await ask('edges', '-o', 'json'), proposals: await ask('propose', '-o', 'yaml'), alerts: await ask('alerts', '-o', 'json'), status: await ask('status', '-o', 'json') };
}

describe('the demo', () => {
  it('tells its five scenes, with nothing on stderr', () => {
    expect([demo.status, demo.err]).toEqual([0, '']);
    expect(demo.out.match(/^\d\. .*$/gm)).toEqual([
      '1. Read the logs, and look at the graph',
      '2. What was learned, and what it has not seen',
      '3. Policies, with their evidence',
      '4. Watch, and an attack: somebody is in the gateway',
      '5. What the policies would have blocked',
    ]);
    expect(demo.out).not.toContain('\u001b');
  });

  it('names each command so that it can be repeated', async () => {
    const commands = demo.out.match(/^\$ footpath .*$/gm)!.map((line) => line.slice('$ footpath '.length));
    const readers = commands.filter((line) => /^(edges|alerts|simulate)/.test(line));
    expect(readers).toHaveLength(4);
    for (const line of readers.slice(1)) expect(demo.out).toContain((await footpath(line.split(' '))).out);
  });

  it('says the same and leaves the same bytes when it is run again', async () => {
    const other = join(longLived(), 'demo');
    const again = await footpath(['demo', '--out', other]);
    expect(again.out.replaceAll(other, folder)).toBe(demo.out);
    expect(contentsBelow(other, isLog)).toEqual(contentsBelow(folder, isLog));
    expect(await answers(join(other, 'footpath.db'))).toEqual(await answers(db));
  });

  it('writes only into an empty folder, or one of its own', async () => {
    const precious = scratch();
    writeFileSync(join(precious, 'precious.txt'), '');
    expect(await footpath(['demo', '--out', precious])).toMatchObject({ status: 2, out: '', err: `footpath: --out ${precious}: is a folder with other things in it; name an empty or a new one\n` });
    expect(existsSync(join(precious, 'precious.txt'))).toBe(true);
  });
});

describe('the policies that are proposed from the week', () => {
  const policyOf = async (workload: string): Promise<PolicyJson> => ((await asked('propose', '--workload', workload, '-o', 'json')).json() as { readonly items: PolicyJson[] }).items[0]!;

  it('let anybody outside reach the gateway’s pods at 80 and 443, and nobody else', async () => {
    const { metadata, spec } = await policyOf('istio-ingress/istio-ingress');
    expect([metadata.namespace, spec.podSelector, spec.policyTypes]).toEqual(['istio-ingress', { matchLabels: { istio: 'ingress' } }, ['Ingress', 'Egress']]);
    expect(spec.ingress).toEqual([
      { from: [{ ipBlock: { cidr: '0.0.0.0/0', except: PODS } }], ports: [{ port: 80, protocol: 'TCP' }, { port: 443, protocol: 'TCP' }] },
    ]);
  });

  it('let the gateway’s pods alone reach productpage at 9080', async () => {
    const { metadata, spec } = await policyOf('bookinfo/productpage-v1');
    expect([metadata.namespace, spec.podSelector]).toEqual(['bookinfo', { matchLabels: { app: 'productpage' } }]);
    expect(spec.ingress).toEqual([
      {
        from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'istio-ingress' } }, podSelector: { matchLabels: { istio: 'ingress' } } }],
        ports: [{ port: 9080, protocol: 'TCP' }],
      },
    ]);
  });

  it('break no accepted edge, and deny what the attack did', async () => {
    const { status, out } = await asked('simulate', '--policies', join(folder, 'policies'), '-o', 'json');
    const { denied } = JSON.parse(out) as { readonly denied: readonly { readonly edge: { readonly state: string; readonly source: { readonly workload?: string }; readonly destination: { readonly workload?: string }; readonly port: number } }[] };
    expect(status).toBe(0);
    expect(denied.filter(({ edge }) => edge.state === 'accepted')).toEqual([]);
    expect(denied).toHaveLength(20);
    expect(denied.map(({ edge }) => `${edge.source.workload} ${edge.destination.workload} ${edge.port}`)).toContain('istio-ingress ratings-v1 9080');
  });

  it('are one for every workload, the CronJob between two runs among them', async () => {
    const { items } = (await asked('propose', '-o', 'json')).json() as { readonly items: PolicyJson[] };
    expect(items.map(({ metadata }) => metadata.name)).toEqual(
      ['details-v1', 'mysqldb', 'nightly-report', 'productpage-v1', 'ratings-v1', 'reviews-v1', 'reviews-v2', 'reviews-v3', 'istio-ingress', 'istiod', 'coredns', 'prometheus'],
    );
  });
});

describe('the attack', () => {
  it('is one alert for each threat, and no more', async () => {
    const alerts = (await asked('alerts', '-o', 'json')).json() as AlertJson[];
    expect(alerts.map(threatText).toSorted()).toEqual(THREATS.toSorted());
    expect(new Set(alerts.map(({ state }) => state))).toEqual(new Set(['firing']));
  });

  it('makes no rule: the proposals are those of the week', async () => {
    const before = contentsBelow(join(folder, 'policies'));
    expect(JSON.stringify([...before])).not.toMatch(/169\.254|203\.0\.113\.66|4444/);
    expect((await asked('edges', '--state', 'accepted', '-o', 'name')).out.trim().split('\n')).toHaveLength(37);
  });
});

describe('the order in which records come', () => {
  it('changes nothing: lines shuffled and files in another order give the same edges, proposals and alerts, byte for byte', async () => {
    const random = seededRandom(7);
    const away = longLived();
    const database = join(away, 'footpath.db');
    const read = async (what: string, ...more: readonly string[]): Promise<void> => {
      const files = shuffledCopy(join(folder, what), join(away, what), random);
      expect((await footpath(['observe', ...files, ...more, '--db', database])).status).toBe(0);
    };
    await read('week', '--inventory', join(folder, 'cluster.json'));
    await footpath(['watch', '-A', '--db', database]);
    await read('attack');
    expect(readFileSync(join(away, 'week/hubble/events.log'), 'utf8')).not.toBe(readFileSync(join(folder, 'week/hubble/events.log'), 'utf8'));
    expect(await answers(database)).toEqual(await answers(db));
  }, 60_000);

  it('changes nothing where the proxies’ logs come a run before the flows that name their pods, and the inventory last', async () => {
    const database = join(longLived(), 'footpath.db');
    const files = filesBelow(join(folder, 'week'));
    const proxies = files.filter((path) => path.includes('istio-proxy'));
    await footpath(['observe', ...proxies.toReversed(), '--db', database]);
    await footpath(['observe', ...files.filter((path) => !proxies.includes(path)), '--db', database]);
    await footpath(['observe', files[0]!, '--inventory', join(folder, 'cluster.json'), '--db', database]);
    await footpath(['watch', '-A', '--db', database]);
    await footpath(['observe', join(folder, 'attack'), '--db', database]);
    expect(await answers(database)).toEqual(await answers(db));
  }, 60_000);
});
