import { describe, expect, it } from 'vitest';
import { FORMATS } from '../support/fuzz/formats.ts';
import { fuzz } from '../support/fuzz/fuzz.ts';

/** A share of the fuzz corpus that is the same each time; `npm run conformance` reads more of it, `npm run soak` the whole. */
describe.each(FORMATS)('$name: mutated records', (format) => {
  it('are read by forms as by the reference', () => {
    const { records, unsure, difference } = fuzz(format, 1, 10_000);
    expect(difference).toBeNull();
    // Enough of them have forms.
    expect(unsure / records).toBeLessThan(0.8);
  });
});
