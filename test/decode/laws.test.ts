import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hubble } from '../../collectors/hubble/index.ts';
import { decoderOf } from '../../src/decode/decoders.ts';
import { FormDecoder } from '../../src/decode/form-decoder.ts';
import { differences, type Dump } from '../support/dump.ts';
import { DIRECTORIES, hubbleRecord, ordinaryRecord } from '../support/hubble-traffic.ts';
import { learntBy, type Part, type ReadPortion } from '../support/learning.ts';

const SETTINGS = { accessLogFormat: null };
const made = decoderOf(hubble, SETTINGS);
if (!(made instanceof FormDecoder)) throw new Error('the kernel does not run here');
/** One for all runs: what it knows from those before must not matter. */
const fast = made;

const reference = (portions: readonly ReadPortion[]): Dump => learntBy(hubble.decoder(SETTINGS), portions);

const origin = fc.constantFrom(undefined, { source: 'a', owner: { namespace: 'shop', pod: 'web-1', container: null } }, { source: 'b', owner: { namespace: 'shop', pod: 'web-2', container: null } });
const part: fc.Arbitrary<Part> = fc.record({ records: fc.array(hubbleRecord, { maxLength: 25 }), origin: origin as fc.Arbitrary<NonNullable<Part['origin']>> }, { requiredKeys: ['records'] });
const portions = fc.array(fc.record({ directory: fc.constantFrom(...DIRECTORIES), parts: fc.array(part, { maxLength: 4 }) }), { minLength: 1, maxLength: 4 });

/** The same records, in order, divided anew. */
function divided(records: readonly string[], cuts: readonly number[]): readonly (readonly string[])[] {
  const places = [0, ...cuts.map((cut) => cut % (records.length + 1)).toSorted((a, b) => a - b), records.length];
  return places.slice(1).map((end, i) => records.slice(places[i], end));
}

describe('reading by forms', () => {
  it('leaves the database that the reference leaves, whatever is read, and whoever is asked who is who in between', () => {
    fc.assert(
      fc.property(portions, (all) => {
        expect(differences(reference(all), learntBy(fast, all))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('leaves the same database however the records are divided into batches and portions', () => {
    const cuts = fc.array(fc.nat(), { maxLength: 4 });
    fc.assert(
      fc.property(fc.array(hubbleRecord, { minLength: 1, maxLength: 120 }), fc.constantFrom(...DIRECTORIES), cuts, fc.array(cuts, { minLength: 5, maxLength: 5 }), (records, directory, intoPortions, intoParts) => {
        const whole = reference([{ directory, parts: [{ records }] }]);
        const some = divided(records, intoPortions).map((own, i) => ({ directory, parts: divided(own, intoParts[i]!).map((less) => ({ records: less })) }));
        expect(differences(whole, learntBy(fast, some))).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  it('recognises all ordinary records', () => {
    fc.assert(
      fc.property(fc.array(ordinaryRecord, { maxLength: 100 }), (records) => {
        const [all, before] = [[{ directory: DIRECTORIES[0], parts: [{ records }] }], fast.unsure];
        expect(differences(reference(all), learntBy(fast, all))).toEqual([]);
        expect(fast.unsure).toBe(before);
      }),
      { numRuns: 60 },
    );
  });

  it('counts how many records it was not sure of', () => {
    const [records, unsure] = [fast.records, fast.unsure];
    learntBy(fast, [{ directory: DIRECTORIES[0], parts: [{ records: ['x', '{"flow":1}', '{"time":"2026-03-02T12:00:00Z"}'] }] }]);
    expect([fast.records - records, fast.unsure - unsure]).toEqual([3, 2]);
  });
});
