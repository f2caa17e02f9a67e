import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { edgeText, Session } from '../support/cli.ts';
import { describeShared, shared } from '../support/shared.ts';

const BOOKINFO = new Set(['productpage-v1', 'details-v1', 'reviews-v1', 'reviews-v2', 'reviews-v3', 'ratings-v1']);
const KNOWN_TRUTH = [
  'bookinfo/productpage-v1 -> bookinfo/details-v1 9080/TCP',
  'bookinfo/productpage-v1 -> bookinfo/reviews-v1 9080/TCP',
  'bookinfo/productpage-v1 -> bookinfo/reviews-v2 9080/TCP',
  'bookinfo/productpage-v1 -> bookinfo/reviews-v3 9080/TCP',
  'bookinfo/reviews-v2 -> bookinfo/ratings-v1 9080/TCP',
  'bookinfo/reviews-v3 -> bookinfo/ratings-v1 9080/TCP',
  'bookinfo/ratings-v1 -> bookinfo/productpage-v1 9080/TCP',
];
const withoutState = (text: string): string => text.replace(/ (accepted|observed|rejected)\b.*/, '');

describeShared('Hubble captures', 'samples/hubble', () => {
  const file = (name: string): string => shared('samples/hubble', `basic-sample-${name}-flows.json`);
  const lines = (path: string): number => readFileSync(path, 'utf8').trimEnd().split('\n').length;

  it.each(['348-http', '330-dns', '400-tcp'])('%s: every line is accounted for, none is malformed', async (name) => {
    const session = new Session();
    const summary = await session.json<{ records: number; flows: number; skipped: Record<string, number> }>('observe', file(name));
    expect(summary.records).toBe(lines(file(name)));
    expect(summary.flows + Object.values(summary.skipped).reduce((sum, n) => sum + n, 0)).toBe(summary.records);
    expect(summary.skipped['malformed']).toBe(0);
  });

  it.each([
    ['348-http', 2],
    ['400-tcp', 6],
  ])('%s: Bookinfo’s %i edges, named and oriented, and no others between its workloads', async (name, count) => {
    const session = new Session();
    await session.json('observe', file(name));
    const found = (await session.edges()).filter(({ source, destination }) => [source, destination].every((peer) => BOOKINFO.has(peer.workload ?? '')));
    expect(found).toHaveLength(count);
    for (const edge of found) expect(KNOWN_TRUTH).toContain(withoutState(edgeText(edge)));
  });

  it('400-tcp: ratings -> productpage is one of the six, easy to see and for a person to decide', async () => {
    const session = new Session();
    await session.json('observe', file('400-tcp'));
    const { out } = await session.run('edges', '--workload', 'bookinfo/ratings-v1');
    expect(out).toMatch(/bookinfo\/ratings-v1 +bookinfo\/productpage-v1 +9080\/TCP +accepted/);
  });

  it('330-dns: only node-local-dns asks kube-dns', async () => {
    const session = new Session();
    await session.json('observe', file('330-dns'));
    expect((await session.edges()).map((edge) => withoutState(edgeText(edge)))).toEqual(['kube-system/node-local-dns -> kube-system/kube-dns 53/TCP']);
  });

  it('no edge ends at an ephemeral port, and reading again adds nothing', async () => {
    const session = new Session();
    const paths = ['348-http', '330-dns', '400-tcp'].map(file);
    await session.json('observe', ...paths);
    const before = await session.edges();
    for (const { port } of before) expect(port ?? 0).toBeLessThan(32_768);
    expect(await session.json('observe', ...paths)).toMatchObject({ records: 0, newEdges: 0 });
    expect(await session.edges()).toEqual(before);
  });
});

describeShared('Istio access logs', 'samples/istio', () => {
  it.each([
    ['sidecar-text.log', 2],
    ['waypoint.log', 15],
  ])('%s: all %i lines are understood', async (name, count) => {
    const session = new Session();
    const summary = await session.json<{ records: number; skipped: Record<string, number> }>('observe', shared('samples/istio', name));
    expect(summary.records).toBe(count);
    expect(summary.skipped['malformed']).toBe(0);
  });
});

describeShared('kubectl lists', 'samples/kubernetes', () => {
  it.each(['nodes.json', 'replicasets-default.json'])('%s is an inventory', async (name) => {
    const session = new Session();
    const log = session.write('empty.log', '');
    const result = await session.run('observe', '--inventory', shared('samples/kubernetes', name), '--format', 'hubble', log);
    expect(result.err).toBe('');
    expect(result.status).toBe(0);
  });
});
