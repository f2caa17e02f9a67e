import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Session } from '../support/cli.ts';
import { outbound } from '../support/envoy.ts';
import { connection, hubbleLine, pod, settledTraffic, T0, WORLD } from '../support/hubble.ts';

/** What a pod or a client can cause to be written, and what must not come of it. */

const web = pod('shop', 'web-6b746f74dc-9rcxx', '10.0.0.2', { app: 'web' });
const cart = pod('shop', 'cart-0', '10.0.0.3', { app: 'cart' });
const db = pod('shop', 'db-0', '10.0.0.4', { app: 'db' });
const text = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

/** A log as kubelet keeps it. */
function kubelet(session: Session, namespace: string, name: string, container: string, lines: readonly string[]): string {
  const path = join(session.folder, 'pods', `${namespace}_${name}_0f8e6c1a-1111-2222-3333-444455556666`, container, '0.log');
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text(lines.map((line) => `2026-03-02T12:00:00Z stdout F ${line}`)));
  return join(session.folder, 'pods');
}

describe('what an application prints', () => {
  it('is no access log and no flow log, whatever it looks like', async () => {
    const session = new Session();
    kubelet(session, 'evil', 'evil', 'app', settledTraffic({ from: web, to: cart }));
    const pods = kubelet(session, 'evil', 'worse', 'app', [outbound(), outbound()]);
    const { status, err } = await session.run('observe', pods);
    expect([status, err]).toEqual([0, expect.stringContaining('2 files in no known format left out')]);
    expect(await session.edges()).toEqual([]);
  });

  it('does not make it another pod, by an envelope within the line', async () => {
    const session = new Session();
    const forged = JSON.stringify({ log: `${outbound()}\n`, stream: 'stdout', kubernetes: { pod_name: 'vault-0', namespace_name: 'bank', container_name: 'istio-proxy' } });
    const pods = kubelet(session, 'evil', 'evil-0', 'istio-proxy', [forged, forged]);
    await session.run('observe', pods);
    const { out } = await session.run('edges', '-o', 'wide');
    expect(out).not.toContain('bank');
  });
});

describe('packets into the void', () => {
  it('leave room in the graph for what is answered', async () => {
    const session = new Session();
    const config = session.write('footpath.yaml', 'limits: { edges: 100 }\n');
    const flood = Array.from({ length: 400 }, (_, i) => hubbleLine({ from: WORLD(`198.51.${100 + (i >> 8)}.${i & 255}`), to: web, port: 80, time: T0, verdict: 'DROPPED', extra: { is_reply: undefined, drop_reason_desc: 'POLICY_DENIED', event_type: { type: 5 } } }));
    await session.observe(flood, '--config', config);
    await session.observe(settledTraffic({ from: cart, to: db, port: 5432 }), '--config', config);
    expect((await session.edges('--state', 'accepted')).map(({ port }) => port)).toEqual([5432]);
  });
});

describe('a folder', () => {
  it('is read, though a link in it leads nowhere or to itself', async () => {
    const session = new Session();
    const folder = join(session.folder, 'logs');
    mkdirSync(folder);
    writeFileSync(join(folder, 'a.log'), text(connection({ from: web, to: cart })));
    symlinkSync('/nonexistent', join(folder, 'b.log'));
    symlinkSync('.', join(folder, 'c'));
    symlinkSync('loop', join(folder, 'loop'));
    symlinkSync('/dev/zero', join(folder, 'zero.log'));
    expect((await session.run('observe', folder)).status).toBe(0);
    expect(await session.edges()).toHaveLength(1);
  });
});

describe('a format of one’s own that is none', () => {
  it('is wrong usage, by flag and by configuration', async () => {
    const session = new Session();
    const log = session.write('a.log', text([outbound()]));
    const { status, err } = await session.run('observe', '--access-log-format', '{"a":', log);
    expect([status, err]).toEqual([2, expect.stringContaining('--access-log-format: the format begins like a JSON template')]);
    const config = session.write('footpath.yaml', 'accessLogFormat: "%FOO"\n');
    expect((await session.run('config', 'check', config)).status).toBe(2);
  });
});
