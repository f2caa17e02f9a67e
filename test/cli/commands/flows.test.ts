import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { footpath, Session } from '../../support/cli.ts';
import { inbound } from '../../support/envoy.ts';
import { connection, hubbleLine, T0 } from '../../support/hubble.ts';
import { cart, denied, HABITS, METADATA } from '../../support/shop.ts';

const USUAL = HABITS[0]!;

async function shown(lines: readonly string[], ...more: readonly string[]): Promise<string> {
  const session = new Session();
  const { status, out, err } = await footpath(['flows', session.write('a.log', lines), ...more], { env: { FOOTPATH_DB: session.db } });
  expect([status, err, existsSync(session.db)]).toEqual([0, '', false]);
  return out;
}

const asJson = async (lines: readonly string[], ...more: readonly string[]): Promise<readonly Record<string, unknown>[]> =>
  (await shown(lines, ...more, '-o', 'json')).trimEnd().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);

describe('footpath flows', () => {
  it('prints each record as understood, oriented and resolved, and stores nothing', async () => {
    expect(await shown([...connection(USUAL), ...denied({ from: cart, to: METADATA, port: 80 })])).toBe(
      [
        '2026-03-02T12:00:00.000Z  shop/web (shop/web-6b746f74dc-9rcxx) -> shop/cart (shop/cart-7d9f8b6c5d-x7x2l) 8080/TCP  open  destination:to-endpoint',
        '2026-03-02T12:00:00.000Z  shop/web (shop/web-6b746f74dc-9rcxx) -> shop/cart (shop/cart-7d9f8b6c5d-x7x2l) 8080/TCP  answer established  source:to-endpoint  [reply]',
        '2026-03-02T12:00:00.000Z  shop/cart (shop/cart-7d9f8b6c5d-x7x2l) -> external 169.254.169.254 80/TCP  dropped rejected  destination:policy-verdict',
        '',
      ].join('\n'),
    );
  });

  it('says why a record is none, with its beginning', async () => {
    expect(await shown([hubbleLine(USUAL), '{"flow":{"time":"\u001b[2J'])).toMatch(/\n-  \[malformed\] {2}\{"flow":\{"time":"\\u001b\[2J\n$/);
  });

  it('prints one JSON object a record', async () => {
    const [flow, reply, bad] = await asJson([...connection(USUAL), '{"flow":']);
    expect(flow).toEqual({
      time: '2026-03-02T12:00:00.000Z',
      source: { kind: 'workload', cluster: '', namespace: 'shop', workload: 'web', workloadKind: 'Deployment' },
      destination: { kind: 'workload', cluster: '', namespace: 'shop', workload: 'cart', workloadKind: 'Deployment' },
      sourcePod: 'shop/web-6b746f74dc-9rcxx',
      destinationPod: 'shop/cart-7d9f8b6c5d-x7x2l',
      sourceIp: '10.0.0.1',
      destinationIp: '10.0.0.2',
      port: 8080,
      protocol: 'TCP',
      phase: 'open',
      verdict: 'forwarded',
      outcome: 'unknown',
      count: 1,
      bytesOut: null,
      bytesIn: null,
      collector: 'hubble',
      reporter: 'destination',
      point: 'to-endpoint',
      operation: null,
      node: 'node-a',
      skipped: null,
    });
    expect([reply?.['skipped'], bad]).toEqual(['reply', { time: null, node: null, skipped: 'malformed' }]);
  });

  it('shows an access log’s operation without its query, and its bytes', async () => {
    const [flow] = await asJson([inbound({ path: '/orders/7?token=hunter2', received: 12, sent: 345 })]);
    expect(flow).toMatchObject({ operation: { method: 'GET', path: '/orders/{id}' }, bytesOut: 12, bytesIn: 345, outcome: 'established', collector: 'envoy-access-log' });
  });

  it('says who is not known', async () => {
    const [flow] = await asJson([hubbleLine({ from: { ip: '10.9.9.9' }, to: cart, port: 8080, time: T0 })]);
    expect(flow).toMatchObject({ source: { kind: 'unresolved', ip: '10.9.9.9' }, sourcePod: null, skipped: null });
    expect(await shown([hubbleLine({ from: { ip: '10.9.9.9' }, to: cart, port: 8080 })])).toContain('[pending]');
  });

  it('reads standard input', async () => {
    const { status, out } = await footpath(['flows', '-', '-o', 'json'], { stdin: connection(USUAL).join('\n') });
    expect([status, out.split('\n').length]).toEqual([0, 3]);
  });

  it('fails in one line on what is in no known format', async () => {
    const session = new Session();
    const { status, out, err } = await footpath(['flows', session.write('x.log', 'hello world\n')]);
    expect([status, out, err.split('\n').length]).toEqual([1, '', 2]);
    expect(err).toContain('no known format');
  });
});
