import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ListReader, type ListEnd } from '../../src/kubernetes/list-reader.ts';
import { cutInto } from '../support/cut.ts';

interface Read extends ListEnd {
  readonly items: readonly unknown[];
  readonly tooLong: number;
}

function read(text: string, cuts: readonly number[] = [], limit = 10_000): Read {
  const items: unknown[] = [];
  const reader = new ListReader(limit, (item) => items.push(item));
  for (const chunk of cutInto(Buffer.from(text), cuts)) reader.push(chunk);
  return { ...reader.end(), items, tooLong: reader.tooLong };
}

const list = (items: unknown, more: object = {}): string => JSON.stringify({ kind: 'PodList', apiVersion: 'v1', metadata: { resourceVersion: '7', continue: 'go-on' }, items, ...more });

describe('reading a list', () => {
  it.each<readonly [string, string, readonly unknown[]]>([
    ['of no items', list([]), []],
    ['whose items are null, as Go writes an empty list', list(null), []],
    ['of one item', list([{ a: 1 }]), [{ a: 1 }]],
    ['of nested items', list([{ a: { b: [{ c: [[]] }] } }, { d: {} }]), [{ a: { b: [{ c: [[]] }] } }, { d: {} }]],
    ['with brackets, quotes and backslashes in strings', list([{ a: '}]{["\\' }, { b: '\\"' }, { c: '\\' }]), [{ a: '}]{["\\' }, { b: '\\"' }, { c: '\\' }]],
    ['with spaces and line ends', JSON.stringify(JSON.parse(list([{ a: 1 }, { b: [2] }])), null, 2), [{ a: 1 }, { b: [2] }]],
    ['with items before the metadata', '{"items":[{"a":1}],"metadata":{"resourceVersion":"7","continue":"go-on"}}', [{ a: 1 }]],
    ['with another list beside the items', list([{ a: 1 }], { others: [{ b: 2 }] }), [{ a: 1 }]],
    ['with items within an item', list([{ items: [{ a: 1 }] }]), [{ items: [{ a: 1 }] }]],
    ['with a key that ends like the items', list([{ a: 1 }], { '"items"': [{ b: 2 }], 'x,"items': [{ c: 3 }] }), [{ a: 1 }]],
  ])('%s', (_, text, items) => {
    expect(read(text)).toEqual({ items, tooLong: 0, resourceVersion: '7', continueToken: 'go-on' });
  });

  it('knows the last page by its missing token', () => {
    expect(read('{"metadata":{"resourceVersion":"7"},"items":[]}').continueToken).toBe('');
  });

  it('leaves out what is too large, and counts it', () => {
    expect(read(list([{ a: 1 }, { a: 'x'.repeat(200) }, { b: 2 }]), [], 100)).toMatchObject({ items: [{ a: 1 }, { b: 2 }], tooLong: 1 });
  });

  it('hands an item on as soon as it is whole', () => {
    const items: unknown[] = [];
    const reader = new ListReader(100, (item) => items.push(item));
    reader.push(Buffer.from('{"items":[{"a":1},{"b"'));
    expect(items).toEqual([{ a: 1 }]);
    reader.push(Buffer.from(':2}'));
    expect(items).toEqual([{ a: 1 }, { b: 2 }]);
  });

  it.each([
    ['nothing', ''],
    ['half a list', '{"metadata":{"resourceVersion":"7"},"items":[{"a":1}'],
    ['half an item', '{"items":[{"a":'],
    ['a page of HTML', '<html>'],
    ['too many brackets', '{"items":[]}]}'],
    ['an item that is none', '{"items":[{"a":}]}'],
  ])('refuses %s', (_, text) => {
    expect(() => read(text)).toThrow(SyntaxError);
  });

  it('does not keep what goes on for ever before the items', () => {
    const reader = new ListReader(100, () => {});
    expect(() => {
      for (let i = 0; i < 100; i++) reader.push(Buffer.from('x'.repeat(1_000)));
    }).toThrow(SyntaxError);
  });

  it('gives what JSON.parse gives, wherever the chunks are cut', () => {
    const items = fc.array(fc.dictionary(fc.string({ maxLength: 5 }), fc.jsonValue({ maxDepth: 3 })), { maxLength: 5 });
    fc.assert(
      fc.property(items, fc.array(fc.nat(600)), fc.boolean(), (values, cuts, spaced) => {
        const text = JSON.stringify(JSON.parse(list(values)), null, spaced ? 1 : 0);
        expect(read(text, cuts).items).toEqual((JSON.parse(text) as { readonly items: unknown }).items);
        expect(read(text, cuts).continueToken).toBe('go-on');
      }),
      { numRuns: 300 },
    );
  });
});
