import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tell } from '../../../src/alert/outbox.ts';
import { Store } from '../../../src/store/store.ts';
import { alertOf } from '../../support/alerts.ts';
import { footpath, NOW, scratch, type Result } from '../../support/cli.ts';
import { HttpTarget, status } from '../../support/http-target.ts';

/** Runs `footpath alerts targets …` with these targets. */
class Configured {
  readonly folder = scratch();
  readonly config = join(this.folder, 'footpath.yaml');
  readonly db = join(this.folder, 'footpath.db');

  constructor(...targets: readonly object[]) {
    writeFileSync(this.config, JSON.stringify({ database: this.db, cluster: 'east', alerts: { targets } }));
  }

  run(...args: readonly string[]): Promise<Result> {
    return footpath(['alerts', 'targets', ...args, '--config', this.config]);
  }
}

describe('footpath alerts targets test', () => {
  it('sends a test, and says that it was taken', async () => {
    const target = await HttpTarget.start();
    const { status: exit, out, err } = await new Configured({ name: 'hook', webhook: { url: target.origin } }).run('test', 'hook');
    expect([exit, out, err]).toEqual([0, '', 'hook: has taken the test\n']);
    expect(target.bodies).toMatchObject([{ type: 'footpath.alert.firing', source: '/footpath/east', subject: 'test', time: new Date(NOW).toISOString(), data: { kind: 'test', severity: 'low', reason: 'a test by tester: nothing has happened' } }]);
  });

  it('sends it to every member, and fails if one does not take it', async () => {
    const [one, other] = [await HttpTarget.start(), await HttpTarget.start()];
    const configured = new Configured({ alertmanager: { urls: [one.origin, other.origin] } });
    expect((await configured.run('test', 'alertmanager-1')).status).toBe(0);
    expect([one.received.length, other.received.length]).toEqual([1, 1]);
    other.always = status(503, 'starting');
    const failed = await configured.run('test', 'alertmanager-1');
    expect(failed.status).toBe(1);
    expect(failed.err).toBe(`alertmanager-1@127.0.0.1:${one.port}: has taken the test\nfootpath: alertmanager-1@127.0.0.1:${other.port}: 127.0.0.1:${other.port}: HTTP 503: starting\n`);
    expect((await configured.run('test', `alertmanager-1@127.0.0.1:${one.port}`)).status).toBe(0);
  });

  it('writes it where a target is standard output', async () => {
    const { status: exit, out } = await new Configured({ stdout: {} }).run('test', 'stdout-1');
    expect([exit, (JSON.parse(out) as { readonly subject: string }).subject]).toEqual([0, 'test']);
  });

  it('says one line where a secret is missing', async () => {
    const target = await HttpTarget.start();
    const { status: exit, err } = await new Configured({ webhook: { url: target.origin, secretFile: '/nowhere/hook.key' } }).run('test', 'webhook-1');
    expect([exit, err]).toEqual([1, 'footpath: webhook-1: /nowhere/hook.key: cannot be read: ENOENT\n']);
    expect(target.received).toEqual([]);
  });

  it.each([
    ['another name', [{ name: 'hook', stdout: {} }], 'footpath: hok: no such target; did you mean hook? (hook)\n'],
    ['no targets', [], 'footpath: hok: the configuration names no targets (alerts.targets)\n'],
  ])('is wrong usage with %s', async (_, targets, message) => {
    const { status: exit, err } = await new Configured(...targets).run('test', 'hok');
    expect([exit, err]).toEqual([2, message]);
  });

  it('is wrong usage without a configuration', async () => {
    const { status: exit, err } = await footpath(['alerts', 'targets', 'test', 'hook']);
    expect([exit, err]).toEqual([2, 'footpath: no configuration: name the file with the targets (--config footpath.yaml)\n']);
  });
});

describe('footpath alerts targets list', () => {
  function withOutbox(configured: Configured): void {
    const store = new Store(configured.db, { create: true });
    store.transaction(() => {
      tell(store.outbox, [{ name: 'hook', minSeverity: 'low' }], { alerts: [alertOf(), alertOf({ id: 'a2' })], now: NOW, nameOf: () => null });
      store.outbox.bury(store.outbox.due('hook', NOW, 1).map(({ row }) => row), NOW, 'HTTP 400: no\u001b[31m');
    });
    store.close();
  }

  it('says who is told, what waits, and what was not taken', async () => {
    const configured = new Configured({ name: 'hook', minSeverity: 'high', webhook: { url: 'https://hooks.example.com/secret?key=secret' } }, { stdout: {} });
    withOutbox(configured);
    const { status: exit, out } = await configured.run('list');
    expect(exit).toBe(0);
    expect(out.trimEnd().split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['NAME', 'KIND', 'WHERE', 'FROM', 'WAITING', 'DEAD', 'LAST PROBLEM'],
      ['hook', 'webhook', 'https://hooks.example.com', 'high', '1', '1', 'HTTP 400: no\\u001b[31m'],
      ['stdout-2', 'stdout', 'standard output', 'low', '0', '0'],
    ]);
  });

  it('has it as JSON, with the dead letters', async () => {
    const configured = new Configured({ name: 'hook', webhook: { url: 'https://hooks.example.com/secret' } });
    withOutbox(configured);
    const result = await configured.run('list', '-o', 'json');
    expect(result.json()).toEqual([
      {
        name: 'hook', kind: 'webhook', where: 'https://hooks.example.com', minSeverity: 'low', waiting: 1, dead: 1, reason: 'HTTP 400: no\u001b[31m',
        deadLetters: [{ id: expect.stringMatching(/^a1\./), event: 'firing', alert: 'a1', reason: 'HTTP 400: no\u001b[31m', at: new Date(NOW).toISOString() }],
      },
    ]);
    expect(result.out).not.toContain('secret');
  });

  it('needs no database, and makes none', async () => {
    const configured = new Configured({ stdout: {} });
    expect((await configured.run('list', '-o', 'json')).json()).toMatchObject([{ name: 'stdout-1', waiting: 0, dead: 0, deadLetters: [] }]);
    expect((await configured.run('list', '-o', 'name')).out).toBe('stdout-1\n');
    expect((await new Configured().run('list')).err).toBe('no targets: alerts.targets of the configuration names them\n');
  });
});

describe('the shell', () => {
  it('is offered what targets can do, and their names', async () => {
    const { config } = new Configured({ name: 'hook', stdout: {} }, { stdout: {} });
    const offered = async (...words: readonly string[]): Promise<string> => (await footpath(['complete', '--', ...words])).out;
    expect(await offered('alerts', 'targets', '')).toMatch(/^list\t.*\ntest\t/);
    expect(await offered('--config', config, 'alerts', 'targets', 'test', '')).toBe('hook\nstdout-2\n:4\n');
    expect(await offered('--config', config, 'alerts', 'targets', 'test', 'ho')).toBe('hook\n:4\n');
    expect(await offered('alerts', 'targets', 'test', '')).toBe(':4\n');
  });
});
