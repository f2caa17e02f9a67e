import { platform } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { describe, expect, it } from 'vitest';
import { scratch } from '../support/cli.ts';
import { hasKafka, KafkaBroker } from '../support/kafka-broker.ts';
import { Reader, runChaos } from '../support/kafka-chaos.ts';
import { messages, produce } from '../support/kafka-reading.ts';

const COUNT = 400_000;

describe.each(['4.1', '3.9'] as const)('Apache Kafka %s', (version) => {
  it.skipIf(!hasKafka(version))('100,000 messages over 3 partitions, 10 kill -9, 5 strangers, one restart of the broker: counts are exact', async () => {
    const { counted, expected, lost, strangers, seconds } = await runChaos({ version, folder: join(scratch(), 'chaos'), messages: 100_000, kills: 10, strangers: 5, restarts: 1 });
    console.log(`Kafka ${version}: 100,000 messages in ${seconds.toFixed(0)} s; strangers got ${strangers}, ${lost} lost`);
    expect(counted).toEqual(expected);
    expect(lost).toBe(0);
  });

  it.skipIf(!hasKafka(version) || platform() !== 'linux').each(['uncompressed', 'zstd'])('400,000 messages that wait, %s: in bounded memory', async (compression) => {
    const folder = scratch();
    const broker = await KafkaBroker.start({ version, folder: join(folder, 'kafka') });
    try {
      await broker.createTopic('flows', 3, { 'compression.type': compression });
      for (let at = 0; at < COUNT; at += 40_000) await broker.use((kafka) => produce(kafka, 'flows', messages(at, at + 40_000, 3)));
      const began = performance.now();
      const reader = new Reader({ db: join(folder, 'footpath.db'), kafka: { brokers: [broker.bootstrap], topic: 'flows', group: 'footpath' } });
      await reader.untilMore(COUNT);
      const seconds = (performance.now() - began) / 1_000;
      const { peak } = reader;
      await reader.end();
      console.log(`Kafka ${version}, ${compression}: ${Math.round(COUNT / seconds)} messages a second from the start of the process, ${peak} MiB at most`);
      expect(peak).toBeLessThan(400);
    } finally {
      await broker.stop();
    }
  });
});
