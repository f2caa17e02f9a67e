import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { find, findByte, findLast, findLastByte, isAt } from '../../src/scan/find.ts';

const letters = fc.string({ unit: fc.constantFrom('a', 'b', '"', ' '), maxLength: 30 });
const piece = fc.string({ unit: fc.constantFrom('a', 'b', '"', ' '), minLength: 1, maxLength: 3 });

/** Bytes, and two offsets within them. */
const span = fc.tuple(letters, fc.nat(), fc.nat()).map(([text, x, y]) => {
  const bytes = Buffer.from(text);
  const [from = 0, end = 0] = [x % (bytes.length + 1), y % (bytes.length + 1)].toSorted((a, b) => a - b);
  return { bytes, from, end };
});
const shifted = (at: number, from: number): number => (at < 0 ? -1 : at + from);

describe('looking for bytes between two offsets', () => {
  it('finds what Buffer finds in that part alone, from either side', () => {
    fc.assert(
      fc.property(span, piece, ({ bytes, from, end }, text) => {
        const part = bytes.subarray(from, end);
        const wanted = Buffer.from(text);
        expect(find(bytes, wanted, from, end)).toBe(shifted(part.indexOf(wanted), from));
        expect(findLast(bytes, wanted, from, end)).toBe(shifted(part.lastIndexOf(wanted), from));
        expect(findByte(bytes, wanted[0]!, from, end)).toBe(shifted(part.indexOf(wanted[0]!), from));
        expect(findLastByte(bytes, wanted[0]!, from, end)).toBe(shifted(part.lastIndexOf(wanted[0]!), from));
      }),
      { numRuns: 2000 },
    );
  });

  it('a piece that only begins before the end, or ends behind the beginning, is not there', () => {
    const bytes = Buffer.from('ab"ab');
    expect(find(bytes, Buffer.from('"a'), 0, 3)).toBe(-1);
    expect(find(bytes, Buffer.from('"a'), 0, 4)).toBe(2);
    expect(findLast(bytes, Buffer.from('ab'), 1, 5)).toBe(3);
    expect(findLast(bytes, Buffer.from('ab'), 1, 4)).toBe(-1);
    expect(findLast(bytes, Buffer.from('"a'), 3, 5)).toBe(-1);
  });

  it('tells whether a piece stands at an offset', () => {
    const bytes = Buffer.from('abc');
    expect(isAt(bytes, Buffer.from('bc'), 1)).toBe(true);
    expect(isAt(bytes, Buffer.from('bd'), 1)).toBe(false);
    expect(isAt(bytes, Buffer.from('cd'), 2)).toBe(false);
    expect(isAt(bytes, Buffer.alloc(0), 3)).toBe(true);
  });
});
