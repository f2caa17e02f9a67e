import { appendFileSync, copyFileSync, existsSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as tick } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { Store } from '../../src/store/store.ts';
import { footpath } from '../support/cli.ts';
import { connection, hubbleLine, pod, settledTraffic, T0 } from '../support/hubble.ts';
import { MAIN, writeLog } from '../support/killed.ts';
import { Serving, Watched } from '../support/serving.ts';

const web = pod('shop', 'web-6b746f74dc-9rcxx', '10.0.0.11', { app: 'web' });
const cart = pod('shop', 'cart-0', '10.0.0.12', { app: 'cart' });
const ratings = pod('shop', 'ratings-0', '10.0.0.13', { app: 'ratings' });
const text = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

const running: Serving[] = [];
function serve(config: string, ...args: readonly string[]): Serving {
  const serving = new Serving(config, args);
  running.push(serving);
  return serving;
}

afterEach(() => {
  for (const serving of running.splice(0)) serving.child.kill('SIGKILL');
});

function countOf(db: string, kind: string): number {
  const store = new Store(db, { create: false });
  try {
    return store.coverage.read().reduce((sum, { hours }) => sum + [...hours.values()].reduce((n, counts) => n + (counts.get(kind) ?? 0), 0), 0);
  } finally {
    store.close();
  }
}

describe.skipIf(!existsSync(MAIN) && (process.env['CI'] ?? '') === '')('footpath serve', () => {
  it('learns from a log that grows, is switched to watching by another process, tells of the attack, and ends', async () => {
    const watched = new Watched();
    const serving = serve(watched.config);
    await serving.says('serving');
    writeFileSync(watched.log, text(settledTraffic({ from: web, to: cart })));
    await serving.until('the edge is learned', async () => (await serving.metric('footpath_edges{state="accepted"}')) === 1);
    expect((await footpath(['watch', '-A', '--db', watched.db])).status).toBe(0);
    appendFileSync(watched.log, text([0, 1, 2].flatMap((n) => connection({ from: cart, to: ratings, port: 9080, clientPort: 41_000 + n, time: T0 + 40 * 3_600_000 + n }))));
    const alert = await serving.says('alert');
    expect(alert).toMatchObject({ level: 'warn', kind: 'new-workload' });
    expect(await serving.get('/readyz')).toBe('ready\n');
    expect(await serving.end()).toBe(0);
    const { out } = await footpath(['alerts', '-o', 'json', '--db', watched.db]);
    expect((JSON.parse(out) as readonly { readonly id: string }[]).map(({ id }) => id)).toEqual([alert['alert']]);
    // Another command knows what was read.
    expect((await footpath(['observe', watched.log, '--db', watched.db])).err).toBe('footpath: nothing new in 1 file: what was read before is not read again\n');
  });

  it('delivers the alert to a target that was away, and its end once somebody has decided', async () => {
    const watched = new Watched();
    const got: { readonly type: string; readonly id: string }[] = [];
    let isAway = true;
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        if (!isAway) got.push(...[JSON.parse(body) as { readonly type: string; readonly id: string } | []].flat());
        response.statusCode = isAway ? 503 : 204;
        response.end();
      });
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
      watched.configure([{ file: { paths: [watched.log], format: 'hubble' } }], { alerts: { targets: [{ webhook: { url } }] } });
      writeFileSync(watched.log, text(settledTraffic({ from: web, to: cart })));
      const serving = serve(watched.config);
      await serving.until('the edge is learned', async () => (await serving.metric('footpath_edges{state="accepted"}')) === 1);
      expect((await footpath(['watch', '-A', '--db', watched.db])).status).toBe(0);
      appendFileSync(watched.log, text([0, 1, 2].flatMap((n) => connection({ from: cart, to: web, port: 9080, clientPort: 41_000 + n, time: T0 + 40 * 3_600_000 + n }))));
      const { alert } = await serving.says('alert');
      await serving.says('alerts were not delivered');
      expect(await serving.metric('footpath_outbox_waiting{target="webhook-1"}')).toBe(1);
      isAway = false;
      await serving.until('the target has it', () => got.length > 0);
      expect((await footpath(['alerts', 'accept', String(alert), '--db', watched.db])).status).toBe(0);
      await serving.until('its end is told', () => new Set(got.map(({ id }) => id)).size > 1);
      expect(await serving.end()).toBe(0);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it('tells a second process who is there already', async () => {
    const watched = new Watched();
    const first = serve(watched.config);
    await first.says('serving');
    const second = serve(watched.config);
    expect(await second.end('SIGCONT')).toBe(1);
    expect(second.err).toMatch(/another process is reading into it \(pid [0-9]+, since /);
    expect(await first.end('SIGINT')).toBe(0);
  });

  it('reads its configuration again, and loses no record over it; a wrong one changes nothing', async () => {
    const watched = new Watched();
    writeFileSync(watched.log, text(settledTraffic({ from: web, to: cart })));
    const serving = serve(watched.config);
    await serving.says('serving');
    const before = settledTraffic({ from: web, to: cart }).filter((line) => !line.includes('"is_reply":true')).length;
    await serving.flows(before);
    writeFileSync(watched.config, 'sources: [');
    serving.child.kill('SIGHUP');
    expect((await serving.says('the new configuration is wrong; the old one stays')).level).toBe('error');
    appendFileSync(watched.log, text(connection({ from: web, to: cart, port: 1, time: T0 })));
    await serving.flows(before + 1);
    const other = join(watched.folder, 'other.json');
    writeFileSync(other, text(connection({ from: web, to: ratings, time: T0 })));
    watched.configure([{ file: { paths: [`${watched.log}*`] } }, { name: 'other', file: { paths: [other] } }]);
    serving.child.kill('SIGHUP');
    await serving.says('configuration read again');
    await serving.flows(before + 2);
    expect(await serving.metric('footpath_source_up{source="other"}')).toBe(1);
    expect(await serving.end()).toBe(0);
    expect(countOf(watched.db, 'flows')).toBe(before + 2);
  });

  it.each<[string, object]>([
    ['a kubeconfig that is not there', { inventory: { kubernetes: true, kubeconfig: '/nowhere/kubeconfig' } }],
    ['an inventory that is not there', { inventory: { files: ['/nowhere/cluster.json'] } }],
    ['a log format in a file that is not there', { accessLogFormat: '@/nowhere/format' }],
    ['the same file twice', { sources: [{ file: { paths: ['/a.log'] } }, { file: { paths: ['/b.log', '/a.log'] } }] }],
  ])('goes on by the old configuration where the new one has %s', async (_, more) => {
    const watched = new Watched();
    const serving = serve(watched.config);
    await serving.says('serving');
    watched.configure([{ file: { paths: [watched.log], format: 'hubble' } }], more);
    serving.child.kill('SIGHUP');
    expect((await serving.says('the new configuration is wrong; the old one stays')).error).toMatch(/nowhere|a\.log/);
    writeFileSync(watched.log, text(connection({ from: web, to: cart, port: 8080, time: T0 })));
    await serving.flows(1);
    expect(await serving.get('/readyz')).toBe('ready\n');
    expect(await serving.end()).toBe(0);
  });

  it('is as ready as the sources that it has now: what an old one missed is forgotten', async () => {
    const watched = new Watched();
    const kafka = { brokers: ['127.0.0.1:1'], topic: 'flows', group: 'footpath', format: 'hubble' };
    watched.configure([{ name: 'gone', kafka }]);
    const serving = serve(watched.config);
    await serving.says('a source is lost; it is tried again');
    expect(await serving.get('/readyz')).toMatch(/^source gone: topic flows at /);
    watched.configure([{ file: { paths: [watched.log], format: 'hubble' } }]);
    serving.child.kill('SIGHUP');
    await serving.says('configuration read again');
    expect(await serving.get('/readyz')).toBe('ready\n');
    expect(await serving.end()).toBe(0);
  });

  it.each([
    ['no sources', { sources: [] }, 'no sources: name some in the configuration'],
    ['two sources of one name', { sources: [{ name: 'a', file: { paths: ['x'] } }, { name: 'a', file: { paths: ['y'] } }] }, 'sources: two are called a'],
    ['two sources that read one topic', { sources: [0, 1].map((n) => ({ name: `s${n}`, kafka: { brokers: ['a:1', `b:${n}`], topic: 't', group: 'g', format: 'hubble' } })) }, 'sources: s0 and s1 both read topic t at a:1: each connection would count twice; leave one out'],
    ['two sources that read one file', { sources: [{ file: { paths: ['x'] } }, { file: { paths: ['y', 'x'] } }] }, 'sources: file-1 and file-2 both read x: '],
    ['a topic without a format', { sources: [{ kafka: { brokers: ['a:1'], topic: 't', group: 'g' } }] }, 'sources.0.kafka.format: is needed'],
    ['a format that nobody knows', { sources: [{ file: { paths: ['x'], format: 'huble' } }] }, '--format huble: no such format; did you mean hubble?'],
    ['a port for everybody without a token', { sources: [{ file: { paths: ['x'] } }], listen: '0.0.0.0:0' }, 'listen: others can reach 0.0.0.0; name a file with a token'],
  ])('refuses %s', async (_, config, message) => {
    const watched = new Watched();
    watched.configure([], config);
    const { status, err } = await footpath(['serve', '--config', watched.config]);
    expect([status, err]).toEqual([2, expect.stringContaining(message)]);
    expect(existsSync(watched.db)).toBe(false);
  });

  it.each(['plain', 'compressed'])('with much to read yet is not ready, says so, ends in time, and goes on there: %s', { timeout: 120_000 }, async (form) => {
    const watched = new Watched();
    // More than is read in a second.
    const lines = writeLog(watched.log, form === 'plain' ? 1.5e9 : 300e6);
    const path = form === 'plain' ? watched.log : `${watched.log}.gz`;
    if (form === 'compressed') writeFileSync(path, gzipSync(readFileSync(watched.log), { level: 1 }));
    watched.configure([{ file: { paths: [path], format: 'hubble' } }], { lagLimitSeconds: 1 });
    const first = serve(watched.config);
    await first.until('it says how far it is behind', async () => /^source file-1 is behind: not all that it has was read for \d+ s \(lagLimitSeconds: 1\)$/m.test(await first.get('/readyz')));
    const asked = performance.now();
    expect(await first.end()).toBe(0);
    expect(performance.now() - asked).toBeLessThan(5_000);
    const before = countOf(watched.db, 'records');
    expect(before).toBeLessThan(lines);
    const second = serve(watched.config);
    await second.until('it is ready again', async () => (await second.metric('footpath_records_total')) === lines - before && (await second.get('/readyz')) === 'ready\n', 60_000);
    expect(await second.end()).toBe(0);
    expect(countOf(watched.db, 'records')).toBe(lines);
  });

  it('asks others for its token', async () => {
    const watched = new Watched();
    writeFileSync(join(watched.folder, 'token'), 'a-token-of-some-length\n');
    watched.configure([{ file: { paths: [watched.log] } }], { listenTokenFile: join(watched.folder, 'token') });
    const serving = serve(watched.config);
    expect(await serving.get('/metrics')).toBe('a bearer token is needed\n');
    expect(await serving.get('/healthz')).toBe('ok\n');
    await serving.end();
  });

  it('killed again and again, while its log grows and is rotated both ways, has counted each line once', async () => {
    const watched = new Watched();
    const lines = 4_000;
    const write = async (): Promise<void> => {
      for (let n = 0, rotations = 0; n < lines; n += 100) {
        appendFileSync(watched.log, text(Array.from({ length: 100 }, (_, i) => hubbleLine({ from: web, to: cart, port: 8080, clientPort: 1_024 + ((n + i) % 60_000), time: T0 + (n + i) * 1_000 }))));
        if (n === 1_000) renameSync(watched.log, `${watched.log}.${++rotations}`);
        if (n === 2_500) {
          copyFileSync(watched.log, `${watched.log}.${++rotations}`);
          truncateSync(watched.log);
        }
        await tick(60);
      }
    };
    const writing = write();
    for (let kill = 0; kill < 6; kill++) {
      const serving = serve(watched.config);
      await tick(300 + 120 * kill);
      expect(await serving.end('SIGKILL')).toBe('SIGKILL');
    }
    await writing;
    const last = serve(watched.config);
    await last.says('serving');
    await last.until('nothing more comes', async () => {
      const before = countOf(watched.db, 'flows');
      await tick(1_500);
      return before >= lines && before === countOf(watched.db, 'flows');
    });
    expect(await last.end()).toBe(0);
    expect(countOf(watched.db, 'flows')).toBe(lines);
  });
});
