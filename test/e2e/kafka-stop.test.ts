import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { scratch } from '../support/cli.ts';

it('a process that reads Kafka leaves nothing running behind when it is told to end, even while a broker does not answer', async () => {
  const server = createServer((socket) => socket.resume().on('error', () => undefined)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  const settings = { db: join(scratch(), 'footpath.db'), kafka: { brokers: [`127.0.0.1:${port}`], topic: 'flows', group: 'footpath' } };
  const child = spawn(process.execPath, [resolve(import.meta.dirname, '../support/kafka-reader.mjs'), JSON.stringify(settings)], { stdio: 'ignore' });
  await once(server, 'connection');
  child.kill('SIGTERM');
  // The test's own time-out is what it may take.
  const [status] = (await once(child, 'exit')) as [number | null];
  server.close();
  expect(status).toBe(0);
}, 10_000);
