import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach } from 'vitest';
import { connect, type ApiConnection } from '../../src/kubernetes/connection.ts';
import type { Clock } from '../../src/clock.ts';
import { kubeconfigOf } from './kubeconfig.ts';
import { eventually } from './clock.ts';

/** One request to the server, waiting for the test to answer it. */
export class Asked {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly #response: ServerResponse;

  constructor(request: IncomingMessage, response: ServerResponse) {
    const url = new URL(request.url ?? '/', 'http://server');
    this.path = url.pathname;
    this.query = url.searchParams;
    this.headers = request.headers;
    this.#response = response;
  }

  get isWatch(): boolean {
    return this.query.get('watch') !== null;
  }

  /** The client has hung up. */
  get isOver(): boolean {
    return this.#response.destroyed;
  }

  /** A whole answer. */
  answer(body: unknown, { status = 200, headers = {}, gzip = false }: { readonly status?: number; readonly headers?: Record<string, string>; readonly gzip?: boolean } = {}): void {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    this.#response.writeHead(status, { 'content-type': 'application/json', ...(gzip ? { 'content-encoding': 'gzip' } : {}), ...headers });
    this.#response.end(gzip ? gzipSync(text) : text);
  }

  list(items: readonly object[], resourceVersion: string, continueToken = ''): void {
    this.answer({ kind: 'List', apiVersion: 'v1', metadata: { resourceVersion, ...(continueToken === '' ? {} : { continue: continueToken }) }, items });
  }

  refuse(status: number, reason: string, message: string, headers: Record<string, string> = {}): void {
    this.answer({ kind: 'Status', status: 'Failure', code: status, reason, message }, { status, headers });
  }

  /** Begins an answer that goes on. */
  begin(): this {
    this.#response.writeHead(200, { 'content-type': 'application/json' });
    this.#response.flushHeaders();
    return this;
  }

  send(text: string): this {
    this.#response.write(text);
    return this;
  }

  event(type: string, object: object): this {
    return this.send(`${JSON.stringify({ type, object })}\n`);
  }

  bookmark(resourceVersion: string): this {
    return this.event('BOOKMARK', { kind: 'Pod', apiVersion: 'v1', metadata: { resourceVersion } });
  }

  end(): void {
    this.#response.end();
  }

  reset(): void {
    this.#response.socket?.resetAndDestroy();
  }
}

/** An API server that does what a test says, request by request. */
export class KubeServer {
  readonly url: string;
  readonly #asked: Asked[] = [];
  readonly #answered = new Map<string, (asked: Asked) => void>();
  /** Everything that was ever asked. */
  readonly all: Asked[] = [];

  constructor(url: string) {
    this.url = url;
  }

  take(request: IncomingMessage, response: ServerResponse): void {
    response.on('error', () => {});
    const asked = new Asked(request, response);
    this.all.push(asked);
    const always = this.#answered.get(asked.path);
    if (always === undefined) this.#asked.push(asked);
    else always(asked);
  }

  /** Answers all requests for a path. */
  always(path: string, answer: (asked: Asked) => void): void {
    this.#answered.set(path, answer);
  }

  /** The next request that was not looked at yet. */
  async next(what = 'a request comes'): Promise<Asked> {
    return eventually(() => this.#asked.shift(), what);
  }

  get waiting(): number {
    return this.#asked.length;
  }

  connect(clock: Clock): Promise<ApiConnection> {
    return connect({ kubeconfig: kubeconfigOf(this.url) }, clock);
  }
}

const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

/** A server on loopback that is gone after the test. */
export async function kubeServer(): Promise<KubeServer> {
  const server = createServer((request, response) => kube.take(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const kube = new KubeServer(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  closing.push(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return kube;
}
