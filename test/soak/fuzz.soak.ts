import { describe, expect, it } from 'vitest';
import { FORMATS } from '../support/fuzz/formats.ts';
import { freshSeed, fuzz } from '../support/fuzz/fuzz.ts';

const RECORDS = 10_000_000;
const SHARES = 20;

describe.each(FORMATS)('$name', (format) => {
  it('mutated records are read by forms as by the reference: ten million', () => {
    const seed = freshSeed();
    let [records, unsure] = [0, 0];
    for (let share = 0; share < SHARES; share++) {
      const fuzzed = fuzz(format, seed + share, RECORDS / SHARES);
      expect(fuzzed.difference).toBeNull();
      records += fuzzed.records;
      unsure += fuzzed.unsure;
    }
    console.log(`${format.name}, FOOTPATH_SEED=${seed}: ${records} mutated records, ${unsure} of them left to the reference`);
    expect(records).toBeGreaterThanOrEqual(RECORDS);
  });
});
