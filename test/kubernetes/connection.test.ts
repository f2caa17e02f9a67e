import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { OperationError, RetriableError } from '../../src/errors.ts';
import { connect } from '../../src/kubernetes/connection.ts';
import { scratch } from '../support/cli.ts';
import { HandClock } from '../support/clock.ts';
import { kubeconfigOf } from '../support/kubeconfig.ts';
import { kubeServer } from '../support/kube-server.ts';

const NEVER = new AbortController().signal;
const clock = (): HandClock => new HandClock(0);

describe('a connection', () => {
  it('goes below the path that the server has, as behind a proxy of many clusters', async () => {
    const server = await kubeServer();
    const connection = await connect({ kubeconfig: kubeconfigOf(`${server.url}/k8s/clusters/c-1/`) }, clock());
    const answer = connection.get('/api/v1/pods?limit=1', NEVER);
    const asked = await server.next();
    expect([asked.path, asked.query.get('limit')]).toEqual(['/k8s/clusters/c-1/api/v1/pods', '1']);
    expect([asked.headers['user-agent'], asked.headers.accept]).toEqual(['footpath', 'application/json']);
    asked.answer('{}');
    expect((await answer).statusCode).toBe(200);
    expect(connection.server).toBe(server.url);
  });

  it('uses name and password', async () => {
    const server = await kubeServer();
    const connection = await connect({ kubeconfig: kubeconfigOf(server.url, { user: { username: 'me', password: 'secret' } }) }, clock());
    void connection.get('/', NEVER).then((answer) => answer.resume());
    const asked = await server.next();
    asked.answer('{}');
    expect(asked.headers.authorization).toBe(`Basic ${Buffer.from('me:secret').toString('base64')}`);
  });

  it('takes the context that is asked for', async () => {
    const server = await kubeServer();
    const path = kubeconfigOf('http://127.0.0.1:1');
    const config = JSON.parse(readFileSync(path, 'utf8')) as { readonly clusters: object[]; readonly contexts: object[] };
    config.clusters.push({ name: 'other', cluster: { server: server.url, 'insecure-skip-tls-verify': true } });
    config.contexts.push({ name: 'elsewhere', context: { cluster: 'other', user: 'me' } });
    writeFileSync(path, JSON.stringify(config));
    expect((await connect({ kubeconfig: path, context: 'elsewhere' }, clock())).server).toBe(server.url);
    await expect(connect({ kubeconfig: path, context: 'nowhere' }, clock())).rejects.toThrow('the kubeconfig has no context "nowhere"; it has local, elsewhere');
  });

  it('that nobody answers is an error that may pass', async () => {
    const connection = await connect({ kubeconfig: kubeconfigOf('http://127.0.0.1:1') }, clock());
    const failed = connection.get('/', NEVER);
    await expect(failed).rejects.toThrow(RetriableError);
    await expect(failed).rejects.toThrow('http://127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1');
  });

  it.each([
    ['https://%', 'no usable server'],
    ['ftp://cluster', 'no usable server'],
  ])('cannot lead to %s', async (server, reason) => {
    const connecting = connect({ kubeconfig: kubeconfigOf(server) }, clock());
    await expect(connecting).rejects.toThrow(OperationError);
    await expect(connecting).rejects.toThrow(reason);
  });

  it('needs a kubeconfig that is one', async () => {
    const missing = join(scratch(), 'none');
    await expect(connect({ kubeconfig: missing }, clock())).rejects.toThrow(`${missing}: cannot be read: ENOENT`);
    const broken = join(scratch(), 'broken');
    writeFileSync(broken, '{{{');
    await expect(connect({ kubeconfig: broken }, clock())).rejects.toThrow(OperationError);
    const empty = join(scratch(), 'empty');
    writeFileSync(empty, 'kind: Config');
    await expect(connect({ kubeconfig: empty }, clock())).rejects.toThrow(OperationError);
  });
});

describe('without a kubeconfig that is named', () => {
  beforeEach(() => {
    vi.stubEnv('KUBECONFIG', '');
    vi.stubEnv('HOME', scratch());
  });
  afterEach(() => vi.unstubAllEnvs());

  it('KUBECONFIG counts', async () => {
    vi.stubEnv('KUBECONFIG', kubeconfigOf('http://127.0.0.1:1'));
    expect((await connect({}, clock())).server).toBe('http://127.0.0.1:1');
  });

  it('there is no cluster, where this is no pod either', async () => {
    await expect(connect({}, clock())).rejects.toThrow('no cluster to connect to');
  });
});

describe('a command for tokens', () => {
  /** A kubeconfig whose command says a new token each time, and how often it ran. */
  function withCommand(server: string, script: string): { readonly kubeconfig: string; readonly runs: () => number } {
    const folder = scratch();
    const [runs, command] = [join(folder, 'runs'), join(folder, 'command')];
    writeFileSync(runs, '');
    writeFileSync(command, `#!/bin/sh\necho run >>${runs}\n${script}\n`);
    chmodSync(command, 0o700);
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command, interactiveMode: 'Never', args: [runs] };
    return { kubeconfig: kubeconfigOf(server, { user: { exec } }), runs: () => readFileSync(runs, 'utf8').split('\n').length - 1 };
  }

  const SAYS = `printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"token-%s"}}' "$(grep -c run "$1")"`;

  it('runs once for requests that come together, and again after a while', async () => {
    const server = await kubeServer();
    const { kubeconfig, runs } = withCommand(server.url, SAYS);
    const time = clock();
    const connection = await connect({ kubeconfig }, time);
    server.always('/', (asked) => asked.answer({ token: asked.headers.authorization }));
    const ask = async (): Promise<void> => void (await connection.get('/', NEVER)).resume();
    await Promise.all([ask(), ask(), ask()]);
    time.advance(29_000);
    await ask();
    expect(runs()).toBe(1);
    time.advance(2_000);
    await ask();
    expect(server.all.map(({ headers }) => headers.authorization)).toEqual([...Array<string>(4).fill('Bearer token-1'), 'Bearer token-2']);
  });

  it('runs again once its token was refused', async () => {
    const server = await kubeServer();
    const { kubeconfig } = withCommand(server.url, SAYS);
    const connection = await connect({ kubeconfig }, clock());
    server.always('/', (asked) => asked.answer('{}'));
    (await connection.get('/', NEVER)).resume();
    connection.renew();
    (await connection.get('/', NEVER)).resume();
    expect(server.all.map(({ headers }) => headers.authorization)).toEqual(['Bearer token-1', 'Bearer token-2']);
  });

  it('that fails is tried again with the next request', async () => {
    const server = await kubeServer();
    const { kubeconfig, runs } = withCommand(server.url, 'echo "log in first" >&2; exit 1');
    const connection = await connect({ kubeconfig }, clock());
    await expect(connection.get('/', NEVER)).rejects.toThrow(`credentials for ${server.url}: log in first`);
    await expect(connection.get('/', NEVER)).rejects.toThrow(RetriableError);
    expect(runs()).toBe(2);
  });

  it('that hangs is not waited for longer than the request may take', async () => {
    const server = await kubeServer();
    const { kubeconfig } = withCommand(server.url, 'exec sleep 5');
    const connection = await connect({ kubeconfig }, clock());
    const ending = new AbortController();
    const asked = connection.get('/', ending.signal);
    ending.abort();
    await expect(asked).rejects.toThrow(RetriableError);
  });
});
