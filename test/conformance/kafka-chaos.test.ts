import { join } from 'node:path';
import { expect, it } from 'vitest';
import { scratch } from '../support/cli.ts';
import { hasKafka } from '../support/kafka-broker.ts';
import { runChaos } from '../support/kafka-chaos.ts';

const isNeeded = (process.env['FOOTPATH_CI'] ?? '') !== '';

if (!hasKafka('4.1') && !isNeeded) it.skip('chaos around a real Kafka broker: FOOTPATH_KAFKA names no folder of its jars (.ci/kafka-jars.sh brings them)');
else {
  it(
    'every message is counted once: 20,000 over 3 partitions, with kill -9, a stranger in the group, and a broker that is restarted',
    async () => {
      const { counted, expected, lost, strangers } = await runChaos({ version: '4.1', folder: join(scratch(), 'chaos'), messages: 20_000, kills: 2, strangers: 1, restarts: 1 });
      expect(counted).toEqual(expected);
      expect(lost).toBe(0);
      expect(strangers).toBeGreaterThan(0);
    },
    240_000,
  );

  it(
    'the same on Kafka 3.9, in small',
    async () => {
      const { counted, expected, lost } = await runChaos({ version: '3.9', folder: join(scratch(), 'chaos'), messages: 2_000, kills: 1, strangers: 1, restarts: 0 });
      expect(counted).toEqual(expected);
      expect(lost).toBe(0);
    },
    240_000,
  );
}
