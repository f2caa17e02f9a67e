import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { request } from 'node:https';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { scratchForAll } from './cli.ts';
import { shared } from './shared.ts';

const bin = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'footpath-ci', 'apiserver');

/** Whether a Kubernetes API server was built for the tests (`.ci/run` does). */
export const hasApiServer = existsSync(join(bin, 'kube-apiserver'));

export interface Answer {
  readonly status: number;
  /** What the server said against it. */
  readonly reason: string;
  readonly body: unknown;
}

export interface ApiServer {
  /** Posts an object. */
  create(path: string, object: unknown): Promise<Answer>;
  /** Posts the text of a manifest, as it is. */
  createYaml(path: string, text: string): Promise<Answer>;
  /** Any other request; a PATCH merges. */
  send(method: string, path: string, object?: unknown): Promise<Answer>;
  /** Path of a user's kubeconfig: `admin` may do everything, `viewer` nothing where the server asks for rights. */
  kubeconfig(user: 'admin' | 'viewer'): string;
  stop(): Promise<void>;
}

export interface ApiServerOptions {
  /** Where it keeps what it holds; a folder that exists is kept, and holds what it held. */
  readonly folder?: string;
  readonly authorization?: 'AlwaysAllow' | 'RBAC';
}

/** Starts a real API server on loopback, with its own etcd. */
export async function startApiServer(port: number, flags: readonly string[] = [], options: ApiServerOptions = {}): Promise<ApiServer> {
  const folder = options.folder ?? join(scratchForAll(), 'apiserver');
  const args = ['-d', folder, '-p', String(port), '-e', String(port + 1), '-b', bin, '-a', options.authorization ?? 'AlwaysAllow', '--', ...flags];
  const child = spawn(shared('apiserver/start.sh'), args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const ended = once(child, 'exit');
  const ready = once(createInterface({ input: child.stdout }), 'line').then(() => true);
  if (!(await Promise.race([ready, ended.then(() => false)]))) throw new Error(`the API server did not start: ${errors}`);
  const ca = readFileSync(join(folder, 'certs/apiserver.crt'));
  const token = readFileSync(join(folder, 'admin.token'), 'utf8').trim();
  const ask = async (method: string, path: string, type: string, body: string): Promise<Answer> => {
    const sent = request({ host: '127.0.0.1', port, path, method, ca, headers: { authorization: `Bearer ${token}`, accept: 'application/json', 'content-type': type, 'content-length': Buffer.byteLength(body) } });
    sent.end(body);
    const [response] = (await once(sent, 'response')) as [NodeJS.ReadableStream & { readonly statusCode?: number }];
    let text = '';
    for await (const chunk of response) text += String(chunk);
    const answer = JSON.parse(text) as { readonly message?: string };
    return { status: response.statusCode ?? 0, reason: answer.message ?? '', body: answer };
  };
  const send: ApiServer['send'] = (method, path, object) =>
    ask(method, path, method === 'PATCH' ? 'application/merge-patch+json' : 'application/json', object === undefined ? '' : JSON.stringify(object));
  return {
    send,
    createYaml: (path, text) => ask('POST', path, 'application/yaml', text),
    create: (path, object) => send('POST', path, object),
    kubeconfig: (user) => join(folder, `${user}.kubeconfig`),
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

export const PODS_PATH = '/api/v1/namespaces/default/pods';
export const POD_TEMPLATE = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'x', ports: [{ name: 'http', containerPort: 8080 }] }], restartPolicy: 'Always' } };

/** A pod as kubelet leaves it: running, with an address. */
export async function runPod(server: ApiServer, name: string, ip: string): Promise<void> {
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-6b746f74dc', uid: 'u', controller: true };
  const status = { phase: 'Running', podIP: ip, podIPs: [{ ip }], startTime: new Date().toISOString() };
  const made = await server.create(PODS_PATH, { metadata: { name, labels: { app: 'web' }, ownerReferences: [owner] }, spec: POD_TEMPLATE.spec });
  const patched = await server.send('PATCH', `${PODS_PATH}/${name}/status`, { status });
  if (made.reason !== '' || patched.reason !== '') throw new Error(`${name}: ${made.reason} ${patched.reason}`);
}
