import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach } from 'vitest';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What a target does with a request; it may never answer. */
export type Reply = (response: ServerResponse, request: Received) => void;

export const status = (code: number, text = '', headers: Readonly<Record<string, string>> = {}): Reply => (response) => void response.writeHead(code, headers).end(text);
/** Says how much is to come, and breaks off. */
export const halfAnswer: Reply = (response) => {
  response.writeHead(200, { 'content-length': '1000' });
  response.write('half');
  setTimeout(() => response.destroy(), 10);
};
export const hangUp: Reply = (response) => void response.destroy();
export const silence: Reply = () => {};
export const endless: Reply = (response) => {
  response.writeHead(200);
  const write = (): void => {
    while (!response.destroyed && response.write('x'.repeat(10_000)));
  };
  response.on('drain', write);
  write();
};

const open: HttpTarget[] = [];

afterEach(async () => {
  for (const target of open.splice(0)) await target.stop();
});

/** A real server on loopback that keeps what it received. */
export class HttpTarget {
  readonly received: Received[] = [];
  /** One for each request to come; then it says 200. */
  readonly replies: Reply[] = [];
  always: Reply = status(200, 'ok');
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  connections = 0;
  port = 0;

  constructor() {
    this.#server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        const received = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body };
        this.received.push(received);
        (this.replies.shift() ?? this.always)(response, received);
      });
    });
    this.#server.on('connection', (socket) => {
      this.connections++;
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  static async start(port = 0, host = '127.0.0.1'): Promise<HttpTarget> {
    const target = new HttpTarget();
    open.push(target);
    await new Promise<void>((resolve, reject) => target.#server.once('error', reject).listen(port, host, resolve));
    target.port = (target.#server.address() as AddressInfo).port;
    return target;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get bodies(): readonly unknown[] {
    return this.received.map(({ body }) => JSON.parse(body) as unknown);
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => void this.#server.close(() => resolve()));
  }
}
