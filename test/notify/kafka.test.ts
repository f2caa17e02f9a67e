import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { kafkaTargetConfig } from '../../src/notify/config.ts';
import { kafka } from '../../src/notify/kafka.ts';
import { RefusedError, type Notifier } from '../../src/notifier.ts';
import { notification } from '../support/alerts.ts';
import { eventually } from '../support/clock.ts';
import { outsideOf } from '../support/outside.ts';

/** Where there is no broker; test/conformance has a real one. */

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

function notifierTo(port: number): Notifier {
  const [notifier] = kafka.create('events', kafkaTargetConfig.parse({ brokers: [`127.0.0.1:${port}`], topic: 'alerts' }), outsideOf());
  return notifier!;
}

describe('Kafka as a target', () => {
  it('may take later what it cannot take now', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    const error: unknown = await notifierTo(port).notify([notification()], new AbortController().signal).catch((thrown: unknown) => thrown);
    expect(error).not.toBeInstanceOf(RefusedError);
    expect((error as Error).message).toContain('ECONNREFUSED');
  });

  it('is left at once, also while it says nothing', async () => {
    let open = 0;
    const server = createServer((socket) => {
      open++;
      socket.on('error', () => {}).on('close', () => open--);
      socket.resume();
    }).listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    const end = new AbortController();
    const work = notifierTo((server.address() as AddressInfo).port).notify([notification()], end.signal).catch(() => 'failed');
    await eventually(() => open > 0, 'it is connected to');
    end.abort();
    await eventually(() => open === 0, 'it is left');
    expect(await work).toBe('failed');
  });

  it('is shown to people by brokers and topic', () => {
    expect(notifierTo(9092)).toMatchObject({ name: 'events', kind: 'kafka', where: '127.0.0.1:9092 alerts' });
  });
});
