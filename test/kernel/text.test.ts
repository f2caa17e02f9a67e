import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Column, Plan, Segment, Shape } from '../../src/scan/plan.ts';
import { KernelReader } from '../support/kernel-reading.ts';

const TIME = '2026-03-02T12:00:00Z';
const column = (before: string, shape: Shape, slot: number | null): Column => ({ before: Buffer.from(before), shape, wanted: slot === null ? null : { slot, keep: slot === 0 ? 'time' : 'text', group: 0 } });
const segment = (from: number, to: number, firstWild: number, lastWild: number, quote: number, quoteAt: number, after: string): Segment => ({ from, to, firstWild, lastWild, quote, quoteAt, after: Buffer.from(after) });

/** `[TIME] "A B C" D, E, F "G" H I`, where B, G and what follows H may hold spaces, C is a protocol and H a host. */
const PLAN: Plan = {
  wanted: [],
  leavesEmpty: false,
  slots: 9,
  text: {
    columns: [
      column('[', 'token', 0), column('] "', 'token', 1), column(' ', 'any', 2), column(' ', 'protocol-or-none', 3), column('" ', 'token', 4), column(', ', 'token', 5), column(', ', 'token', 6), column(' "', 'any', 7),
      column('" ', 'host', 8), column(' ', 'any', null), column(' ', 'any', null),
    ],
    segments: [segment(0, 1, 1, 0, 0, 2, '] "'), segment(1, 4, 2, 2, 1, 0, '" '), segment(4, 7, 7, 6, 2, 1, ' "'), segment(7, 8, 7, 7, 3, 0, '" '), segment(8, 11, 9, 10, -1, -1, '')],
  },
};
const reader = new KernelReader(PLAN);

/** Values from slot 1 on, between slashes; null for what is left to the reference. */
function read(line: string): string | null {
  const values = reader.one(line, '" x, y "z" w v" ')?.values;
  return values === undefined ? null : [1, 2, 3, 4, 5, 6, 7, 8].map((slot) => values[slot]?.[1]).join('/');
}

const line = (rest: string): string => `[${TIME}] ${rest}`;

describe('the kernel and lines of text', () => {
  it.each([
    ['"a b HTTP/1.1" d, e, f "g" h.i:80 j k', 'a/b/HTTP/1.1/d/e/f/g/h.i:80'],
    ['"a b c b HTTP/2" d, e, f "g g, g" - j k', 'a/b c b/HTTP/2/d/e/f/g g, g/-'],
    ['"-  -" , ,  "" *  ', '-//-/////*'],
    [`"a ${'b '.repeat(100)}HTTP/1.1" ${'d'.repeat(40)}, e,e, f,f "" ${'h'.repeat(40)} j`, `a/${'b '.repeat(100).trimEnd()}/HTTP/1.1/${'d'.repeat(40)}/e,e/f,f//${'h'.repeat(40)}`],
  ])('%s', (rest, expected) => {
    expect(read(line(rest.replace(/ j$/, ' j k')))).toBe(expected);
  });

  it.each([
    ['nothing', ''],
    ['another line', 'info ready'],
    ['a quote too many', line('"a b HTTP/1.1" d, e, f "g"" h j k')],
    ['a quote too few', line('"a b HTTP/1.1" d, e, f "g h j k')],
    ['quotes elsewhere', line('"a b HTTP/1.1" d, "e", f g h j k')],
    ['a space in a token', line('"a b HTTP/1.1" d d, e, f "g" h j k')],
    ['a space in the last token of a segment', line('"a b HTTP/1.1" d, e, f f "g" h j k')],
    ['no room for what has to follow', line('"a b HTTP/1.1" d, e, f "g" h')],
    ['no room between two literals', line('"a b HTTP/1.1" d, e, f "g"h j k')],
    ['no path', line('"a HTTP/1.1" d, e, f "g" h j k')],
    ['a protocol that is none', line('"a b HTTQ" d, e, f "g" h j k')],
    ['a host that is none', line('"a b HTTP/1.1" d, e, f "g" h/h j k')],
    ['a host of many letters, one of which is wrong', line(`"a b HTTP/1.1" d, e, f "g" ${'h'.repeat(30)}é j k`)],
    ['no time', line('"a b HTTP/1.1" d, e, f "g" h j k').replace(TIME, 'x')],
    ['another beginning', line('"a b HTTP/1.1" d, e, f "g" h j k').slice(1)],
    ['an end that is cut off', line('"a b HTTP/1.1" d, e, f "').slice(0, -1)],
    ['JSON', '{"a":1}'],
  ])('leaves %s to the reference', (_, text) => {
    expect(read(text)).toBeNull();
  });

  it('takes letters, digits and -_.:* alone for a host', () => {
    for (let code = 0x20; code < 0x250; code++) {
      const letter = String.fromCharCode(code);
      if (letter === '"') continue;
      const isHost = /^[\w.:*-]$/.test(letter);
      // A space ends it; what follows has to have room.
      const expected = isHost ? `a/b/HTTP/1.1/d/e/f/g/${'h'.repeat(17)}${letter}h` : letter === ' ' ? `a/b/HTTP/1.1/d/e/f/g/${'h'.repeat(17)}` : null;
      expect(read(line(`"a b HTTP/1.1" d, e, f "g" ${'h'.repeat(17)}${letter}h j k`)), letter).toBe(expected);
    }
  });

  const token = fc.string({ unit: fc.constantFrom(...'ab,.-/[]'), maxLength: 40 });
  const words = fc.string({ unit: fc.constantFrom(...'ab ,.-/'), maxLength: 80 });
  /** As the places of quotes and spaces say it. */
  const pattern = /^\[[^"]*\] "([^ "]*) ([^"]*) (-|HTTP\/[^ "]*)" ([^"]*?), ([^"]*?), ([^"]*) "([^"]*)" ([\w.:*-]*) [^"]* [^"]*$/;

  it('finds what a regular expression finds', () => {
    let taken = 0;
    fc.assert(
      fc.property(token, words, fc.constantFrom('HTTP/1.1', 'HTTP/2', '-', 'x'), fc.tuple(token, token, token), words, token, words, (a, b, c, [d, e, f], g, h, rest) => {
        const text = line(`"${a} ${b} ${c}" ${d}, ${e}, ${f} "${g}" ${h.replaceAll(/[^ab.-]/g, '')} ${rest}`);
        const found = pattern.exec(text)?.slice(1) ?? null;
        const expected = found === null || [0, 3, 4, 5].some((i) => found[i]!.includes(' ')) ? null : found.join('/');
        const got = read(text);
        expect(got).toBe(expected);
        if (got !== null) taken++;
      }),
      { numRuns: 2000 },
    );
    expect(taken).toBeGreaterThan(500);
  });
});
