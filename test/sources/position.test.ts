import { describe, expect, it } from 'vitest';
import type { FilePosition } from '../../src/source.ts';
import { HEAD, hashOf, hasMark, KnownPositions, lastPlace, Marks, TAIL, tailOf } from '../../src/sources/position.ts';

function position(head: string, offset: number, owner = ''): FilePosition {
  return { file: { id: offset }, headLength: head.length, headHash: hashOf(Buffer.from(head)), owner, offset, tailHash: '', marks: '', done: null };
}

/** The offsets of those that may be the file that begins with this head. */
function candidates(known: readonly FilePosition[], head: string, owner = ''): readonly number[] {
  return new KnownPositions(known).candidates(owner, Buffer.from(head)).map(({ offset }) => offset);
}

describe('what a file is known by', () => {
  it('is 4 KiB of its head and 1 KiB before the offset', () => {
    expect([HEAD, TAIL]).toEqual([4_096, 1_024]);
  });

  it('is a hash of the bytes, equal for equal ones alone', () => {
    expect(hashOf(Buffer.from('a'))).toBe(hashOf(Buffer.from('a')));
    expect(hashOf(Buffer.from('a'))).not.toBe(hashOf(Buffer.from('b')));
    expect(hashOf(Buffer.from('a'))).not.toBe(hashOf(Buffer.from('a\0')));
    expect(hashOf(Buffer.alloc(0))).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe('marks', () => {
  const content = Buffer.from(Array.from({ length: 9_000 }, (_, i) => `line ${i}\n`).join(''));

  function marksOf(sizes: readonly number[], from: { readonly offset: number; readonly text: string } = { offset: 0, text: '' }): string {
    const marks = new Marks(from.text);
    for (let at = from.offset, i = 0; at < content.length; i++) {
      const piece = content.subarray(at, at + (sizes[i % sizes.length] ?? 1));
      marks.pass(at, content.subarray(Math.max(0, at - TAIL), at), piece);
      at += piece.length;
    }
    return marks.text;
  }

  it('are the same in whatever pieces a file goes by', () => {
    const whole = marksOf([content.length]);
    expect(whole).toMatch(/^([0-9a-f]{16}){6}$/);
    for (const sizes of [[1], [63, 1, 1], [5_120], [5_119, 2], [1_000, 7, 40_000]]) expect(marksOf(sizes)).toBe(whole);
  });

  it('go on where they were left, and not at all where the first are missing', () => {
    const text = marksOf([content.length]);
    expect(marksOf([999], { offset: 6_000, text: text.slice(0, 32) })).toBe(text);
    expect(marksOf([999], { offset: 6_000, text: '' })).toBe('');
  });

  it('tell the beginning of a file, from 5 KiB on, from that of another', () => {
    const known = { ...position('line 0', content.length), marks: marksOf([content.length]) };
    expect(lastPlace(5_119)).toBeNull();
    expect(lastPlace(5_120)).toEqual({ place: 5_120, n: 1 });
    expect(lastPlace(30_000)).toEqual({ place: 20_480, n: 3 });
    expect(hasMark(known, 3, content.subarray(20_480 - TAIL, 20_480))).toBe(true);
    expect(hasMark(known, 3, content.subarray(20_481 - TAIL, 20_481))).toBe(false);
    expect(hasMark(known, 9, content)).toBeNull();
  });

  it('find the files that may begin like this one, though it is shorter than what is known of them', () => {
    const own = { ...position(content.toString('latin1', 0, HEAD), content.length), marks: marksOf([content.length]) };
    const known = new KnownPositions([own]);
    expect(known.candidates('', content.subarray(0, 300))).toEqual([]);
    expect(known.mayBecome('', content.subarray(0, 300))).toBe(true);
    expect(known.mayBecome('', content.subarray(0, HEAD))).toBe(false);
    expect(known.mayBecome('', content.subarray(1, 301))).toBe(false);
    expect(known.mayBecome('other', content.subarray(0, 300))).toBe(false);
    expect(known.candidates('', content.subarray(0, HEAD))).toEqual([own]);
  });

  it('remember the last KiB', () => {
    expect(tailOf(Buffer.from('ab'), Buffer.from('cd')).toString()).toBe('abcd');
    expect(tailOf(content.subarray(0, TAIL), Buffer.from('x'))).toHaveLength(TAIL);
    expect(tailOf(Buffer.alloc(0), content).equals(content.subarray(-TAIL))).toBe(true);
  });
});

describe('candidates', () => {
  const known = [position('one', 30), position('one two', 70), position('one two', 90), position('two', 40), position('one', 50, 'shop/web/app')];

  it.each([
    ['files that began so, the furthest first', 'one two', '', [90, 70, 30]],
    ['and were shorter then', 'one two three', '', [90, 70, 30]],
    ['not those that were longer: a file does not lose its beginning', 'one', '', [30]],
    ['not those that began otherwise', 'One two', '', []],
    ['those of the same pod alone', 'one two', 'shop/web/app', [50]],
    ['of a pod that is not known: none', 'one two', 'shop/cart/app', []],
    ['of an empty head: none', '', '', []],
  ])('%s', (_, head, owner, expected) => {
    expect(candidates(known, head, owner)).toEqual(expected);
  });

  it('leave the stored order alone', () => {
    const order = known.map(({ offset }) => offset);
    candidates(known, 'one two three');
    expect(known.map(({ offset }) => offset)).toEqual(order);
  });
});
