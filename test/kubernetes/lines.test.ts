import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Lines } from '../../src/kubernetes/lines.ts';
import { cutInto } from '../support/cut.ts';

const read = (text: string, cuts: readonly number[], limit = 100): { readonly lines: readonly string[]; readonly tooLong: number } => {
  const lines = new Lines(limit);
  const found = cutInto(Buffer.from(text), cuts).flatMap((chunk) => lines.push(chunk));
  return { lines: found, tooLong: lines.tooLong };
};

describe('lines', () => {
  it.each([
    ['', []],
    ['a', []],
    ['a\n', ['a']],
    ['a\nb\nc', ['a', 'b']],
    ['\n\na\n\n', ['a']],
  ])('of %j', (text, expected) => {
    expect(read(text, []).lines).toEqual(expected);
  });

  it('may be as long as the limit, and not a byte longer', () => {
    expect(read(`${'x'.repeat(100)}\n${'y'.repeat(101)}\nz\n`, [])).toEqual({ lines: ['x'.repeat(100), 'z'], tooLong: 1 });
  });

  it('count bytes, not characters', () => {
    expect(read(`${'é'.repeat(51)}\n`, []).tooLong).toBe(1);
  });

  it('are the same wherever the chunks are cut', () => {
    const texts = fc.array(fc.oneof(fc.string({ unit: 'grapheme', maxLength: 30 }), fc.constant('long'.repeat(30)), fc.constant('\n')), { maxLength: 12 }).map((parts) => parts.join('\n'));
    fc.assert(
      fc.property(texts, fc.array(fc.nat(400)), (text, cuts) => {
        expect(read(text, cuts)).toEqual(read(text, []));
      }),
      { numRuns: 300 },
    );
  });
});
