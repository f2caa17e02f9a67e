import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratch } from '../support/cli.ts';
import { hasKafka } from '../support/kafka-broker.ts';
import { runChaos } from '../support/kafka-chaos.ts';

describe.each(['4.1', '3.9'] as const)('Apache Kafka %s', (version) => {
  it.skipIf(!hasKafka(version))('100,000 messages over 3 partitions, 10 kill -9, 5 strangers, one restart of the broker: counts are exact', async () => {
    const { counted, expected, lost, strangers, seconds } = await runChaos({ version, folder: join(scratch(), 'chaos'), messages: 100_000, kills: 10, strangers: 5, restarts: 1 });
    console.log(`Kafka ${version}: 100,000 messages in ${seconds.toFixed(0)} s; strangers got ${strangers}, ${lost} lost`);
    expect(counted).toEqual(expected);
    expect(lost).toBe(0);
  });
});
