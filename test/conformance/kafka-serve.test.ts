import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { scratchForAll } from '../support/cli.ts';
import { hasKafka, KafkaBroker } from '../support/kafka-broker.ts';
import { countedIn, expectedOf, messages, produce } from '../support/kafka-reading.ts';
import { Serving, Watched } from '../support/serving.ts';
import { storeOf } from '../support/stores.ts';

const isNeeded = (process.env['FOOTPATH_CI'] ?? '') !== '';

if (!hasKafka('4.1') && !isNeeded) it.skip('serve on a real Kafka broker: FOOTPATH_KAFKA names no folder of its jars (.ci/kafka-jars.sh brings them)');
else {
  describe('footpath serve on a real Kafka broker', () => {
    let broker: KafkaBroker;
    const running: Serving[] = [];
    beforeAll(async () => {
      broker = await KafkaBroker.start({ version: '4.1', folder: join(scratchForAll(), 'kafka') });
    }, 60_000);
    afterEach(() => {
      for (const serving of running.splice(0)) serving.child.kill('SIGKILL');
    });
    afterAll(() => broker.stop());

    function serve({ config }: Watched): Serving {
      const serving = new Serving(config);
      running.push(serving);
      return serving;
    }

    const write = (topic: string, from: number, to: number): Promise<void> => broker.use((kafka) => produce(kafka, topic, messages(from, to, 3)));

    async function watched(topic: string, more: object = {}): Promise<Watched> {
      await broker.createTopic(topic, 3);
      const found = new Watched();
      found.configure([{ kafka: { brokers: [broker.bootstrap], topic, group: `of-${topic}`, format: 'hubble', sessionTimeoutSeconds: 6 } }], more);
      return found;
    }

    it('has counted each message once, over SIGHUP, SIGTERM and SIGKILL, and is ready', async () => {
      const place = await watched('flows');
      await write('flows', 0, 500);
      const first = serve(place);
      await first.flows(500);
      first.child.kill('SIGHUP');
      await first.says('configuration read again');
      await write('flows', 500, 900);
      await first.flows(900);
      expect(await first.get('/readyz')).toBe('ready\n');
      expect(await first.end()).toBe(0);
      await write('flows', 900, 1_200);
      const second = serve(place);
      await second.flows(300);
      expect(await second.end('SIGKILL')).toBe('SIGKILL');
      await write('flows', 1_200, 1_300);
      const third = serve(place);
      await third.flows(100);
      expect(await third.end()).toBe(0);
      expect(countedIn(storeOf(place.db))).toEqual(expectedOf(1_300));
      // What the client says of a rebalance is for whoever asks for it.
      expect([first, second, third].flatMap(({ log }) => log.filter(({ level }) => level === 'error'))).toEqual([]);
    }, 120_000);

    it('is not ready while the broker is away, says so, and goes on when it is back', async () => {
      const place = await watched('away');
      await write('away', 0, 100);
      const serving = serve(place);
      await serving.flows(100);
      await broker.stop('SIGKILL');
      await serving.says('a source is lost; it is tried again');
      expect(await serving.get('/readyz')).toMatch(/^source kafka-1: topic away at /);
      expect(await serving.metric('footpath_source_up{source="kafka-1"}')).toBe(0);
      await broker.start();
      await write('away', 100, 200);
      await serving.until('all is counted', async () => (await serving.metric('footpath_flows_total')) >= 200, 60_000);
      expect(await serving.get('/readyz')).toBe('ready\n');
      expect(await serving.end()).toBe(0);
      expect(countedIn(storeOf(place.db))).toEqual(expectedOf(200));
    }, 120_000);
  });
}
