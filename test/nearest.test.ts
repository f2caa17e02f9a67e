import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closest } from '../src/nearest.ts';

const COMMANDS = ['observe', 'edges', 'propose', 'status', 'alerts', 'watch'];

describe('the word that was meant', () => {
  it.each([
    ['edge', 'edges'],
    ['egdes', 'edges'],
    ['observ', 'observe'],
    ['propsoe', 'propose'],
    ['stats', 'status'],
    ['wtch', 'watch'],
    ['alerts', 'alerts'],
  ])('%s: %s', (wanted, meant) => {
    expect(closest(wanted, COMMANDS)).toBe(meant);
  });

  it.each([['frobnicate'], [''], ['xyz'], ['kubernetes']])('is none where nothing is near: %s', (wanted) => {
    expect(closest(wanted, COMMANDS)).toBeNull();
  });

  it('is none where none is known', () => {
    expect(closest('a', [])).toBeNull();
  });

  it('is a known word as it stands, and is found behind one slip of a longer one', () => {
    const words = fc.uniqueArray(fc.stringMatching(/^[a-z]{6,12}$/), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(words, fc.nat(), fc.nat(), (known, which, where) => {
        const word = known[which % known.length]!;
        expect(closest(word, known)).toBe(word);
        const at = where % word.length;
        const slipped = word.slice(0, at) + word.slice(at + 1);
        expect(closest(slipped, [word])).toBe(word);
      }),
    );
  });
});
