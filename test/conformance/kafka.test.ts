import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scratchForAll } from '../support/cli.ts';
import { hasKafka, KafkaBroker } from '../support/kafka-broker.ts';
import { countedIn, expectedOf, lostIn, messageOf, messages, produce, sumOf, watchTopic } from '../support/kafka-reading.ts';
import { Stranger } from '../support/kafka-stranger.ts';
import { databasePath, storeOf } from '../support/stores.ts';

const isNeeded = (process.env['FOOTPATH_CI'] ?? '') !== '';

if (!hasKafka('4.1') && !isNeeded) it.skip('a real Kafka broker: FOOTPATH_KAFKA names no folder of its jars (.ci/kafka-jars.sh brings them)');
else {
  describe('a topic on a real Kafka broker', () => {
    const folder = join(scratchForAll(), 'kafka');
    let broker: KafkaBroker;
    beforeAll(async () => {
      broker = await KafkaBroker.start({ version: '4.1', folder });
    }, 60_000);
    afterAll(() => broker.stop());

    const configOf = (topic: string): { readonly brokers: string[]; readonly topic: string; readonly group: string } => ({ brokers: [broker.bootstrap], topic, group: `of-${topic}` });
    const write = (topic: string, from: number, to: number, partitions = 3): Promise<void> => broker.use((kafka) => produce(kafka, topic, messages(from, to, partitions)));
    /** A topic with so many messages in it. */
    const topicOf = async (topic: string, count: number, config: Readonly<Record<string, string>> = {}, partitions = 3): Promise<void> => {
      await broker.createTopic(topic, partitions, config);
      await write(topic, 0, count, partitions);
    };
    const committedOf = (topic: string): Promise<readonly number[]> =>
      broker.use(async (kafka) => {
        const admin = kafka.admin();
        await admin.connect();
        const [offsets] = await admin.fetchOffsets({ groupId: `of-${topic}`, topics: [topic] });
        await admin.disconnect();
        return (offsets?.partitions ?? []).toSorted((a, b) => a.partition - b.partition).map(({ offset }) => Number(offset));
      });

    it.each(['uncompressed', 'gzip', 'snappy', 'lz4', 'zstd'])('is read from the beginning of each partition: %s', async (compression) => {
      await topicOf(compression, 2_000, { 'compression.type': compression });
      const store = storeOf(databasePath());
      const watching = watchTopic(store, configOf(compression));
      await watching.until(2_000);
      await watching.stop();
      expect(countedIn(store)).toEqual(expectedOf(2_000));
      expect([watching.troubles, watching.another, lostIn(store)]).toEqual([[], [], 0]);
    });

    it('may have several records in a message, messages without a value, and lines that are too long', async () => {
      await broker.createTopic('lines', 1, { 'max.message.bytes': '5000000' });
      const lines = Array.from({ length: 10 }, (_, n) => messageOf(n));
      await broker.use((kafka) => produce(kafka, 'lines', [{ value: lines.slice(0, 4).join('\n') }, { value: null }, { value: `${lines.slice(4, 9).join('\r\n')}\n\n` }, { value: 'x'.repeat((1 << 20) + 1) }, { value: lines[9] ?? '' }]));
      const store = storeOf();
      const watching = watchTopic(store, configOf('lines'));
      await watching.until(10);
      await watching.stop();
      expect(countedIn(store)).toEqual(expectedOf(10));
      expect(store.coverage.read().map(({ hours }) => hours.get(-1)?.get('too-long') ?? 0).reduce((a, b) => a + b, 0)).toBe(1);
    });

    it('goes on from the database, whatever the group has committed', async () => {
      await topicOf('resumed', 600);
      const path = databasePath();
      const first = storeOf(path);
      const before = watchTopic(first, configOf('resumed'));
      await before.until(600);
      await before.stop();
      await write('resumed', 600, 900);
      // Somebody resets the group: one partition to its start, one to its end, one to somewhere else.
      await broker.use(async (kafka) => {
        const admin = kafka.admin();
        await admin.connect();
        await admin.setOffsets({ groupId: 'of-resumed', topic: 'resumed', partitions: [{ partition: 0, offset: '0' }, { partition: 1, offset: '300' }, { partition: 2, offset: '77' }] });
        await admin.disconnect();
      });
      const store = storeOf(path);
      const watching = watchTopic(store, configOf('resumed'));
      await watching.until(900);
      await watching.stop();
      expect(countedIn(store)).toEqual(expectedOf(900));
    });

    it('tells its group how far it was read, once that is committed', async () => {
      await topicOf('lag', 300);
      const store = storeOf();
      const watching = watchTopic(store, configOf('lag'));
      await watching.until(300);
      for (let i = 0; i < 100 && sumOf(new Map((await committedOf('lag')).map((offset, p) => [`${p}`, offset]))) < 300; i++) await wait(100);
      expect(await committedOf('lag')).toEqual([100, 100, 100]);
      await watching.stop();
    });

    it('that lost messages to retention before they were read says how many', async () => {
      await topicOf('retention', 300);
      const path = databasePath();
      const first = storeOf(path);
      const before = watchTopic(first, configOf('retention'));
      await before.until(300);
      await before.stop();
      await write('retention', 300, 600);
      // Of partition 0, 40 that were not read; of 1, only such as were; of 2, all.
      await broker.deleteRecords('retention', 0, 140);
      await broker.deleteRecords('retention', 1, 100);
      await broker.deleteRecords('retention', 2, 200);
      await write('retention', 600, 630);
      const store = storeOf(path);
      const watching = watchTopic(store, configOf('retention'));
      await watching.until(630 - 140);
      await watching.stop();
      expect([sumOf(countedIn(store)), lostIn(store), watching.another]).toEqual([490, 140, []]);
    });

    it('that is cut off while it is read, faster than it is read, is read on from where it begins', async () => {
      await topicOf('overtaken', 3_000, {}, 1);
      const store = storeOf();
      let isOvertaken = false;
      const watching = watchTopic(store, { ...configOf('overtaken') }, {
        onBatch: async () => {
          if (isOvertaken) return;
          isOvertaken = true;
          await write('overtaken', 3_000, 12_000, 1);
          await broker.deleteRecords('overtaken', 0, 11_000);
        },
      });
      for (let i = 0; i < 300 && sumOf(countedIn(store)) + lostIn(store) < 12_000; i++) await wait(100);
      await watching.stop();
      const counted = sumOf(countedIn(store));
      expect(counted + lostIn(store)).toBe(12_000);
      expect(lostIn(store)).toBeGreaterThan(0);
      expect(counted).toBeGreaterThanOrEqual(1_000);
    });

    it.each([
      ['shorter', 50],
      ['longer', 900],
    ])('that was made anew, %s than before, is read from its start', async (kind, count) => {
      const topic = `anew-${kind}`;
      await topicOf(topic, 300);
      const path = databasePath();
      const before = watchTopic(storeOf(path), configOf(topic));
      await before.until(300);
      await before.stop();
      await broker.deleteTopic(topic);
      await wait(1_000);
      await broker.createTopic(topic, 3);
      await broker.use((kafka) => produce(kafka, topic, messages(300, 300 + count, 3)));
      const store = storeOf(path);
      const watching = watchTopic(store, configOf(topic));
      await watching.until(300 + count);
      await watching.stop();
      expect(countedIn(store)).toEqual(expectedOf(300 + count));
      expect(watching.another.toSorted((a, b) => a.localeCompare(b))).toEqual([0, 1, 2].map((partition) => `${topic}/${partition}`));
    });

    it('that is made anew while it is read is read from its start', async () => {
      await topicOf('replaced', 300);
      const store = storeOf();
      const watching = watchTopic(store, configOf('replaced'));
      await watching.until(300);
      await broker.deleteTopic('replaced');
      await wait(1_000);
      await broker.createTopic('replaced', 3);
      await write('replaced', 300, 400);
      await watching.until(400);
      await watching.stop();
      expect(countedIn(store)).toEqual(expectedOf(400));
    });

    it('is read without what transactions took back', async () => {
      await broker.createTopic('transactions', 1);
      await broker.use(async (kafka) => {
        const producer = kafka.producer({ transactionalId: 'tx', idempotent: true, maxInFlightRequests: 1 });
        await producer.connect();
        for (let part = 0; part < 6; part++) {
          const transaction = await producer.transaction();
          const isAborted = part % 3 === 1;
          const from = (part - (part > 1 ? 1 : 0) - (part > 4 ? 1 : 0)) * 50;
          await transaction.send({ topic: 'transactions', messages: isAborted ? messages(90_000, 90_050, 1).slice() : messages(from, from + 50, 1).slice() });
          await (isAborted ? transaction.abort() : transaction.commit());
        }
        await producer.disconnect();
      });
      const path = databasePath();
      const watching = watchTopic(storeOf(path), configOf('transactions'));
      await watching.until(200);
      await watching.stop();
      const store = storeOf(path);
      const again = watchTopic(store, configOf('transactions'));
      await broker.use((kafka) => produce(kafka, 'transactions', messages(200, 250, 1)));
      await again.until(250);
      await again.stop();
      expect([countedIn(store), lostIn(store), again.troubles]).toEqual([expectedOf(250), 0, []]);
    });

    it('that a stranger takes away and gives back is counted exactly', async () => {
      await topicOf('strangers', 1_000);
      const store = storeOf();
      const watching = watchTopic(store, configOf('strangers'));
      await watching.until(1_000);
      for (let round = 0; round < 2; round++) {
        await broker.use(async (kafka) => {
          const stranger = await Stranger.join(kafka, 'strangers', 'of-strangers');
          await write('strangers', 1_000 + round * 600, 1_600 + round * 600);
          for (let i = 0; i < 100 && stranger.got === 0; i++) await wait(100);
          expect(stranger.got).toBeGreaterThan(0);
          await stranger.leave();
        });
      }
      await watching.until(2_200);
      await watching.stop();
      expect(countedIn(store)).toEqual(expectedOf(2_200));
      expect(lostIn(store)).toBe(0);
    });

    it('whose group waits for a member that is frozen is read on once that was given up', async () => {
      await topicOf('frozen', 300);
      const store = storeOf();
      const watching = watchTopic(store, configOf('frozen'));
      await watching.until(300);
      await broker.use(async (kafka) => {
        const frozen = await Stranger.join(kafka, 'frozen', 'of-frozen', true);
        await write('frozen', 300, 600);
        for (let i = 0; i < 100 && frozen.got === 0; i++) await wait(100);
        // Whoever joins now makes all others join again, and one does not.
        const another = await Stranger.join(kafka, 'frozen', 'of-frozen');
        await another.leave();
        await watching.until(600);
        await frozen.leave();
      });
      await watching.stop();
      expect(countedIn(store)).toEqual(expectedOf(600));
    });

    it('stays ours while reading waits: nobody asks for the next batch for longer than a session', async () => {
      await topicOf('patience', 300);
      const store = storeOf();
      let isFirst = true;
      const watching = watchTopic(store, configOf('patience'), {
        onBatch: async () => {
          if (isFirst) await wait(9_000);
          isFirst = false;
        },
      });
      await watching.until(300);
      await watching.stop();
      expect(countedIn(store)).toEqual(expectedOf(300));
      expect(watching.troubles).toEqual([]);
    });

    it('that is not there is said, and read once it is', async () => {
      const store = storeOf();
      const watching = watchTopic(store, configOf('later'));
      for (let i = 0; i < 300 && watching.troubles.length === 0; i++) await wait(100);
      expect(watching.troubles[0]).toMatch(/^topic later at 127\.0\.0\.1:\d+: /);
      await broker.createTopic('later', 3);
      // It is there, and silent: that is no trouble.
      for (let i = 0; i < 300 && watching.troubles.at(-1) !== null; i++) await wait(100);
      expect(watching.troubles.at(-1)).toBeNull();
      await write('later', 0, 90);
      await watching.until(90);
      await watching.stop();
      expect(countedIn(store)).toEqual(expectedOf(90));
    });

    it('that gets more partitions is read in them too', async () => {
      await topicOf('wider', 90);
      const path = databasePath();
      const before = watchTopic(storeOf(path), configOf('wider'));
      await before.until(90);
      await before.stop();
      await broker.use(async (kafka) => {
        const admin = kafka.admin();
        await admin.connect();
        await admin.createPartitions({ topicPartitions: [{ topic: 'wider', count: 5 }] });
        await admin.disconnect();
      });
      await write('wider', 90, 200, 5);
      const store = storeOf(path);
      const watching = watchTopic(store, configOf('wider'));
      await watching.until(200);
      await watching.stop();
      expect(countedIn(store)).toEqual(expectedOf(200));
    });

    it('is read on when its broker is back, killed or restarted', async () => {
      await topicOf('restarts', 300);
      const store = storeOf();
      const watching = watchTopic(store, configOf('restarts'));
      await watching.until(300);
      await broker.stop('SIGKILL');
      await wait(4_000);
      await broker.start();
      await write('restarts', 300, 600);
      await watching.until(600);
      await broker.stop();
      await broker.start();
      await write('restarts', 600, 900);
      await watching.until(900);
      await watching.stop();
      expect(countedIn(store)).toEqual(expectedOf(900));
      expect(lostIn(store)).toBe(0);
    });
  });
}
