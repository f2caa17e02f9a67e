import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FORMATS } from '../support/fuzz/formats.ts';
import { freshSeed, fuzz, type Format, type Fuzzed } from '../support/fuzz/fuzz.ts';
import { describeShared, shared } from '../support/shared.ts';

/** Each time other records; which ones is said, so that they can be had again. */
function fuzzedAnew(format: Format, records: number): Fuzzed {
  const seed = freshSeed();
  const fuzzed = fuzz(format, seed, records);
  console.log(`${format.name}, FOOTPATH_SEED=${seed}: ${fuzzed.records} mutated records, ${fuzzed.unsure} of them left to the reference`);
  return fuzzed;
}

describe.each(FORMATS)('$name: mutated records', (format) => {
  it('are read by forms as by the reference', () => {
    expect(fuzzedAnew(format, 300_000).difference).toBeNull();
  });
});

describeShared('records of captures, mutated', 'samples', () => {
  const lines = ['hubble', 'istio'].flatMap((folder) => readdirSync(shared('samples', folder)).flatMap((name) => readFileSync(shared('samples', folder, name), 'utf8').split('\n')));
  const seeds = lines.filter((line) => line !== '').map((line) => Buffer.from(line));

  it.each(FORMATS)('are read by forms as by the reference: $name', (format) => {
    expect(fuzzedAnew({ ...format, seeds }, 50_000).difference).toBeNull();
  });
});
