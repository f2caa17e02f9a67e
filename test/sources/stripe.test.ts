import { appendFileSync, closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Stripe, StripeEnd } from '../../src/source.ts';
import { Marks, TAIL } from '../../src/sources/position.ts';
import { readStripe, stripeEnd } from '../../src/sources/stripe.ts';
import { follow, type Place } from '../../src/sources/striped.ts';
import { MAX_RECORD } from '../../src/unwrap/unwrap.ts';
import { recordsOf } from '../support/batches.ts';
import { scratch } from '../support/cli.ts';

const T = '2026-03-01T12:00:00Z';
let path = '';
let open: number[] = [];
afterEach(() => {
  for (const file of open) closeSync(file);
  open = [];
});

function fileOf(content: string | Buffer): number {
  path = join(scratch(), 'a.log');
  writeFileSync(path, content);
  const file = openSync(path, 'r');
  open.push(file);
  return file;
}

const PART = `${T} stdout P a\n`;
const LINES = Array.from({ length: 400 }, (_, n) => `line ${n} ${'x'.repeat(n % 37)}`);
const TEXT = `${LINES.join('\n')}\n`;

function stripe(file: number, from: number, to: number, more: Partial<Stripe> = {}): Stripe {
  return { file, source: path, owner: null, from, to, head: Buffer.from(TEXT).subarray(0, 4_096), inJson: null, ...more };
}

function read(of: Stripe): { readonly end: StripeEnd; readonly records: readonly string[] } {
  const records: string[] = [];
  const end = readStripe(of, (runs) => records.push(...recordsOf(runs)));
  return { end, records };
}

const AT_BEGINNING: Place = { offset: 0, tail: Buffer.alloc(0), marks: '', inJson: null };

describe('a stripe ends', () => {
  it.each<[string, string, number, number | null]>([
    ['behind the first line that begins at the offset', 'aa\nbb\ncc\n', 3, 6],
    ['behind the first that begins later', 'aa\nbb\ncc\n', 2, 6],
    ['nowhere, if none begins', 'aa\nbb\ncc\n', 7, null],
    ['nowhere, if the line is not whole', 'aa\nbb\ncc', 4, null],
    ['behind all parts of a line', `a\n${T} stdout P b\n${T} stdout P c\n${T} stdout F d\n${T} stdout F e\n`, 2, 2 + 2 * `${T} stdout P b\n`.length + `${T} stdout F d\n`.length],
    ['nowhere, if a part is missing', `a\n${T} stdout P b\n${T} stdout P c\n`, 2, null],
    ['behind an empty line', 'aa\n\nbb\n', 3, 4],
  ])('%s', (_, content, offset, expected) => {
    expect(stripeEnd(fileOf(content), offset)).toBe(expected);
  });

  it('behind a line as long as a record may be, and behind none that is much longer', () => {
    expect(stripeEnd(fileOf(`a\n${'b'.repeat(MAX_RECORD)}\n`), 2)).toBe(MAX_RECORD + 3);
    expect(stripeEnd(fileOf(`a\n${'b'.repeat(5 * MAX_RECORD)}\n`), 2)).toBeNull();
  });
});

describe('a stripe', () => {
  it('gives the records of its lines, and the places that it reached', () => {
    const file = fileOf(TEXT);
    const middle = stripeEnd(file, 3_000)!;
    const [first, second] = [read(stripe(file, 0, middle)), read(stripe(file, middle, TEXT.length))];
    expect([...first.records, ...second.records]).toEqual(LINES);
    expect([first.end.offset, second.end.offset]).toEqual([middle, TEXT.length]);
    expect(Buffer.from(second.end.before).equals(Buffer.from(first.end.tail))).toBe(true);
    expect(Buffer.from(second.end.tail).toString()).toBe(TEXT.slice(-TAIL));
  });

  it('has the marks that a reading in one piece has, together with the stripes before it', () => {
    const file = fileOf(TEXT);
    const whole = new Marks('');
    whole.pass(0, Buffer.alloc(0), Buffer.from(TEXT));
    for (const at of [10, 64, 100, 3_000, 6_000]) {
      const middle = stripeEnd(file, at)!;
      const stripes = [stripe(file, 0, middle), stripe(file, middle, TEXT.length)];
      const reached = follow(AT_BEGINNING, stripes, stripes.map((one) => read(one).end));
      expect(reached?.marks).toBe(whole.text);
    }
    expect(whole.text).not.toBe('');
  });

  it('counts lines over the limit', () => {
    const file = fileOf(`a\n${'b'.repeat(MAX_RECORD + 1)}\nc\n${'d'.repeat(2 * MAX_RECORD)}\n`);
    const { end, records } = read(stripe(file, 0, 3 * MAX_RECORD + 7, { head: Buffer.from('a\n') }));
    expect([records, end.tooLong, end.offset]).toEqual([['a', 'c'], 2, 3 * MAX_RECORD + 7]);
  });

  it.each<[string, (file: number) => Stripe]>([
    ['the file is shorter by now', (file) => stripe(file, 0, TEXT.length + 100)],
    ['the file begins otherwise by now', (file) => stripe(file, 0, TEXT.length, { head: Buffer.from('another') })],
    ['the file cannot be read', () => stripe(-1, 0, TEXT.length)],
    [
      'its last record goes on beyond it',
      (file) => {
        appendFileSync(path, PART);
        return stripe(file, 0, TEXT.length + PART.length);
      },
    ],
  ])('does not come to its end where %s', (_, spoilt) => {
    const one = spoilt(fileOf(TEXT));
    const { end } = read(one);
    expect(end.offset).toBeLessThan(one.to);
    expect(follow(AT_BEGINNING, [one], [end])).toBeNull();
  });
});

describe('stripes follow each other', () => {
  const place = (text: string, inJson: boolean | null = null): Place => ({ ...AT_BEGINNING, offset: 10, tail: Buffer.from(text), inJson });
  const end = (more: Partial<StripeEnd> = {}): StripeEnd => ({ offset: 20, before: Buffer.from('aa'), tail: Buffer.from('bb'), marks: '', inJson: null, tooLong: 0, ...more });
  const reached = (from: Place, of: StripeEnd): Place | null => follow(from, [stripe(-1, 10, 20)], [of]);

  it('where one begins at which the other ended', () => {
    expect(reached(place('aa'), end())).toMatchObject({ offset: 20, tail: Buffer.from('bb') });
    expect(reached({ ...place('aa'), offset: 9 }, end()), 'not elsewhere').toBeNull();
    expect(reached(place('ab'), end()), 'not in another file').toBeNull();
    expect(reached(place('aa'), end({ offset: 19 })), 'not if a record is open').toBeNull();
  });

  it.each<[boolean | null, boolean | null, boolean | null | 'wrong']>([
    [null, null, null],
    [null, true, true],
    [null, false, false],
    [true, null, true],
    [true, true, true],
    [false, false, false],
    [true, false, 'wrong'],
    [false, true, 'wrong'],
  ])('where the log’s lines of JSON are envelopes (%s) as they were taken for (%s)', (known, taken, expected) => {
    const next = reached(place('aa', known), end({ inJson: taken }));
    expect(next === null ? 'wrong' : next.inJson).toBe(expected);
  });
});
