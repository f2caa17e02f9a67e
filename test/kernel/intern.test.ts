import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OBJECT, STRING } from '../../src/scan/json.ts';
import { KernelReader, plan } from '../support/kernel-reading.ts';
import { changedKernel, constant, type Change } from '../support/small-kernel.ts';

/** Values that were read before are recognised by their bytes, and by nothing less. */

const PLAN = plan([
  { path: ['time'], slot: 0, keep: 'time', group: 0 },
  { path: ['end'], slot: 1, keep: 'whole', group: 0 },
  { path: ['text'], slot: 2, keep: 'text', group: 1 },
  { path: ['more'], slot: 3, keep: 'text', group: 1 },
]);
const record = (end: string, text: string, more?: string): string => `{"time":"2026-03-02T12:00:00Z","end":${JSON.stringify({ labels: [end] })},"text":${JSON.stringify(text)}${more === undefined ? '' : `,"more":${JSON.stringify(more)}`}}`;
/** Lengths around the steps of eight, sixteen and thirty-two bytes. */
const piece = fc.oneof(fc.stringMatching(/^[ab]{0,3}$/), fc.tuple(fc.constantFrom(7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 200), fc.nat(200), fc.constantFrom('a', 'b')).map(([length, at, by]) => `${'a'.repeat(at % length)}${by}${'a'.repeat(length - 1 - (at % length))}`));
const pieces = fc.array(fc.record({ end: piece, text: piece, more: fc.option(piece, { nil: undefined }) }), { maxLength: 40 });

const sameHash: Change = [/return <u32>\(first >> 32\);/, 'return 7;'];

describe.each<[string, KernelReader]>([
  ['the kernel', new KernelReader(PLAN)],
  ['one with small tables', new KernelReader(PLAN, changedKernel([constant('MAX_ENTRIES', '20'), constant('MAX_VALUES', '9'), constant('VALUE_CACHE_SIZE', '4')]))],
])('%s', (_, reader) => {
  it('gives equal bytes one number, and different ones different numbers', () => {
    fc.assert(
      fc.property(pieces, (list) => {
        const before = reader.forgotten;
        const read = reader.read(list.map(({ end, text, more }) => record(end, text, more)));
        const [ends, texts] = [new Map<string, number>(), new Map<string, number>()];
        for (const [i, { end, text, more }] of list.entries()) {
          const found = read[i]!;
          expect(found.values[1]).toEqual([OBJECT, JSON.stringify({ labels: [end] })]);
          expect(found.values[2]).toEqual([STRING, text]);
          expect(found.values[3]).toEqual(more === undefined ? undefined : [STRING, more]);
          // After everything was forgotten there are new numbers.
          if (reader.forgotten > before) continue;
          const [first, second] = [end, `${text} ${more}`];
          expect(found.entries[0]).toBe(ends.get(first) ?? found.entries[0]);
          expect(found.entries[1]).toBe(texts.get(second) ?? found.entries[1]);
          ends.set(first, found.entries[0]!);
          texts.set(second, found.entries[1]!);
        }
        if (reader.forgotten === before) expect([new Set(ends.values()).size, new Set(texts.values()).size]).toEqual([ends.size, texts.size]);
      }),
      { numRuns: 500 },
    );
  });
});

describe('values that all have one hash', () => {
  const crowded = new KernelReader(PLAN, changedKernel([sameHash]));

  it('are told apart while there are few; those beyond are left to the reference, each time', () => {
    const records = Array.from({ length: 100 }, (_, i) => record('x', `text ${i}`));
    for (let time = 0; time < 3; time++) {
      const read = crowded.read(records);
      expect(read.findIndex((one) => one === null)).toBe(32);
      expect(read.filter((one) => one !== null)).toHaveLength(32);
      for (const [i, one] of read.entries()) if (one !== null) expect(one.values[2]).toEqual([STRING, `text ${i}`]);
      expect(new Set(read.flatMap((one) => (one === null ? [] : [one.form]))).size).toBe(32);
    }
    expect(crowded.forgotten).toBe(0);
  });

  it('as objects, too', () => {
    const read = crowded.read(Array.from({ length: 100 }, (_, i) => record(`end ${i}`, 'text 1')));
    for (const [i, one] of read.entries()) if (one !== null) expect(one.values[1]).toEqual([OBJECT, `{"labels":["end ${i}"]}`]);
    expect(read.some((one) => one === null)).toBe(true);
  });
});
