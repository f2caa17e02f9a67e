import { serve } from '@hono/node-server';
import type { Hono } from 'hono';
import { OperationError, UsageError } from '../errors.ts';
import { parseAddress, scopeOf } from '../model/address.ts';

export interface Listening {
  readonly address: string;
  readonly port: number;
  close(): Promise<void>;
}

/** `127.0.0.1:8470`, `[::1]:8470`, `:8470`. Throws a UsageError for anything else. */
export function parseListen(text: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):([0-9]{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) throw new UsageError(`listen: ${text} is no address with a port (127.0.0.1:8470)`);
  return { host: match[1] ?? (match[2] === '' || match[2] === undefined ? '0.0.0.0' : match[2]), port };
}

/** Whether only this machine can reach it. */
export function isLoopback(host: string): boolean {
  const address = parseAddress(host);
  return host === 'localhost' || (address !== null && scopeOf(address) === 'loopback');
}

export async function listen(app: Hono, { host, port }: { readonly host: string; readonly port: number }): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, hostname: host, port }, (info) => {
      resolve({
        address: info.address,
        port: info.port,
        close: () => new Promise((done) => void server.close(() => done())),
      });
    });
    server.once('error', (error: NodeJS.ErrnoException) => reject(new OperationError(`${host}:${port}: cannot listen: ${error.code ?? error.message}`, { cause: error })));
  });
}
