import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hubble } from '../../collectors/hubble/index.ts';
import { decoderOf } from '../../src/decode/decoders.ts';
import { FormDecoder } from '../../src/decode/form-decoder.ts';
import { differences } from '../support/dump.ts';
import { FORMATS } from '../support/fuzz/formats.ts';
import { fuzz } from '../support/fuzz/fuzz.ts';
import { DIRECTORIES, hubbleRecord } from '../support/hubble-traffic.ts';
import { learntBy } from '../support/learning.ts';
import { changedKernel, constant, type Change } from '../support/small-kernel.ts';

/** Tables that are full after a few records, and hashes that tell nothing: what is read is slower, and the same. */
const KERNELS: readonly (readonly [what: string, changes: readonly Change[]])[] = [
  ['few entries, and little room for their bytes', [constant('MAX_ENTRIES', '8'), constant('SCRATCH_SIZE', '1 << 11'), constant('ENTRY_BYTES_SIZE', '1 << 14')]],
  ['few values and nodes', [constant('MAX_VALUES', '6'), constant('MAX_NODE_PARTS', '2')]],
  ['few forms', [constant('MAX_FORMS', '3')]],
  ['little room beside the forms', [constant('MAX_BESIDE', '3')]],
  ['few keys, a small window and few records at once', [constant('MAX_KEYS', '90'), constant('WINDOW_SIZE', '1 << 12'), constant('MAX_RECORDS', '4')]],
  ['crowded indexes', [constant('ENTRY_INDEX_SIZE', '64'), constant('MAX_ENTRIES', '62'), constant('VALUE_INDEX_SIZE', '64'), constant('MAX_VALUES', '62'), constant('FORM_INDEX_SIZE', '64'), constant('MAX_FORMS', '62'), constant('BESIDE_INDEX_SIZE', '64'), constant('MAX_BESIDE', '62'), constant('VALUE_CACHE_SIZE', '2')]],
];

const SETTINGS = { accessLogFormat: null };

describe.each(KERNELS)('with %s', (_, changes) => {
  const kernel = changedKernel(changes);

  it.each(FORMATS)('mutated records of $name are read by forms as by the reference', (format) => {
    const { difference, records, unsure } = fuzz(format, 2, 2_000, kernel);
    expect(difference).toBeNull();
    expect(unsure).toBeLessThan(records);
  });

  it('the database is that of the reference', () => {
    const fast = decoderOf(hubble, SETTINGS, kernel);
    expect(fast).toBeInstanceOf(FormDecoder);
    fc.assert(
      fc.property(fc.array(fc.array(hubbleRecord, { maxLength: 40 }), { maxLength: 4 }), fc.constantFrom(...DIRECTORIES), (parts, directory) => {
        const portions = [{ directory, parts: parts.map((records) => ({ records })) }];
        expect(differences(learntBy(hubble.decoder(SETTINGS), portions), learntBy(fast, portions))).toEqual([]);
      }),
      { numRuns: 25 },
    );
  });
});
