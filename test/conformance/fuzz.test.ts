import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decoderOf } from '../../src/decode/decoders.ts';
import { differences } from '../support/dump.ts';
import { FORMATS } from '../support/fuzz/formats.ts';
import { freshSeed, fuzz, mutated } from '../support/fuzz/fuzz.ts';
import { DIRECTORIES } from '../support/hubble-traffic.ts';
import { learntBy } from '../support/learning.ts';
import { describeShared, shared } from '../support/shared.ts';

/** Each time other records; the names of the tests say which, so that they can be had again. */
const seed = freshSeed();

describe.each(FORMATS)('$name: mutated records', (format) => {
  it(`are read by forms as by the reference (FOOTPATH_SEED=${seed})`, () => {
    expect(fuzz(format, seed, 300_000).difference).toBeNull();
  });

  it(`leave the database that the reference leaves (FOOTPATH_SEED=${seed})`, () => {
    const { collector, settings } = format;
    const fast = decoderOf(collector, settings);
    for (let batch = 0; batch < 40; batch++) {
      const portions = [{ directory: DIRECTORIES[batch % DIRECTORIES.length]!, parts: [{ records: mutated(format, seed + batch, 1_000) }] }];
      expect([batch, differences(learntBy(collector.decoder(settings), portions), learntBy(fast, portions))]).toEqual([batch, []]);
    }
  });
});

describeShared('records of captures, mutated', 'samples', () => {
  const lines = ['hubble', 'istio'].flatMap((folder) => readdirSync(shared('samples', folder)).flatMap((name) => readFileSync(shared('samples', folder, name), 'utf8').split('\n')));
  const seeds = lines.filter((line) => line !== '').map((line) => Buffer.from(line));

  it.each(FORMATS)(`are read by forms as by the reference: $name (FOOTPATH_SEED=${seed})`, (format) => {
    expect(fuzz({ ...format, seeds }, seed, 50_000).difference).toBeNull();
  });
});
