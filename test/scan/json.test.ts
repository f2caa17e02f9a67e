import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ABSENT, ARRAY, FALSE, JsonFields, NULL, NUMBER, OBJECT, TRUE, type Path } from '../../src/scan/json.ts';

const PATHS: readonly Path[] = [['a'], ['a', 'b'], ['a', 'b', 'c'], ['list', 0, 'a'], ['list', 1], ['b'], ['"q"'], ['é'], ['c', 'c']];

/** What JSON.parse finds at a path, in the words of the scanner. */
function oracle(text: string): unknown[] | null {
  let root: unknown;
  try {
    root = JSON.parse(Buffer.from(text).toString()); // lone surrogates cannot be bytes
  } catch {
    return null;
  }
  if (typeof root !== 'object' || root === null || Array.isArray(root)) return null;
  return PATHS.map((path) => {
    let value: unknown = root;
    for (const step of path) {
      const fits = typeof step === 'number' ? Array.isArray(value) : typeof value === 'object' && value !== null && !Array.isArray(value);
      if (!fits || !Object.hasOwn(value as object, step)) return undefined;
      value = (value as Record<string | number, unknown>)[step];
    }
    return value;
  });
}

function scanned(text: string, padding = ''): unknown[] | null {
  const fields = new JsonFields(PATHS);
  const bytes = Buffer.from(padding + text + padding);
  const from = Buffer.byteLength(padding);
  if (!fields.scan(bytes, from, bytes.length - from)) return null;
  return PATHS.map((_, slot) => {
    switch (fields.kinds[slot]) {
      case ABSENT:
        return undefined;
      case TRUE:
        return true;
      case FALSE:
        return false;
      case NULL:
        return null;
      case NUMBER:
      case OBJECT:
      case ARRAY:
        return JSON.parse(bytes.toString('utf8', fields.starts[slot], fields.ends[slot]));
      default:
        return fields.text(bytes, slot);
    }
  });
}

const key = fc.constantFrom('a', 'b', 'c', 'list', '"q"', 'é', '__proto__', 'x');
const document = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string({ unit: 'binary', maxLength: 6 }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 3 }),
    tie('object'),
  ),
  object: fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }).map((entries) => ({ entries })),
}));

/** Writes entries as they are, repeated keys included, with random white space and escaped keys. */
function write(value: unknown, random: () => number): string {
  const gap = (): string => ['', '', ' ', '\t', '\r'][Math.floor(random() * 5)] ?? '';
  if (Array.isArray(value)) return `[${gap()}${value.map((item) => write(item, random)).join(`${gap()},${gap()}`)}${gap()}]`;
  if (typeof value === 'object' && value !== null && 'entries' in value) {
    const entries = value.entries as [string, unknown][];
    const name = (text: string): string => (random() < 0.1 ? `"${[...text].map((c) => `\\u${(c.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`).join('')}"` : JSON.stringify(text));
    return `{${gap()}${entries.map(([k, v]) => `${name(k)}${gap()}:${gap()}${write(v, random)}`).join(`${gap()},${gap()}`)}${gap()}}`;
  }
  return JSON.stringify(value);
}

describe('finding JSON fields by their bytes', () => {
  it('finds what JSON.parse finds, in any document', () => {
    fc.assert(
      fc.property(document['object'] as fc.Arbitrary<unknown>, fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })), (value, stream) => {
        const text = write(value, () => stream.next().value as number);
        expect(scanned(text)).toEqual(oracle(text));
        // Bytes of the neighbouring records are never read.
        expect(scanned(text, '{"a":1}"')).toEqual(oracle(text));
      }),
      { numRuns: 2000 },
    );
  });

  it('accepts a mutilated document exactly if JSON.parse does', () => {
    const noise = fc.constantFrom('"', '{', '}', '[', ']', ',', ':', '\\', '0', '-', '.', 'e', 'u', 't', '\n', '\u0001', ' ');
    fc.assert(
      fc.property(document['object'] as fc.Arbitrary<unknown>, fc.nat(), fc.nat(3), noise, (value, at, cut, insert) => {
        const whole = write(value, () => 0.3);
        const i = at % (whole.length + 1);
        const text = whole.slice(0, i) + insert + whole.slice(i + cut);
        expect(scanned(text)).toEqual(oracle(text));
      }),
      { numRuns: 5000 },
    );
  });

  it('refuses more than 64 levels, in constant stack', () => {
    const nested = (depth: number): string => `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;
    expect(scanned(nested(64))).not.toBeNull();
    expect(scanned(nested(65))).toBeNull();
    expect(scanned(nested(200_000))).toBeNull();
  });

  it('reads whole numbers, also those that protojson writes as strings', () => {
    const fields = new JsonFields([['n']]);
    const read = (value: string): number | null => {
      const bytes = Buffer.from(`{"n":${value}}`);
      return fields.scan(bytes, 0, bytes.length) ? fields.integer(bytes, 0) : null;
    };
    expect(read('42')).toBe(42);
    expect(read('"42"')).toBe(42);
    expect(read('-1')).toBeNull();
    expect(read('1.5')).toBeNull();
    expect(read('1e3')).toBeNull();
    expect(read('"0x10"')).toBeNull();
    expect(read('99999999999999999999')).toBeNull();
    expect(read('""')).toBeNull();
    expect(read('true')).toBeNull();
  });
});
