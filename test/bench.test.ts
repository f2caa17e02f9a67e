import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { footpath, scratch } from './support/cli.ts';

interface Size {
  readonly workloads: number;
  readonly namespaces: number;
  readonly nodes: number;
  readonly edges: number;
}

type Write = (path: string, count: number, size?: Size) => void;

interface Party {
  readonly type: string;
}

const bench = resolve(import.meta.dirname, 'bench');
const load = async <T>(name: string): Promise<T> => (await import(join(bench, name))) as T;
const { writeHubble, writeEveryEdge } = await load<{ readonly writeHubble: Write; readonly writeEveryEdge: (path: string, size: Size) => void }>('generators/hubble.mjs');
const { writeIstioText, writeIstioJson } = await load<{ readonly writeIstioText: Write; readonly writeIstioJson: Write }>('generators/istio.mjs');
const { writeInventory, writeAddresses } = await load<Readonly<Record<'writeInventory' | 'writeAddresses', (path: string, size: Size) => void>>>('generators/inventory.mjs');
const { makeCluster } = await load<{ readonly makeCluster: (size: Size) => Readonly<Record<'edges' | 'others', readonly { readonly from: Party; readonly to: Party; readonly protocol: string }[]>> }>('generators/cluster.mjs');
const { edgesOfDatabase } = await load<{ readonly edgesOfDatabase: (path: string) => readonly string[] }>('yardsticks/footpath-edges.mjs');

interface Compared {
  readonly lines: readonly string[];
  readonly edges: number;
  differences(other: Compared): readonly string[];
}

interface Agreement {
  readonly Found: new (lines: readonly string[]) => Compared;
}

/** So small that a short log shows all of it. */
const SMALL: Size = { workloads: 20, namespaces: 4, nodes: 3, edges: 60 };

interface Format {
  readonly name: string;
  readonly write: Write;
  readonly yardstick: string;
  readonly hash: string;
}

/** The hashes are those of the first 9,000 records: whoever changes what is written gives VERSION in generators/write.mjs another number, or kept files stay as they were. */
const FORMATS: readonly Format[] = [
  { name: 'Hubble', write: writeHubble, yardstick: 'hubble-json-parse.mjs', hash: 'e57d1c00d030c655' },
  { name: 'Istio text', write: writeIstioText, yardstick: 'istio-regular-expression.mjs', hash: '15cd39b40a069625' },
  { name: 'Istio JSON', write: writeIstioJson, yardstick: 'istio-json-parse.mjs', hash: 'da19bad00e2e63b6' },
];

function written(write: Write, count: number, size?: Size): string {
  const path = join(scratch(), 'a.log');
  write(path, count, size);
  return readFileSync(path, 'utf8');
}

const recordsOf = (text: string): readonly string[] => text.replace(/\n$/, '').split('\n');

/** Reads a log of the small cluster as Footpath does, and as its yardstick does. */
async function readBoth({ write, yardstick }: Format, count: number): Promise<{ readonly learned: readonly string[]; readonly found: readonly string[] }> {
  const folder = scratch();
  const [log, inventory, addresses, db, out] = ['a.log', 'cluster.json', 'addresses.csv', 'a.db', 'edges'].map((name) => join(folder, name)) as [string, string, string, string, string];
  write(log, count, SMALL);
  writeInventory(inventory, SMALL);
  writeAddresses(addresses, SMALL);
  const { status, err } = await footpath(['observe', '--db', db, ...(write === writeHubble ? [] : ['--inventory', inventory]), log]);
  expect(status, err).toBe(0);
  const { stderr } = spawnSync(process.execPath, [join(bench, 'yardsticks', yardstick), log, out, addresses], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return { learned: edgesOfDatabase(db).toSorted(), found: recordsOf(readFileSync(out, 'utf8')).toSorted() };
}

const edgesOf = (lines: readonly string[]): number => new Set(lines.filter((line) => !line.startsWith('node ')).map((line) => line.split('\t').slice(0, 4).join('\t'))).size;

describe.each(FORMATS)('$name', (format) => {
  it('is the same each time, byte for byte', () => {
    const text = written(format.write, 9_000);
    expect(written(format.write, 9_000)).toBe(text);
    expect(recordsOf(text)).toHaveLength(9_000);
    expect(createHash('sha256').update(text).digest('hex').slice(0, 16)).toBe(format.hash);
  });

  it('is understood alike by Footpath and by the yardstick of a line at a time', async () => {
    const { learned, found } = await readBoth(format, 10_000);
    expect(learned.length).toBeGreaterThan(90);
    expect(found).toEqual(learned);
  });
});

describe('Hubble', () => {
  const records = recordsOf(written(writeHubble, 20_000));
  const share = (pattern: RegExp): number => records.filter((record) => pattern.test(record)).length / records.length;

  it('is as large as what Cilium writes, and has as many answers', () => {
    expect(records.join('\n').length / records.length).toBeGreaterThan(2_200);
    expect(records.join('\n').length / records.length).toBeLessThan(2_600);
    expect(share(/"is_reply":true/)).toBeGreaterThan(0.4);
    expect(share(/"is_reply":true/)).toBeLessThan(0.5);
    expect(new Set(records.map((record) => (JSON.parse(record) as { node_name: string }).node_name)).size).toBe(60);
  });

  it.each([
    ['requests', /"http":\{"method"/],
    ['their answers', /"http":\{"code":\d+/],
    ['DNS', /"dns":\{"query"/],
    ['drops by a policy', /"drop_reason_desc":"POLICY_DENIED"/],
    ['drops by the data plane', /"drop_reason_desc":"CT_/],
    ['policy verdicts', /"event_type":\{"type":5\}/],
    ['audits', /"verdict":"AUDIT"/],
    ['packets on their way to a proxy', /"verdict":"REDIRECTED"/],
    ['sockets', /"Type":"SOCK"/],
    ['packets in the tunnel, of which nothing says which way they go', /"TO_OVERLAY"(?!.*"is_reply")/],
    ['lost events', /^\{"lost_events"/],
    ['the outside', /"reserved:world".*_names"/],
    ['nodes', /"reserved:remote-node"\]/],
    ['the API server', /"reserved:kube-apiserver"/],
    ['probes', /"reserved:host"/],
    ['health checks', /"reserved:health"/],
    ['echoes', /"ICMPv4":\{\}/],
    ['refusals', /"RST":true/],
    ['escapes in labels, and what looks like a field', /R\\u0026D \\"is_reply\\":true/],
    ['escapes in URLs', /\\u0026q=\\"/],
  ])('has %s', (_, pattern) => {
    expect(share(pattern)).toBeGreaterThan(0);
    expect(share(pattern)).toBeLessThan(0.1);
  });

  it('rolls workloads out: their pods get other names', () => {
    const pods = (of: readonly string[]): ReadonlySet<string> => new Set(of.flatMap((record) => [...record.matchAll(/"pod_name":"([^"]+)"/g)].map(([, name = '']) => name)));
    const text = recordsOf(written(writeHubble, 20_000, SMALL));
    expect([...pods(text.slice(-3_000))].filter((name) => !pods(text.slice(0, 3_000)).has(name)).length).toBeGreaterThan(3);
  });

  it('teaches every edge of the cluster', async () => {
    const { edges, others } = makeCluster(SMALL);
    expect(edges).toHaveLength(SMALL.edges);
    const { learned } = await readBoth(FORMATS[0]!, 30_000);
    expect(edgesOf(learned)).toBe(edges.length + others.length);
  });

  it('has a log that teaches the edges between workloads alone, each as well as any', async () => {
    const db = join(scratch(), 'a.db');
    const log = join(scratch(), 'a.log');
    writeEveryEdge(log, SMALL);
    expect((await footpath(['observe', '--db', db, log])).status).toBe(0);
    const lines = edgesOfDatabase(db).filter((line) => !line.startsWith('node '));
    expect(edgesOf(lines)).toBe(SMALL.edges);
    expect(lines.map((line) => line.split('\t').slice(4, 9)).filter(([, , opened, , answered]) => opened !== '2' && answered !== '2')).toEqual([]);
  });
});

describe.each([
  ['Istio text', writeIstioText],
  ['Istio JSON', writeIstioJson],
])('%s', (_, write) => {
  const records = recordsOf(written(write, 20_000));

  it.each([
    ['inbound lines', /[ "]inbound\|\d+\|\|/],
    ['outbound lines', /[ "]outbound\|\d+\|\|[a-z-]+/],
    ['TCP', /"- - -" 0|"method":null/],
    ['query strings', /\?limit=\d+&sort=/],
    ['denials', /rbac_access_denied/],
    ['refused connections', /delayed_connect_error:_111/],
    ['timeouts', /upstream_response_timeout/],
    ['nobody healthy', /no_healthy_upstream/],
    ['no route', /route_not_found/],
    ['clients that left', /downstream_remote_disconnect/],
    ['a gateway', /[ "]10\.0\.\d+\.\d+:8443[ "]/],
    ['the outside', /outbound\|443\|\|api-\d+\.example\.com/],
    ['hosts that the mesh does not know', /PassthroughCluster/],
    ['the proxy’s own lines', /\txdsproxy\t/],
  ])('has %s', (__, pattern) => {
    expect(records.filter((record) => pattern.test(record)).length).toBeGreaterThan(0);
  });
});

describe('whether all found the same', () => {
  const edges = (...counts: readonly number[]): readonly string[] => counts.map((n, i) => `a/b\tc/d-${i}\tTCP\t80\tsource\tl7\t${n}`);

  it('is so in any order, and edges are counted without their witnesses and nodes', async () => {
    const { Found } = await load<Agreement>('agreement.mjs');
    const found = new Found([...edges(1, 2), 'a/b\tc/d-0\tTCP\t80\tdestination\tl7\t1', 'node n\t3']);
    expect(found.edges).toBe(2);
    expect(found.differences(new Found(found.lines.toReversed()))).toEqual([]);
  });

  it('is not so where one count differs, and both are shown', async () => {
    const { Found } = await load<Agreement>('agreement.mjs');
    expect(new Found(edges(1, 2)).differences(new Found(edges(1, 3)))).toEqual([`- ${edges(1, 2)[1]}`, `+ ${edges(1, 3)[1]}`]);
  });
});
