import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { sleep } from '../../../src/cli/sleep.ts';
import { OperationError } from '../../../src/errors.ts';
import { kafkaSourceConfig, type KafkaSourceConfig } from '../../../src/sources/kafka/config.ts';
import { kafkaSource } from '../../../src/sources/kafka/source.ts';
import { scratch } from '../../support/cli.ts';

const servers: { readonly server: Server; readonly sockets: Set<Socket> }[] = [];

afterEach(async () => {
  for (const { server, sockets } of servers.splice(0)) {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  }
});

/** Somebody who takes connections and never says a word. */
async function silent(): Promise<{ readonly broker: string; readonly sockets: ReadonlySet<Socket> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.resume().on('error', () => undefined).on('close', () => sockets.delete(socket));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  servers.push({ server, sockets });
  const { port } = server.address() as { readonly port: number };
  return { broker: `127.0.0.1:${port}`, sockets };
}

/** Reads until it fails or ends; the number of batches. */
async function read(broker: string, more: Partial<KafkaSourceConfig> = {}, options: { readonly signal?: AbortSignal; readonly sleep?: typeof sleep } = {}): Promise<number> {
  const config = kafkaSourceConfig.parse({ brokers: [broker], topic: 'flows', group: 'footpath', format: 'hubble', ...more });
  const source = kafkaSource('kafka-1', config, { known: { epoch: 1, positions: [] }, clientId: 'test', sleep: options.sleep ?? sleep });
  let batches = 0;
  for await (const batch of source.open(options.signal ?? new AbortController().signal)) batches += batch.runs.length === 0 ? 0 : 1;
  return batches;
}

describe('a Kafka source', () => {
  it('whose brokers are not there ends with a sentence, to be opened again', async () => {
    const failing = read('127.0.0.1:1');
    await expect(failing).rejects.toThrow(OperationError);
    await expect(failing).rejects.toThrow(/^topic flows at 127\.0\.0\.1:1: .*ECONNREFUSED/);
  });

  it.each<[string, Partial<KafkaSourceConfig>]>([
    ['password', { sasl: { mechanism: 'plain', username: 'a', passwordFile: '/nowhere/password' } }],
    ['authority', { tls: { caFile: '/nowhere/ca.pem' } }],
  ])('whose %s cannot be read names the file', async (_, more) => {
    await expect(read('127.0.0.1:1', more)).rejects.toThrow(/^\/nowhere\/\S+: cannot be read: ENOENT$/);
  });

  it('that is told to end while it connects ends at once, and keeps no connection', async () => {
    const { broker, sockets } = await silent();
    const end = new AbortController();
    const reading = read(broker, {}, { signal: end.signal });
    while (sockets.size === 0) await sleep(5, end.signal);
    end.abort();
    expect(await reading).toBe(0);
    for (let i = 0; i < 200 && sockets.size > 0; i++) await sleep(5, new AbortController().signal);
    expect(sockets.size).toBe(0);
  });

  it('that was told to end before ends at once', async () => {
    expect(await read('127.0.0.1:1', {}, { signal: AbortSignal.abort() })).toBe(0);
  });

  it('that hears nothing of its group for longer than it can take gives up, to be opened again', async () => {
    const { broker } = await silent();
    const seconds: number[] = [];
    // Time runs as fast as it can.
    const hurried: typeof sleep = (ms, signal) => {
      seconds.push(ms);
      return new Promise((resolve) => void (signal.aborted ? resolve() : setImmediate(resolve)));
    };
    await expect(read(broker, {}, { sleep: hurried })).rejects.toThrow(/no sign of the group for 60 s$/);
    expect(seconds.filter((ms) => ms === 1_000).length).toBeGreaterThan(60);
  });

  it('that speaks to somebody who is no broker ends with a sentence', async () => {
    const { broker } = await silent();
    const password = join(scratch(), 'password');
    writeFileSync(password, 'secret\n');
    const [entry] = servers;
    entry?.server.on('connection', (socket: Socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    await expect(read(broker, { sasl: { mechanism: 'plain', username: 'a', passwordFile: password } })).rejects.toThrow(/^topic flows at 127\.0\.0\.1:\d+: /);
  }, 60_000);
});
