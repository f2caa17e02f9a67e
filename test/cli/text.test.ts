import { Writable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { age, count, isoTime, percent, plain, plural, shorten, styleFor, table, type Column } from '../../src/cli/text.ts';

const PLAIN = styleFor(new Writable(), {});
const screen = (): Writable & { isTTY: boolean } => Object.assign(new Writable(), { isTTY: true });

describe('text from outside', () => {
  it.each([
    ['an escape', 'a\u001b[31mred', 'a\\u001b[31mred'],
    ['a newline', 'one\ntwo', 'one\\u000atwo'],
    ['a carriage return', 'right\rwrong', 'right\\u000dwrong'],
    ['a bell', 'ding\u0007', 'ding\\u0007'],
    ['a delete', 'x\u007f', 'x\\u007f'],
    ['an 8-bit CSI', '\u009b2J', '\\u009b2J'],
    ['text that runs the other way', 'user\u202etxt.exe', 'user\\u202etxt.exe'],
    ['an Arabic letter mark', 'a\u061cb', 'a\\u061cb'],
    ['an isolate', '\u2066x\u2069', '\\u2066x\\u2069'],
    ['a space of no width', 'a\u200bb', 'a\\u200bb'],
    ['a line separator', 'a\u2028b', 'a\\u2028b'],
    ['a byte order mark', '\ufeffa', '\\ufeffa'],
    ['letters of any language', 'Grüße, 世界 — ok', 'Grüße, 世界 — ok'],
  ])('shows %s as what it is', (_, text, expected) => {
    expect(plain(text)).toBe(expected);
  });

  it('never acts on a terminal, whatever it holds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        expect(plain(text)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/);
        expect(plain(plain(text))).toBe(plain(text));
      }),
    );
  });
});

describe('a name that is too long', () => {
  it.each([
    ['recommendation', 14, 'recommendation'],
    ['recommendation', 9, 'reco…tion'],
    ['recommendation', 8, 'reco…ion'],
    ['recommendation', 3, 'r…n'],
    ['recommendation', 1, '…'],
  ])('%s is shortened in the middle to %i characters', (text, width, expected) => {
    expect(shorten(text, width)).toBe(expected);
  });

  it('keeps its beginning and its end, and is exactly as long as there is room', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z/-]{1,80}$/), fc.integer({ min: 1, max: 80 }), (text, width) => {
        const short = shorten(text, width);
        const [head = '', tail] = short.split('…');
        expect(short.length).toBe(Math.min(text.length, width));
        expect(text.startsWith(head) && text.endsWith(tail ?? head)).toBe(true);
      }),
    );
  });
});

interface Row {
  readonly name: string;
  readonly port: string;
  readonly n: number;
}

const ROWS: readonly Row[] = [
  { name: 'shop/cart', port: '8080/TCP', n: 7 },
  { name: 'shop/recommendationservice', port: '27017/TCP', n: 12_345 },
];

const COLUMNS: readonly Column<Row>[] = [
  { heading: 'NAME', value: ({ name }) => name, min: 10 },
  { heading: 'PORT', value: ({ port }) => port },
  { heading: 'N', value: ({ n }) => count(n), align: 'right' },
];

describe('a table', () => {
  it('lines its columns up, numbers to the right, without spaces at the end of a line', () => {
    expect(table(ROWS, COLUMNS, { headers: true, style: PLAIN, width: null })).toBe(
      ['NAME                        PORT            N', 'shop/cart                   8080/TCP        7', 'shop/recommendationservice  27017/TCP  12,345', ''].join('\n'),
    );
  });

  it('needs no room for headings that are not there', () => {
    expect(table([{ name: 'a', port: 'b', n: 1 }], COLUMNS, { headers: false, style: PLAIN, width: null })).toBe('a  b  1\n');
  });

  it('shortens what may be shortened until its lines fit', () => {
    const lines = table(ROWS, COLUMNS, { headers: true, style: PLAIN, width: 36 }).split('\n');
    expect(lines.slice(0, 3)).toEqual(['NAME               PORT            N', 'shop/cart          8080/TCP        7', 'shop/rec…nservice  27017/TCP  12,345']);
  });

  it('takes from the widest column first', () => {
    const pair: readonly Column<Row>[] = [{ heading: 'A', value: ({ name }) => name, min: 4 }, { heading: 'B', value: () => 'short-one', min: 4 }];
    expect(table(ROWS.slice(1), pair, { headers: false, style: PLAIN, width: 24 })).toBe('shop/r…ervice  short-one\n');
  });

  it('never goes below the least that a column needs, nor touches one that names none', () => {
    const [, , line] = table(ROWS, COLUMNS, { headers: true, style: PLAIN, width: 5 }).split('\n');
    expect(line).toBe('shop/…vice  27017/TCP  12,345');
  });

  it('shortens nothing in a pipe', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ name: fc.string({ maxLength: 40 }), port: fc.string({ maxLength: 12 }), n: fc.nat() }), { minLength: 1, maxLength: 8 }), (rows) => {
        const lines = table(rows, COLUMNS, { headers: true, style: PLAIN, width: null }).slice(0, -1).split('\n');
        expect(lines).toHaveLength(rows.length + 1);
        for (const [i, { name }] of rows.entries()) expect(lines[i + 1]?.startsWith(plain(name))).toBe(true);
      }),
    );
  });

  it('fits every width that its least widths leave room for', () => {
    const wide = (n: number): readonly Row[] => [{ name: 'x'.repeat(n), port: '8080/TCP', n: 1 }];
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 24, max: 100 }), (length, width) => {
        for (const line of table(wide(length), COLUMNS, { headers: true, style: PLAIN, width }).split('\n')) expect(line.length).toBeLessThanOrEqual(width);
      }),
    );
  });

  it('shows control characters of its values as text', () => {
    expect(table([{ name: 'a\u001b[2J\nb', port: '', n: 0 }], COLUMNS, { headers: false, style: PLAIN, width: null })).toBe('a\\u001b[2J\\u000ab    0\n');
  });

  it('is lined up by what is seen, not by the codes of its colours', () => {
    const style = styleFor(screen(), {});
    const painted = COLUMNS.map((column, i) => (i === 0 ? { ...column, colour: (text: string) => style.red(text) } : column));
    const shown = table(ROWS, painted, { headers: true, style, width: null });
    expect(shown).toContain('\u001b[31mshop/cart\u001b[39m ');
    expect(shown.replace(/\u001b\[\d+m/g, '')).toBe(table(ROWS, COLUMNS, { headers: true, style: PLAIN, width: null }));
  });
});

describe('numbers and times as people read them', () => {
  it.each([
    [0, '0s'], [999, '0s'], [1_000, '1s'], [59_999, '59s'], [60_000, '1m'], [3_599_999, '59m'], [3_600_000, '1h'], [86_399_999, '23h'], [86_400_000, '1d'], [40 * 86_400_000, '40d'],
  ])('an age of %i ms is %s', (ms, expected) => {
    expect(age(ms)).toBe(expected);
  });

  it.each([
    [0, 0, '0 %'], [0, 10, '0 %'], [5, 0, '0 %'], [1, 3, '33.3 %'], [1, 1_000, '0.1 %'], [1, 1_001, '<0.1 %'], [10, 10, '100.0 %'],
  ])('%i of %i is %s', (part, whole, expected) => {
    expect(percent(part, whole)).toBe(expected);
  });

  it.each([
    [plural(1, 'edge'), '1 edge'], [plural(0, 'edge'), '0 edges'], [plural(2, 'edge'), '2 edges'], [plural(2, 'policy', 'policies'), '2 policies'], [plural(12_345, 'edge'), '12,345 edges'],
  ])('%s', (text, expected) => {
    expect(text).toBe(expected);
  });

  it('a time is RFC 3339 in UTC', () => {
    expect(isoTime(Date.UTC(2026, 2, 1, 12, 0, 0, 5))).toBe('2026-03-01T12:00:00.005Z');
  });
});

describe('colours', () => {
  it.each([
    ['a terminal', true, {}, true],
    ['a pipe', false, {}, false],
    ['a terminal where NO_COLOR is set', true, { NO_COLOR: '1' }, false],
    ['a terminal where NO_COLOR is empty', true, { NO_COLOR: '' }, true],
    ['a dumb terminal', true, { TERM: 'dumb' }, false],
    ['a pipe that asks for them', false, { FORCE_COLOR: '1' }, true],
    ['a pipe that asks for none', false, { FORCE_COLOR: '0' }, false],
    ['a pipe that asks for both', false, { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
    ['a terminal that asks for both', true, { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
    ['a dumb terminal that asks for them', true, { FORCE_COLOR: '1', TERM: 'dumb' }, true],
  ])('on %s', (_, isTTY, env, expected) => {
    expect(styleFor(isTTY ? screen() : new Writable(), env).red('x') !== 'x').toBe(expected);
  });
});
