import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kafkaTargetConfig } from '../../src/notify/config.ts';
import { kafka as kind } from '../../src/notify/kafka.ts';
import type { Notification, Notifier } from '../../src/notifier.ts';
import { notification } from '../support/alerts.ts';
import { scratchForAll } from '../support/cli.ts';
import { hasKafka, KafkaBroker } from '../support/kafka-broker.ts';
import { outsideOf } from '../support/outside.ts';

const never = new AbortController().signal;
const isNeeded = (process.env['FOOTPATH_CI'] ?? '') !== '';

interface Message {
  readonly key: string;
  readonly value: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

if (!hasKafka('4.1') && !isNeeded) it.skip('a real Kafka broker: FOOTPATH_KAFKA names no folder of its jars (.ci/kafka-jars.sh brings them)');
else {
  describe('alerts in a topic of a real Kafka broker', () => {
    const folder = join(scratchForAll(), 'kafka');
    const open: Notifier[] = [];
    let broker: KafkaBroker;
    beforeAll(async () => {
      broker = await KafkaBroker.start({ version: '4.1', folder });
    }, 60_000);
    afterAll(async () => {
      for (const notifier of open.splice(0)) notifier.close?.();
      await broker.stop();
    });

    function notifierTo(topic: string): Notifier {
      const [notifier] = kind.create('events', kafkaTargetConfig.parse({ brokers: [broker.bootstrap], topic }), outsideOf());
      open.push(notifier!);
      return notifier!;
    }

    /** The first so many messages of a topic, by partition and offset. */
    const messagesOf = (topic: string, count: number): Promise<readonly Message[]> =>
      broker.use(async (kafka) => {
        const consumer = kafka.consumer({ groupId: `reads-${topic}` });
        const found: (Message & { readonly place: string })[] = [];
        await consumer.connect();
        await consumer.subscribe({ topic, fromBeginning: true });
        await new Promise<void>((resolve, reject) => {
          consumer
            .run({
              eachMessage: ({ partition, message: { key, value, headers = {}, offset } }) => {
                const texts = Object.entries(headers).map(([name, header]) => [name, String(header)] as const);
                found.push({ place: `${partition}:${offset.padStart(9, '0')}`, key: String(key), value: JSON.parse(String(value)), headers: Object.fromEntries(texts) });
                if (found.length >= count) resolve();
                return Promise.resolve();
              },
            })
            .catch(reject);
        });
        await consumer.disconnect();
        return found.toSorted((a, b) => (a.place < b.place ? -1 : 1));
      });

    const events = (id: string): readonly Notification[] => (['firing', 'changed', 'resolved'] as const).map((event, i) => notification({ id: `${id}.x.${i}`, event, alert: { id } }));

    it('are CloudEvents, those of one alert in their order', async () => {
      await broker.createTopic('alerts', 3);
      const notifier = notifierTo('alerts');
      await notifier.notify([...events('a1'), ...events('a2')], never);
      await notifier.notify(events('a3'), never);
      const messages = await messagesOf('alerts', 9);
      for (const id of ['a1', 'a2', 'a3']) {
        const own = messages.filter(({ key }) => key === id);
        expect(own.map(({ headers }) => headers['ce_type'])).toEqual(['footpath.alert.firing', 'footpath.alert.changed', 'footpath.alert.resolved']);
        expect(own[0]).toMatchObject({ value: { id, kind: 'new-edge', severity: 'high' }, headers: { ce_specversion: '1.0', ce_id: `${id}.x.0`, ce_source: '/footpath/east', ce_subject: id, 'content-type': 'application/json' } });
      }
    });

    it('wait for a topic that is not there: none is made in passing', async () => {
      const notifier = notifierTo('nobody-made-this');
      await expect(notifier.notify(events('a1'), never)).rejects.toThrow(/topic-partition|hosts? this/i);
      await broker.createTopic('nobody-made-this', 1);
      await notifier.notify(events('a1'), never);
      expect(await messagesOf('nobody-made-this', 3)).toHaveLength(3);
    });

    it('arrive through the restart of the broker', async () => {
      await broker.createTopic('restart', 1);
      const notifier = notifierTo('restart');
      await notifier.notify(events('a1'), never);
      await broker.stop('SIGKILL');
      await expect(notifier.notify(events('a2'), never)).rejects.toThrow(/ECONNREFUSED|closed|connection/i);
      await broker.start();
      await notifier.notify(events('a2'), never);
      const messages = await messagesOf('restart', 6);
      expect(messages.map(({ headers }) => headers['ce_id'])).toEqual(expect.arrayContaining(['a1.x.0', 'a1.x.2', 'a2.x.0', 'a2.x.2']));
    });
  });
}
