import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonFields } from '../../src/scan/json.ts';
import { OperationReader, performed, readOperation } from '../../src/scan/operation.ts';
import { TimeReader } from '../../src/scan/time.ts';
import { WordReader } from '../../src/scan/words.ts';
import { anyText } from '../support/any-text.ts';

/** Reads a time with other bytes around it, which look like more of it. */
function time(reader: TimeReader, text: string, around = '0'): number {
  const bytes = Buffer.from(`${around}${text}${around}`);
  return reader.read(bytes, around.length, bytes.length - around.length);
}

describe('reading times', () => {
  const NOON = Date.UTC(2026, 2, 2, 12);

  it.each([
    ['2026-03-02T12:00:00Z', NOON],
    ['2026-03-02t12:00:00z', NOON],
    ['2026-03-02 12:00:00Z', NOON],
    ['2026-03-02T12:00:00.9999999999Z', NOON + 999],
    ['2026-03-02T12:00:60Z', NOON + 60_000],
    ['2026-03-02T13:30:00+01:30', NOON],
    ['2026-03-02T10:30:00-01:30', NOON],
    ['2026-03-02T12:00:00.000+00:00', NOON],
    ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
    ['1970-01-01T00:00:00Z', 0],
  ])('%s', (text, expected) => {
    expect(time(new TimeReader(), text)).toBe(expected);
  });

  it.each([
    '2026-03-02T12:00:61Z',
    '2026-03-02T12:60:00Z',
    '2026-02-29T12:00:00Z',
    '2026-00-02T12:00:00Z',
    '2026-03-00T12:00:00Z',
    '1969-12-31T23:59:59Z',
    '2026-03-02T12:00:00.1',
    '2026-03-02T12:00:00.1 ',
    '2026-03-02T12:00:00.1x2Z',
    '2026-03-02T12:00:00+0100',
    '2026-03-02T12:00:00+24:00',
    '2026-03-02T12:00:00+01:60',
    '2026-03-02T12:00:00 Z',
    '2026-3-02T12:00:00.00Z',
    '+026-03-02T12:00:00Z',
    '20260302T120000.0000Z',
  ])('%s is none', (text) => {
    expect(time(new TimeReader(), text)).toBeNaN();
  });

  it('what is remembered of one time never shows in another', () => {
    const part = (max: number): fc.Arbitrary<string> => fc.integer({ min: 0, max }).map((n) => String(n).padStart(2, '0'));
    const text = fc.tuple(part(13), part(32), part(24), part(61), part(61), fc.constantFrom('Z', '.5Z', '+01:00', 'x', '')).map(([month, day, hour, minute, second, end]) => `2026-${month}-${day}T${hour}:${minute}:${second}${end}`);
    fc.assert(
      fc.property(fc.array(text, { maxLength: 8 }), (texts) => {
        const reader = new TimeReader();
        for (const own of [...texts, ...texts]) expect(time(reader, own)).toBe(time(new TimeReader(), own));
      }),
      { numRuns: 300 },
    );
  });

  it('bytes beside a time are no part of it', () => {
    for (const around of ['0', 'Z', '+01:00', '.5', '"', '']) {
      expect(time(new TimeReader(), '2026-03-02T12:00:00Z', around)).toBe(NOON);
      expect(time(new TimeReader(), '2026-03-02T12:00:00.', around)).toBeNaN();
      expect(time(new TimeReader(), '2026-03-02T12:00:00', around)).toBeNaN();
      expect(time(new TimeReader(), '2026-03-02T12:00:00.000', around)).toBeNaN();
    }
  });
});

describe('reading operations', () => {
  it.each([
    ['GET', '/a', 'GET /a'],
    ['POST', 'http://user:pw@host/a/7?x=1', 'POST /a/{id}'],
    ['M-SEARCH', '*', 'M-SEARCH *'],
    ['VERSION-CONTROL', '/', 'VERSION-CONTROL /'],
  ])('%s %s', (method, path, expected) => {
    const operation = readOperation(method, path);
    expect(`${operation?.method} ${operation?.path}`).toBe(expected);
  });

  it.each([
    ['get', '/'],
    ['', '/'],
    ['-', '/'],
    ['GET ', '/'],
    ['G\u0000T', '/'],
    ['-GET', '/'],
    ['G3T', '/'],
    ['ABCDEFGHIJKLMNOPQ', '/'],
    ['GET', ''],
    ['GET', 'host:443'],
    ['GET', '-'],
  ])('%j %j is none', (method, path) => {
    expect(readOperation(method, path)).toBeNull();
  });

  const read = (reader: OperationReader, method: string, path: string): ReturnType<typeof readOperation> => {
    const bytes = Buffer.from(`?${method} ${path}?#/x`);
    const cut = 1 + Buffer.byteLength(method);
    return reader.read(bytes, 1, cut, cut + 1, bytes.length - 4);
  };

  it('bytes are read as text is, however often and in whatever order', () => {
    const reader = new OperationReader();
    const method = fc.oneof(fc.constantFrom('GET', 'POST', 'get', ''), fc.string({ maxLength: 5 }));
    const path = fc.oneof(fc.constantFrom('/a', '/a?b', '/a/1', '/a/2', 'x', '', '/?/', '/a;b/c'), anyText(20).map((text) => `/${text}`));
    fc.assert(
      fc.property(method, path, (ownMethod, ownPath) => {
        const asBytes = Buffer.from(ownPath).toString();
        expect(read(reader, ownMethod, ownPath)).toEqual(readOperation(Buffer.from(ownMethod).toString(), asBytes));
        expect(read(reader, ownMethod, ownPath)).toBe(read(reader, ownMethod, ownPath));
      }),
      { numRuns: 200 },
    );
  });

  it('a query is cut before anything is remembered', () => {
    const reader = new OperationReader();
    const first = read(reader, 'GET', '/login?password=hunter2');
    expect(first).toEqual({ method: 'GET', path: '/login' });
    expect(read(reader, 'GET', '/login?password=other')).toBe(first);
    expect(read(reader, 'GET', '/login')).toBe(first);
  });

  it('many paths of one template are one operation', () => {
    const reader = new OperationReader();
    const first = read(reader, 'GET', '/items/1');
    for (let i = 2; i < 1000; i++) expect(read(reader, 'GET', `/items/${i}`)).toBe(first);
    expect(read(reader, 'PUT', '/items/1')).toEqual({ method: 'PUT', path: '/items/{id}' });
  });

  it('stays right when there are more operations than it remembers', () => {
    const reader = new OperationReader();
    const paths = Array.from({ length: 20_000 }, (_, i) => `/w${i.toString(2).replaceAll('0', 'a').replaceAll('1', 'b')}`);
    expect(paths.filter((path) => read(reader, 'GET', path)?.path !== path)).toEqual([]);
    expect(read(reader, 'GET', '/wb')).toEqual({ method: 'GET', path: '/wb' });
  });

  it('401, 403, 404 and 405 performed nothing; every other answer did', () => {
    const not = Array.from({ length: 500 }, (_, i) => 100 + i).filter((status) => !performed(status));
    expect(not).toEqual([401, 403, 404, 405]);
  });
});

describe('reading words', () => {
  const fields = new JsonFields([['w'], ['x']]);
  const word = (reader: WordReader, json: string): string => {
    const bytes = Buffer.from(`{"w":${json}}`);
    expect(fields.scan(bytes, 0, bytes.length)).toBe(true);
    return reader.read(bytes, fields, 0);
  };

  it.each([
    ['"FORWARDED"', 'FORWARDED'],
    ['"F\\u004fRWARDED"', 'FORWARDED'],
    ['""', ''],
    ['7', ''],
    ['null', ''],
    ['true', ''],
    ['{"a":"b"}', ''],
    ['["a"]', ''],
    [`"${'a'.repeat(300)}"`, 'a'.repeat(300)],
    [`"${'a'.repeat(301)}"`, ''],
  ])('%s', (json, expected) => {
    const reader = new WordReader();
    expect(word(reader, json)).toBe(expected);
    expect(word(reader, json)).toBe(expected);
  });

  it('what is absent is no word', () => {
    const bytes = Buffer.from('{"w":"a"}');
    fields.scan(bytes, 0, bytes.length);
    expect(new WordReader().read(bytes, fields, 1)).toBe('');
  });

  it('a reader of many words confuses none of them', () => {
    const reader = new WordReader();
    fc.assert(
      fc.property(anyText(30), (text) => {
        const known = Buffer.from(text).toString();
        expect(word(reader, JSON.stringify(known))).toBe(known);
      }),
      { numRuns: 300 },
    );
  });

  it('stays right when there are more words than it remembers', () => {
    const reader = new WordReader();
    const words = Array.from({ length: 10_000 }, (_, i) => `word-${i}`);
    expect(words.filter((text) => reader.bytes(Buffer.from(`x${text}x`), 1, 1 + text.length) !== text)).toEqual([]);
    expect(reader.bytes(Buffer.from('word-7'), 0, 6)).toBe('word-7');
  });
});
