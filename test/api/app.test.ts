import { describe, expect, it } from 'vitest';
import { createApp } from '../../src/api/app.ts';
import { isLoopback, listen, parseListen } from '../../src/api/listen.ts';
import { Health } from '../../src/telemetry/health.ts';

const metrics = { contentType: 'text/plain; version=0.0.4', text: () => Promise.resolve('footpath_ready 1\n') };

function appOf(health = new Health(), token: string | null = null): ReturnType<typeof createApp> {
  return createApp({ metrics, health, token });
}

describe('health', () => {
  it('is told of the process and of its work apart', async () => {
    const health = new Health();
    const app = appOf(health);
    expect([(await app.request('/healthz')).status, (await app.request('/readyz')).status]).toEqual([200, 200]);
    health.report('database', 'footpath.db: the disk is full');
    health.report('source kafka', 'no broker answers');
    const ready = await app.request('/readyz');
    expect([ready.status, await ready.text()]).toEqual([503, 'database: footpath.db: the disk is full\nsource kafka: no broker answers\n']);
    expect((await app.request('/healthz')).status).toBe(200);
    health.report('database', null);
    health.report('source kafka', null);
    expect((await app.request('/readyz')).status).toBe(200);
  });

  it('of a subject is its newest word', () => {
    const health = new Health();
    health.report('database', 'one');
    health.report('database', 'another');
    expect(health.reasons).toEqual(['database: another']);
  });
});

describe('metrics', () => {
  it('come as Prometheus wants them', async () => {
    const answer = await appOf().request('/metrics');
    expect([answer.headers.get('content-type'), await answer.text()]).toEqual([metrics.contentType, 'footpath_ready 1\n']);
  });

  it('need the token where there is one; health does not', async () => {
    const app = appOf(new Health(), 'secret');
    const status = async (path: string, authorization?: string): Promise<number> => (await app.request(path, authorization === undefined ? {} : { headers: { authorization } })).status;
    expect([await status('/metrics'), await status('/metrics', 'Bearer wrong'), await status('/metrics', 'Bearer secret'), await status('/healthz'), await status('/readyz')]).toEqual([401, 401, 200, 200, 200]);
    expect(await status('/anything')).toBe(401);
  });

  it('are one of three pages', async () => {
    const answer = await appOf().request('/nothing');
    expect([answer.status, await answer.text()]).toEqual([404, 'no such page; try /metrics, /healthz, /readyz\n']);
  });
});

describe('where to listen', () => {
  it.each([
    ['127.0.0.1:8470', '127.0.0.1', 8470],
    ['[::1]:80', '::1', 80],
    [':8470', '0.0.0.0', 8470],
    ['localhost:0', 'localhost', 0],
  ])('%s', (text, host, port) => {
    expect(parseListen(text)).toEqual({ host, port });
  });

  it.each(['8470', '127.0.0.1', '127.0.0.1:', '127.0.0.1:99999', '::1:80', 'http://x:1'])('%s is no address with a port', (text) => {
    expect(() => parseListen(text)).toThrow('is no address with a port');
  });

  it.each([
    ['127.0.0.1', true],
    ['127.9.9.9', true],
    ['::1', true],
    ['localhost', true],
    ['0.0.0.0', false],
    ['10.0.0.1', false],
    ['127.example.com', false],
  ])('%s is this machine’s alone: %s', (host, expected) => {
    expect(isLoopback(host)).toBe(expected);
  });

  it('serves, says what is taken, and ends', async () => {
    const first = await listen(appOf(), { host: '127.0.0.1', port: 0 });
    const answer = await fetch(`http://127.0.0.1:${first.port}/healthz`);
    expect(await answer.text()).toBe('ok\n');
    await expect(listen(appOf(), { host: '127.0.0.1', port: first.port })).rejects.toThrow(`127.0.0.1:${first.port}: cannot listen: EADDRINUSE`);
    await first.close();
    await expect(fetch(`http://127.0.0.1:${first.port}/healthz`)).rejects.toThrow('fetch failed');
  });
});
