import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { get, integer, list, maxTime, stringMap, text, texts, time } from '../../src/kubernetes/object.ts';

describe('reading what somebody else wrote', () => {
  it.each<[unknown, readonly (string | number)[], unknown]>([
    [{ a: { b: [7] } }, ['a', 'b', 0], 7],
    [{ a: null }, ['a', 'b'], undefined],
    [{ a: 'text' }, ['a', 'length'], undefined],
    [[1, 2], ['length'], 2],
    [{}, ['constructor', 'name'], undefined],
    [{}, ['__proto__'], undefined],
    [JSON.parse('{"__proto__":{"name":"x"}}'), ['__proto__', 'name'], 'x'], // an own key like any other
    [null, ['a'], undefined],
    [7, ['a'], undefined],
    [{ a: false }, ['a'], false],
    ['whole', [], 'whole'],
  ])('%j at %j', (value, path, expected) => {
    expect(get(value, ...path)).toBe(expected);
  });

  it('takes text for text alone, and none for the empty one', () => {
    expect([text('x'), text(''), text(7), text(null), text(undefined), text({}), text(['x'])]).toEqual(['x', null, null, null, null, null, null]);
    expect(texts(['a', '', 7, null, 'b'])).toEqual(['a', 'b']);
    expect(texts('ab')).toEqual([]);
  });

  it('takes a list for a list alone', () => {
    expect(list([1, 2])).toEqual([1, 2]);
    for (const value of [null, undefined, 'ab', { 0: 1, length: 1 }, 7]) expect(list(value)).toEqual([]);
  });

  it.each<[unknown, number | null]>([
    [80, 80],
    ['80', 80],
    [-1, -1],
    [0, 0],
    ['0', 0],
    [80.5, null],
    ['80.5', null],
    ['http', null],
    ['', null],
    [' 80', null],
    ['0x50', null],
    ['1e3', null],
    [Number.NaN, null],
    [Number.POSITIVE_INFINITY, null],
    [null, null],
    [true, null],
    [[80], null],
    ['9'.repeat(400), null],
  ])('the whole number %j is %s', (value, expected) => {
    expect(integer(value)).toBe(expected);
  });

  it('takes what YAML made of a label’s value for its text', () => {
    expect(stringMap({ app: 'web', version: 2, on: true, none: null })).toEqual([
      ['app', 'web'],
      ['version', '2'],
      ['on', 'true'],
      ['none', 'null'],
    ]);
    for (const value of [null, undefined, 'x', ['x'], 7]) expect(stringMap(value)).toEqual([]);
  });

  it.each<[unknown, number | null]>([
    ['2026-03-02T12:00:00Z', Date.UTC(2026, 2, 2, 12)],
    ['2026-03-02T12:00:00.123456789Z', Date.UTC(2026, 2, 2, 12, 0, 0, 123)],
    ['2026-03-02T14:00:00+02:00', Date.UTC(2026, 2, 2, 12)],
    [new Date(7), 7],
    ['yesterday', null],
    ['', null],
    [null, null],
    [1_772_452_800, null],
    [{}, null],
  ])('the time %j is %s', (value, expected) => {
    expect(time(value)).toBe(expected);
  });

  it('knows the latest of several times, if any is known', () => {
    expect(maxTime([1, null, 3, 2])).toBe(3);
    expect(maxTime([0])).toBe(0);
    expect(maxTime([null, null])).toBeNull();
    expect(maxTime([])).toBeNull();
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.anything(), fc.array(fc.oneof(fc.string(), fc.nat(3)), { maxLength: 4 }), (value, path) => {
        const found = get(value, ...path);
        const read = [text, texts, list, integer, time, (other: unknown) => (typeof other === 'object' ? null : stringMap(other))];
        expect(() => read.map((as) => as(found))).not.toThrow();
      }),
    );
  });
});
