import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ESCAPED, FALSE, NULL, NUMBER, STRING } from '../../src/scan/json.ts';
import { pathTemplate } from '../../src/scan/path.ts';
import type { Wanted } from '../../src/scan/plan.ts';
import { TimeReader } from '../../src/scan/time.ts';
import { KernelReader, plan, type Read } from '../support/kernel-reading.ts';

/** What is kept of single values. */

const TIME = '2026-03-02T12:00:00Z';
const WANTED: readonly Wanted[] = [
  { path: ['time'], slot: 0, keep: 'time', group: 0 },
  { path: ['later'], slot: 1, keep: 'time', group: 0, rank: 1 },
  { path: ['from'], slot: 2, keep: 'port', group: 0 },
  { path: ['to'], slot: 3, keep: 'port', group: 0, rank: 1 },
  { path: ['sent'], slot: 4, keep: 'sum', group: 1 },
  { path: ['got'], slot: 5, keep: 'sum', group: 1, rank: 1 },
  { path: ['address'], slot: 6, keep: 'address', group: 2 },
  { path: ['path'], slot: 7, keep: 'path', group: 3 },
  { path: ['trap'], slot: 8, keep: 'trap', group: 3 },
  { path: ['ports'], slot: 9, keep: 'kind', group: 4 },
];
const reader = new KernelReader(plan(WANTED));
/** Reads a record of these members; there is always a value in a group, so that both ports tell the form. */
const read = (members: string, time = `"time":"${TIME}"`): Read | null => reader.one(`{${members}${members === '' || time === '' ? '' : ','}${time}${members === '' && time === '' ? '' : ','}"ports":0}`);

describe('times', () => {
  const times = new TimeReader();
  const referenceOf = (text: string): number => times.read(Buffer.from(text), 0, Buffer.byteLength(text));
  const timeOf = (text: string): number | null => read('', `"time":${JSON.stringify(text)}`)?.time ?? null;

  it('are those of the reference, or left to it', () => {
    const two = fc.integer({ min: 0, max: 99 }).map((n) => String(n).padStart(2, '0'));
    const written = fc
      .record({ century: fc.constantFrom('19', '20', '99', '00'), year: two, month: two, day: two, hour: two, minute: two, second: two, fraction: fc.constantFrom('', '.', '.0', '.5', '.999', '.123456789', `.${'9'.repeat(40)}`), zone: fc.constantFrom('Z', 'Z', 'Z', 'z', '+02:00', '-00:00', '', 'ZZ'), separator: fc.constantFrom('T', 'T', 'T', 't', ' ') })
      .map(({ century, year, month, day, hour, minute, second, fraction, zone, separator }) => `${century}${year}-${month}-${day}${separator}${hour}:${minute}:${second}${fraction}${zone}`);
    const real = fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true }).map((date) => date.toISOString());
    const broken = fc.tuple(real, fc.nat(24), fc.constantFrom('', '0', 'x', ':', '-', '/', ' ', '9', 'é')).map(([text, at, by]) => text.slice(0, at) + by + text.slice(at + 1));
    fc.assert(
      fc.property(fc.oneof(real, written, broken), (text) => {
        const time = timeOf(text);
        expect([text, time]).toEqual([text, time === null ? null : referenceOf(text)]);
      }),
      { numRuns: 5000 },
    );
  });

  it('in UTC, of days that there are, are all read', () => {
    const dates = fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true });
    fc.assert(
      fc.property(dates, fc.constantFrom('', '000000', '999999'), (date, digits) => {
        expect(timeOf(date.toISOString().replace('Z', `${digits}Z`))).toBe(date.getTime());
      }),
      { numRuns: 3000 },
    );
    for (let year = 1970; year < 2500; year++) {
      for (const day of ['01-01', '02-28', '02-29', '03-01', '12-31']) {
        const text = `${year}-${day}T23:59:59.999Z`;
        const expected = referenceOf(text);
        expect([text, timeOf(text)]).toEqual([text, Number.isNaN(expected) ? null : expected]);
      }
    }
  });

  it('of the second rank count where there is no first; null and an empty text are none', () => {
    const later = `"later":"2026-03-02T13:00:00Z"`;
    const [first, second] = [Date.parse(TIME), Date.parse(TIME) + 3_600_000];
    expect(read(later)?.time).toBe(first);
    expect(read(later, '')?.time).toBe(second);
    expect(read(later, '"time":null')?.time).toBe(second);
    expect(read(later, '"time":""')?.time).toBe(second);
    expect(read('')?.time).toBe(first);
    expect(read('', '')).toBeNull();
    for (const time of ['"x"', '5', 'true', '{}', '[]', `"${TIME.slice(0, -1)}\\u005a"`]) expect([time, read(later, `"time":${time}`)]).toEqual([time, null]);
    expect(read('"later":"x"')).toBeNull();
  });
});

describe('ports and sums', () => {
  it('a port is a whole number, also as text; null is none, and everything else is left to the reference', () => {
    const ports = (from: string): readonly [number, number] | null => read(`"from":${from},"to":8080`)?.ports ?? null;
    expect([ports('0'), ports('"80"'), ports('65535'), ports('"00080"'), ports('null')]).toEqual([[0, 8080], [80, 8080], [65_535, 8080], [80, 8080], [0, 8080]]);
    for (const other of ['-1', '65536', '99999', '"000080"', '8.0', '8e3', '""', '"x"', '" 80"', 'true', '{}', '[80]', '"8\\u0030"']) expect([other, ports(other)]).toEqual([other, null]);
  });

  it('a sum is taken out of its form; a record with longer ones is left, and what is no whole number is part of the form', () => {
    const sums = (sent: string): unknown => {
      const found = read(`"sent":${sent},"got":"7"`);
      return [found?.sums, found?.values[4]];
    };
    expect(sums('12')).toEqual([[12, 7], [NUMBER, '0']]);
    expect(sums('"999999999999"')).toEqual([[999_999_999_999, 7], [STRING, '0']]);
    expect(sums('0')).toEqual([[0, 7], [NUMBER, '0']]);
    expect(sums('"-"')).toEqual([[0, 7], [STRING, '-']]);
    expect(sums('1.5')).toEqual([[0, 7], [NUMBER, '1.5']]);
    expect(read('"sent":9999999999999')).toBeNull();
    expect(sums('null')).toEqual([[0, 7], [NULL, 'null']]);
    expect(sums('false')).toEqual([[0, 7], [FALSE, 'false']]);
    expect(read('"sent":1')?.form).toBe(read('"sent":2000')?.form);
    expect(read('"sent":1')?.form).not.toBe(read('"sent":"1"')?.form);
  });

  it('a trap leaves the record, whatever it holds', () => {
    for (const value of ['null', '0', '""', '{}', '[]', 'true']) expect([value, read(`"trap":${value}`)]).toEqual([value, null]);
    expect(read('"trapped":1')).not.toBeNull();
  });
});

describe('addresses', () => {
  const kept = (address: string): string | undefined => read(`"address":${JSON.stringify(address)}`)?.values[6]?.[1];

  it('lose which port it was, and not whether there was one', () => {
    expect([kept('10.0.0.1:40000'), kept('10.0.0.1:1'), kept('10.0.0.1:65535'), kept('[fd00::1]:80')]).toEqual(['10.0.0.1:1', '10.0.0.1:1', '10.0.0.1:1', '[fd00::1]:1']);
    for (const whole of ['', '-', '10.0.0.1', '10.0.0.1:', '10.0.0.1:0', '10.0.0.1:65536', '10.0.0.1:123456', 'fd00::1', 'fd00::80', '::1', '[fd00::1]', '[fd00::1]80', '[fd00::1:80', 'cart:8080', ':8080', '8080', 'envoy://internal/']) expect(kept(whole)).toBe(whole);
  });
});

describe('paths', () => {
  const segment = fc.oneof(
    fc.constantFrom('', 'items', 'v1', '0', '123', '12345678', 'deadbeef', 'dead1234', 'DEAD1234', 'abcdef12;x=1', '6fa459ea-ee8a-3ca4-894e-db77e160355e', '6FA459EA-EE8A-3CA4-894E-DB77E160355E', '6fa459eaee8a3ca4894edb77e160355e', '6fa459ea-ee8a-3ca4-894e-db77e160355', '6fa459ea-ee8a3-ca4-894e-db77e160355e', 'a.b', '1.2', '.', '..', '*', 'é', '#', '%20', 'jane@example.com', '4F7K-9XQ2-LM3P', 'http:', 'http://h'),
    fc.stringMatching(/^[0-9a-f]{1,40}$/),
    fc.stringMatching(/^[0-9a-f-]{36}$/),
    fc.string({ unit: 'grapheme-ascii', maxLength: 12 }),
  );
  const path = fc.tuple(fc.constantFrom('/', '', 'http://cart:8080/', 'http://12345678/', '*'), fc.array(segment, { maxLength: 20 }), fc.constantFrom('', '?', '?q=1', '?a/1/2?b', '#x', '#/1?q', '/')).map(([begin, segments, end]) => begin + segments.join('/') + end);

  it('make the same template as they were', () => {
    fc.assert(
      fc.property(path, (text) => {
        const found = read(`"path":${JSON.stringify(text)}`)?.values[7];
        if (found === undefined) throw new Error('left to the reference');
        const [kind, bytes] = found;
        const written = kind === ESCAPED ? (JSON.parse(`"${Buffer.from(bytes, 'latin1').toString()}"`) as string) : Buffer.from(bytes, 'latin1').toString();
        expect([text, pathTemplate(written)]).toEqual([text, pathTemplate(text)]);
      }),
      { numRuns: 5000 },
    );
  });

  it('that differ in their ids alone are one form', () => {
    const form = (text: string): number | undefined => read(`"path":"${text}"`)?.form;
    expect(form('/items/1?q=2')).toBe(form('/items/987654'));
    expect(form('/items/dead1234/x')).toBe(form('/items/1/x'));
    expect(form('/items/6fa459ea-ee8a-3ca4-894e-db77e160355e')).toBe(form('/items/1'));
    expect(form('/items/one')).not.toBe(form('/items/1'));
    expect(form('/items/1/')).not.toBe(form('/items/1'));
  });

  it('that are no text are kept as they are', () => {
    expect(read('"path":5')?.values[7]).toEqual([NUMBER, '5']);
    expect(read('"path":null')?.values[7]).toEqual([NULL, 'null']);
    expect(read('"path":{}')).toBeNull();
  });
});
