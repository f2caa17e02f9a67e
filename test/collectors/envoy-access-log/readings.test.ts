import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTextFormat } from '../../../collectors/envoy-access-log/format.ts';
import type { Operator } from '../../../collectors/envoy-access-log/operators.ts';
import { Readings, type Certainty } from '../../../collectors/envoy-access-log/readings.ts';

const SHAPES: Readonly<Record<string, RegExp>> = { code: /^(\d+|-)$/, upstreamHost: /^(\d+:\d+|-)$/ };

/** Whether a text can be a value of the operator. */
function canBe({ field, shape }: Operator, text: string): boolean {
  if (shape === 'free') return true;
  if (shape === 'text') return !text.includes('"');
  return !text.includes(' ') && (SHAPES[field ?? '']?.test(text) ?? true);
}

/** Values by field of the reading that counts, and how sure it is. */
function read(format: string, line: string): { readonly certainty: Certainty; readonly values: ReadonlyMap<string, string> } {
  const { literals, operators } = parseTextFormat(format);
  const bytes = Buffer.from(`"${line}" 7`);
  const values = new Map<string, string>();
  const certainty = new Readings(literals, operators).find(bytes, 1, bytes.length - 3, (i, start, end) => {
    const text = bytes.toString('utf8', start, end);
    const { field } = operators[i]!;
    if (canBe(operators[i]!, text) && field !== null) values.set(field, text);
    return canBe(operators[i]!, text);
  });
  return { certainty, values };
}

/** Every way to read a line, by trying everything; each as where its values begin and end. */
function everyReading(format: string, line: string): readonly (readonly string[])[] {
  const { literals, operators } = parseTextFormat(format);
  const texts = literals.map(String);
  const from = (i: number, p: number): readonly (readonly string[])[] => {
    if (i === operators.length) return p === line.length ? [[]] : [];
    const after = texts[i + 1]!;
    const found: (readonly string[])[] = [];
    for (let stop = p; stop <= line.length - after.length; stop++) {
      if (!line.startsWith(after, stop) || !canBe(operators[i]!, line.slice(p, stop))) continue;
      // A token ends at the first literal that can follow; only the last one goes on to the end.
      if (i === operators.length - 1 && stop + after.length < line.length) continue;
      found.push(...from(i + 1, stop + after.length).map((rest) => [`${p}-${stop}`, ...rest]));
      if (operators[i]!.shape !== 'free' && i < operators.length - 1) break;
    }
    return found;
  };
  return line.startsWith(texts[0]!) ? from(0, texts[0]!.length) : [];
}

/** What all readings together say: one connection, one outcome. */
function expected(format: string, line: string): Certainty {
  const { operators } = parseTextFormat(format);
  const readings = everyReading(format, line);
  const places = (field: string): number => new Set(readings.map((reading) => reading[operators.findIndex((operator) => operator.field === field)])).size;
  if (readings.length === 0 || places('upstreamHost') > 1) return 'none';
  return places('code') > 1 ? 'doubtful' : 'certain';
}

const FORMATS = [
  '"%REQ(A)%" %RESPONSE_CODE% "%REQ(B)%" %UPSTREAM_HOST%',
  '"%REQ(A)%" %RESPONSE_CODE% "%REQ(B)%" "%REQ(C)%" %UPSTREAM_HOST% "%REQ(D)%"',
  '%REQ(A)% %RESPONSE_CODE% %REQ(B)% %UPSTREAM_HOST% %REQ(C)%',
  '%UPSTREAM_HOST% "%REQ(A)%" %RESPONSE_CODE% %DURATION% "%REQ(B)%"',
  '%REQ(A)%" %RESPONSE_CODE%;%UPSTREAM_HOST%',
  '%RESPONSE_CODE% %UPSTREAM_HOST%',
];

describe('readings of a line', () => {
  it.each(FORMATS)('are those that trying everything finds: %s', (format) => {
    const piece = fc.constantFrom('"', ' ', '" ', ' "', '" "', '200', '403', '-', '1:2', '3:4', 'x', ';', '" 200 "', '" 1:2 "');
    const noise = fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.join(''));
    const filled = fc.array(noise, { minLength: 4, maxLength: 4 }).map((client) => {
      let n = 0;
      return format.replaceAll(/%([A-Z_]+)(?:\([A-Z]\))?%/g, (_, name: string) => (name === 'REQ' ? client[n++]! : name === 'UPSTREAM_HOST' ? '5:6' : '500'));
    });
    fc.assert(
      fc.property(fc.oneof(filled, noise), (line) => {
        expect([line, read(format, line).certainty]).toEqual([line, expected(format, line)]);
      }),
      { numRuns: 400 },
    );
  });

  it.each([
    ['nothing but what Envoy wrote', '"a" 403 "b" 5:6', 'certain', '403', '5:6'],
    ['quotes that look like nothing', '"a" x" 403 "b" "" 5:6', 'certain', '403', '5:6'],
    ['an outcome in a header', '"a" 200 "" 403 "b" 5:6', 'doubtful', undefined, '5:6'],
    ['a connection behind the line’s own', '"a" 403 "b" 1:2 5:6', 'none', undefined, undefined],
    ['no outcome', '"a" x "b" 5:6', 'none', undefined, undefined],
  ])('%s', (_, line, certainty, code, host) => {
    const { certainty: own, values } = read(FORMATS[0]!, line);
    expect(own).toBe(certainty);
    if (code !== undefined) expect(values.get('code')).toBe(code);
    if (host !== undefined) expect(values.get('upstreamHost')).toBe(host);
  });

  it('end where the line ends', () => {
    expect(read(FORMATS[1]!, '"a" 403 "b" "c" 5:6 "d"').certainty).toBe('certain');
    expect(read(FORMATS[1]!, '"a" 403 "b" "c" 5:6 "d" x').certainty).toBe('none');
  });

  it('a path is known where both its ends are', () => {
    const path = (line: string): string | undefined => read('%REQ(:METHOD)% %REQ(:PATH)% %RESPONSE_CODE% "%REQ(A)%" %UPSTREAM_HOST%', line).values.get('path');
    expect(path('GET /a b 200 "x" 5:6')).toBe('/a b');
    expect(path('GET /a 200 "x 403 "y" 5:6')).toBeUndefined();
  });

  it('a time may hold what follows it', () => {
    const { literals, operators } = parseTextFormat('%START_TIME(%F %T)% %UPSTREAM_HOST%');
    const bytes = Buffer.from('2026-03-02 12:00:00 5:6');
    const taken: string[] = [];
    const certainty = new Readings(literals, operators).find(bytes, 0, bytes.length, (i, start, end) => {
      const text = bytes.toString('utf8', start, end);
      taken.push(text);
      return i === 1 || text.length === 19;
    });
    expect([certainty, ...taken.slice(-2)]).toEqual(['certain', '2026-03-02 12:00:00', '5:6']);
  });
});
