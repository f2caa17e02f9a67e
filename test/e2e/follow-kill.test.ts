import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratch } from '../support/cli.ts';
import { runChaos } from '../support/follow-chaos.ts';
import { messageOf } from '../support/kafka-reading.ts';
import { MAIN } from '../support/killed.ts';
import { Serving, Watched } from '../support/serving.ts';

describe.skipIf(!existsSync(MAIN) && (process.env['CI'] ?? '') === '')('footpath observe -f', () => {
  it('killed at twenty moments while its log grows and is rotated both ways, has counted each of 20,000 lines once', async () => {
    const { counted, expected, progress, problems } = await runChaos({ folder: scratch(), lines: 20_000, kills: 20, rotations: 5, seed: 11 });
    expect(counted).toEqual(expected);
    expect(problems).toEqual([]);
    expect(new Set(progress).size, 'kills fell after different commits').toBeGreaterThan(4);
  }, 120_000);

  it.skipIf(process.platform !== 'linux')('reads a thousand logs though it may open 200 files', async () => {
    const watched = new Watched();
    const logs = join(watched.folder, 'logs');
    mkdirSync(logs);
    const write = (n: number): void => {
      for (let i = 0; i < n; i++) writeFileSync(join(logs, `${i}.log`), `${messageOf(i)}\n`, { flag: 'a' });
    };
    write(1_000);
    watched.configure([{ file: { paths: [join(logs, '*.log')], format: 'hubble' } }]);
    const serving = new Serving(watched.config, [], ['sh', '-c', 'ulimit -n 200 && exec "$@"', 'sh']);
    try {
      await serving.flows(1_000);
      write(700);
      await serving.flows(1_700);
      expect(serving.log.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([]);
      expect(await serving.get('/readyz')).toBe('ready\n');
      expect(await serving.end()).toBe(0);
    } finally {
      serving.child.kill('SIGKILL');
    }
  });
});
