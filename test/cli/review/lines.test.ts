import { Writable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fit, type Line } from '../../../src/cli/review/lines.ts';
import { plain, styleFor } from '../../../src/cli/text.ts';
import { uncoloured } from '../../support/terminal.ts';

const PLAIN = styleFor(new Writable(), {});
const COLOURS = styleFor(new Writable(), { FORCE_COLOR: '1' });
const fitted = (text: string, width: number, indent = 0): readonly string[] => fit([{ text, indent }], width, PLAIN);

describe('a line that is too long', () => {
  it.each<[string, number, number, readonly string[]]>([
    ['one two', 20, 0, ['one two']],
    ['one two', 20, 3, ['   one two']],
    ['exactly ten', 11, 0, ['exactly ten']],
    ['one two three four', 9, 0, ['one two', '  three', '  four']],
    ['one two three four', 12, 2, ['  one two', '    three', '    four']],
    ['averylongword', 8, 0, ['averylon', '  gword']],
    ['to averylongwordindeed', 10, 0, ['to', '  averylon', '  gwordind', '  eed']],
    ['+   - podSelector', 40, 4, ['    +   - podSelector']],
    ['    deep: value', 12, 0, ['    deep:', '  value']],
    ['', 20, 3, ['']],
  ])('%j in %i columns, %i in', (text, width, indent, expected) => {
    expect(fitted(text, width, indent)).toEqual(expected);
  });
});

describe('for every text', () => {
  const anyLine = fc.record({ text: fc.string({ unit: 'binary', maxLength: 200 }), indent: fc.nat({ max: 6 }) });

  it('no line is longer than the screen is wide, and nothing acts on the terminal', () => {
    fc.assert(
      fc.property(anyLine, fc.integer({ min: 20, max: 100 }), (line, width) => {
        for (const shown of fit([line], width, PLAIN)) {
          expect(shown.length).toBeLessThanOrEqual(width);
          expect(shown).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/);
        }
      }),
    );
  });

  it('all of it is shown, in its order', () => {
    fc.assert(
      fc.property(anyLine, fc.integer({ min: 20, max: 100 }), (line, width) => {
        const letters = (text: string): string => text.replaceAll(' ', '');
        expect(letters(fit([line], width, PLAIN).join(''))).toBe(letters(plain(line.text)));
      }),
    );
  });

  it('colours change nothing but the colours', () => {
    const tones = fc.constantFrom<NonNullable<Line['tone']>>('title', 'added', 'removed', 'warning', 'aside');
    fc.assert(
      fc.property(anyLine, tones, (line, tone) => {
        expect(fit([{ ...line, tone }], 40, COLOURS).map(uncoloured)).toEqual(fit([line], 40, PLAIN));
      }),
    );
  });
});
