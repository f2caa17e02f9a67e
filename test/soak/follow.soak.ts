import { join } from 'node:path';
import { mkdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { scratch } from '../support/cli.ts';
import { runChaos } from '../support/follow-chaos.ts';

describe('footpath observe -f', () => {
  it.each(Array.from({ length: 10 }, (_, i) => i + 1))('20,000 lines under 20 kill -9 and 5 rotations of both kinds: exactly 20,000; seed %i', async (seed) => {
    const folder = join(scratch(), String(seed));
    mkdirSync(folder);
    const { counted, expected, progress, problems, seconds } = await runChaos({ folder, lines: 20_000, kills: 20, rotations: 5, seed });
    console.log(`seed ${seed}: ${seconds.toFixed(0)} s; counted after each kill: ${progress.join(' ')}`);
    expect(counted).toEqual(expected);
    expect(problems).toEqual([]);
    expect(new Set(progress).size, 'kills fell after different commits').toBeGreaterThan(4);
  });
});
