import { describe, expect, it } from 'vitest';
import type { FilePosition } from '../../src/source.ts';
import { HEAD, hashOf, KnownPositions, TAIL } from '../../src/sources/position.ts';

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
