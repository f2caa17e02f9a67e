import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An API server that lists what it has, and holds watches open. It may go and come back. */
export class ListingApi {
  #objects: ReadonlyMap<string, readonly object[]> = new Map();
  readonly #server: Server;
  #watches: ((event: object) => void)[] = [];
  #port = 0;
  #version = 10;

  constructor(objects: Readonly<Record<string, readonly object[]>>) {
    this.has(objects);
    this.#server = createServer((request, response) => {
      const url = new URL(request.url ?? '/', 'http://x');
      const resource = url.pathname.split('/').at(-1) ?? '';
      response.setHeader('content-type', 'application/json');
      if (url.searchParams.get('watch') === null) {
        response.end(JSON.stringify({ kind: 'List', metadata: { resourceVersion: String(this.#version) }, items: this.#objects.get(resource) ?? [] }));
        return;
      }
      response.flushHeaders();
      if (Number(url.searchParams.get('resourceVersion')) < this.#version) {
        response.end(`${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' } })}\n`);
        return;
      }
      const say = (event: object): void => void response.write(`${JSON.stringify(event)}\n`);
      // What the API server says first: it is up to date.
      say({ type: 'BOOKMARK', object: { kind: 'X', metadata: { resourceVersion: String(this.#version) } } });
      if (resource === 'pods') this.#watches.push(say);
      // Somebody who is in a hurry asks for a short one.
      const seconds = Number(url.searchParams.get('timeoutSeconds'));
      if (seconds < 10) setTimeout(() => response.end(), 1_000 * seconds);
    });
  }

  /** Where it listens: always the same. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => void this.#server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
    return `http://127.0.0.1:${this.#port}`;
  }

  /** What it lists from now on. */
  has(objects: Readonly<Record<string, readonly object[]>>): void {
    this.#objects = new Map(Object.entries(objects));
  }

  /** Goes away, and forgets what clients have seen: a watch that goes on from there is told that it is too old. */
  async leave(): Promise<void> {
    const closed = new Promise((resolve) => void this.#server.close(resolve));
    this.#server.closeAllConnections();
    this.#watches = [];
    await closed;
    this.#version += 100;
  }

  tell(event: object): void {
    for (const watch of this.#watches) watch(event);
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

