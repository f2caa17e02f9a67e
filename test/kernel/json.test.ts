import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/demo/random.ts';
import { ABSENT, ARRAY, JsonFields, OBJECT, STRING, NUMBER } from '../../src/scan/json.ts';
import type { Wanted } from '../../src/scan/plan.ts';
import { edited, writeTree, type Tree } from '../support/fuzz/tree.ts';
import { KernelReader, plan, type Read } from '../support/kernel-reading.ts';

/** Wanted values at every level, keys that begin alike, one key at several levels, and a time, without which no record is read. */
const WANTED: readonly Wanted[] = [
  { path: ['a'], slot: 0, keep: 'text', group: 0 },
  { path: ['a', 'b'], slot: 1, keep: 'text', group: 1 },
  { path: ['a', 'b', 'c'], slot: 2, keep: 'kind', group: 2 },
  { path: ['ab'], slot: 3, keep: 'whole', group: 0 },
  { path: ['b'], slot: 4, keep: 'whole', group: 1 },
  { path: ['é', 'a'], slot: 5, keep: 'text', group: 3 },
  { path: ['"q"'], slot: 6, keep: 'text', group: 3 },
  { path: ['c', 'c'], slot: 7, keep: 'text', group: 4 },
];
const TIME: Wanted = { path: ['time'], slot: 8, keep: 'time', group: 0 };
const reader = new KernelReader(plan([...WANTED, TIME]));
const fields = new JsonFields(WANTED.map(({ path }) => path));

/** What the reference scanner finds of what is wanted; null if it takes no such record. */
function scanned(record: Buffer): Read['values'] | null {
  if (!fields.scan(record, 0, record.length)) return null;
  const values: Record<number, readonly [number, string]> = {};
  for (const { slot, keep } of WANTED) {
    const kind = fields.kinds[slot]!;
    if (kind === ABSENT) continue;
    const isInside = keep === 'whole' || (keep === 'text' && kind !== OBJECT && kind !== ARRAY);
    values[slot] = [kind, isInside ? record.toString('latin1', fields.starts[slot], fields.ends[slot]) : ''];
  }
  return values;
}

const parses = (record: Buffer): boolean => {
  try {
    JSON.parse(record.toString());
    return true;
  } catch {
    return false;
  }
};

/** Whatever the kernel takes is JSON, and what it found there is what the reference finds: null, or what is wrong. */
function wrongWith(record: Buffer, read: Read | null): unknown {
  if (read === null) return null;
  if (!parses(record)) return [record.toString('latin1'), 'is no JSON'];
  const expected = scanned(record);
  return isDeepStrictEqual(read.values, expected) ? null : [record.toString('latin1'), read.values, expected];
}

const key = fc.constantFrom('a', 'b', 'c', 'ab', 'abc', '"q"', 'q', 'é', 'e', '', '__proto__', 'a":', 'x'.repeat(45), 'x'.repeat(100));
const scalar = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }).map((text) => JSON.stringify(text)),
  fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer()).map((number) => JSON.stringify(number)),
  fc.constantFrom('true', 'false', 'null', '0', '-0', '-0.0', '1e5', '1E+05', '10.50e-3', '123456789012345678901234567890', '""', '"\\""', '"\\\\"', '"\\u00e9\\/\\b"'),
).map((text): Tree => ({ text }));
const { object } = fc.letrec<{ value: Tree; object: Tree }>((tie) => ({
  value: fc.oneof({ maxDepth: 5 }, scalar, fc.array(tie('value'), { maxLength: 3 }).map((items): Tree => ({ items })), tie('object')),
  object: fc.array(fc.tuple(key, tie('value')), { maxLength: 5 }).map((entries): Tree => ({ entries })),
}));
const seed = fc.integer({ min: 0, max: 2 ** 31 });
const timed = (tree: Tree): Tree => ({ entries: [...('entries' in tree ? tree.entries : []), ['time', { text: '"2026-03-02T12:00:00Z"' }]] });

describe('the kernel and JSON', () => {
  it('finds what the reference finds, in any document, however it is written', () => {
    let [all, taken] = [0, 0];
    fc.assert(
      fc.property(fc.array(fc.tuple(object, seed), { minLength: 1, maxLength: 10 }), (documents) => {
        const records = documents.map(([tree, of]) => Buffer.from(writeTree(timed(tree), seededRandom(of), of % 3 === 0)));
        for (const between of ['\n', '', '"}}]}', '}']) {
          const read = reader.read(records, between);
          for (const [i, record] of records.entries()) {
            expect(wrongWith(record, read[i]!)).toBeNull();
            all++;
            if (read[i] !== null) taken++;
          }
        }
      }),
      { numRuns: 1000 },
    );
    expect(taken / all).toBeGreaterThan(0.4);
  });

  it('takes every document that is written as programs write it', () => {
    const unique = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'ab', 'abc', 'q', 'é', '', 'x'.repeat(45)), fc.jsonValue({ maxDepth: 6, noUnicodeString: false }), { maxKeys: 6 });
    fc.assert(
      fc.property(unique, fc.constantFrom(',', ', '), (document, comma) => {
        const inner = JSON.stringify(document).slice(1, -1);
        const record = Buffer.from(`{${inner}${inner === '' ? '' : comma}"time":"2026-03-02T12:00:00Z"}`);
        const read = reader.one(record);
        expect(wrongWith(record, read)).toBeNull();
        // Keys with escapes are left to the reference.
        expect(read !== null || inner.includes('\\')).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('takes nothing that is no JSON, whatever is changed in it', () => {
    const noise = fc.constantFrom('"', '{', '}', '[', ']', ',', ':', '\\', '\\u12', '0', '01', '-', '.', 'e', 'u', 't', 'nul', '\n', '\t', '\u0001', '\u0000', '\u007f', ' ', '\u00ff', '\u2028');
    fc.assert(
      fc.property(object, seed, fc.nat(), fc.nat(3), noise, (tree, of, at, cut, insert) => {
        const whole = Buffer.from(writeTree(timed(tree), seededRandom(of), of % 2 === 0));
        const i = at % (whole.length + 1);
        const record = Buffer.concat([whole.subarray(0, i), Buffer.from(insert, 'latin1'), whole.subarray(i + cut)]);
        expect(wrongWith(record, reader.one(record))).toBeNull();
        expect(wrongWith(whole.subarray(0, i), reader.one(whole.subarray(0, i), whole.subarray(i).toString('latin1')))).toBeNull();
      }),
      { numRuns: 4000 },
    );
  });

  it('takes nothing that is no JSON, in mutated documents', () => {
    const values = new Map(['a', 'b', 'c', 'ab', 'é', '"q"'].map((name) => [name, [{ text: '"x"' }, { text: '5' }, { entries: [['c', { text: '1' }]] } satisfies Tree]]));
    fc.assert(
      fc.property(object, seed, (tree, of) => {
        const random = seededRandom(of);
        const record = Buffer.from(writeTree(edited(edited(timed(tree), random, values), random, values), random, false));
        expect(wrongWith(record, reader.one(record))).toBeNull();
      }),
      { numRuns: 4000 },
    );
  });

  it('takes bytes of any kind only if they are a record', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        expect(wrongWith(Buffer.from(bytes), reader.one(Buffer.from(bytes)))).toBeNull();
      }),
      { numRuns: 2000 },
    );
  });

  it('reads records of any length, wherever its steps of sixteen bytes end', () => {
    for (let length = 0; length < 70; length++) {
      const text = 'x'.repeat(length);
      const records = [`{"a":"${text}","time":"2026-03-02T12:00:00Z"}`, `{"time":"2026-03-02T12:00:00Z","b":["${text}"]}`, `{"time":"2026-03-02T12:00:00Z","a":"${text}\\n"}`];
      for (const between of ['', '\n']) {
        for (const [i, read] of reader.read(records, between).entries()) expect([read === null, wrongWith(Buffer.from(records[i]!), read)]).toEqual([false, null]);
      }
      // Cut off at each place, with the rest behind it.
      for (const record of records) for (let end = 0; end < record.length; end++) expect(reader.one(record.slice(0, end), record.slice(end))).toBeNull();
    }
  });

  it('knows the numbers of RFC 8259, and no others', () => {
    const numbers = ['0', '-0', '7', '10', '-12', '0.5', '-0.05', '1e1', '1E1', '1e+1', '1e-1', '1.25e10', '0e0'];
    const others = ['', '-', '+1', '00', '01', '-01', '.5', '1.', '1.e1', '1e', '1e+', '0x1', '1_0', 'NaN', 'Infinity', '1 1', '--1', '1-', '1.2.3', '١'];
    const record = (number: string): string => `{"a":${number},"time":"2026-03-02T12:00:00Z"}`;
    for (const number of numbers) expect(reader.one(record(number))?.values[0]).toEqual([NUMBER, number]);
    for (const number of others) expect([number, reader.one(record(number))]).toEqual([number, null]);
    // Where nothing is wanted, too.
    for (const number of numbers) expect(reader.one(`{"z":[${number}],${record(number).slice(1)}`)).not.toBeNull();
    for (const number of others.filter((text) => text !== '')) expect([number, reader.one(`{"z":[${number}],${record('1').slice(1)}`)]).toEqual([number, null]);
  });

  it('leaves a key that comes twice, if anything below it is wanted', () => {
    const twice = (text: string): Read | null => reader.one(`{${text},"time":"2026-03-02T12:00:00Z"}`);
    expect(twice('"a":1,"a":2')).toBeNull();
    expect(twice('"a":{"b":1,"b":1}')).toBeNull();
    expect(twice('"a":{"b":{"c":1,"c":1}}')).toBeNull();
    expect(twice('"é":{},"z":1,"é":{"a":1}')).toBeNull();
    expect(twice('"time":"2026-03-02T12:00:00Z"')).toBeNull();
    expect(twice('"\\u0061":1')).toBeNull();
    expect(twice('"z":1,"z":2,"y":{"a":1,"a":2}')).not.toBeNull();
    expect(twice('"a":[{"b":1},{"b":2}]')?.values).toEqual({ 0: [ARRAY, ''] });
    expect(twice('"ab":{"a":1,"a":2}')?.values).toEqual({ 3: [OBJECT, '{"a":1,"a":2}'] });
  });

  it('takes no more levels than the reference, wherever they are', () => {
    const deep = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;
    for (const [before, after, above] of [['{"a":', '', 1], ['{"z":', '', 1], ['{"b":', '', 1], ['{"a":{"b":', '}', 2], ['{"a":{"b":{"z":', '}}', 3], ['{"é":{"z":', '}', 2]] as const) {
      for (let levels = 1; levels < 80; levels++) {
        const record = Buffer.from(`${before}${deep(levels)}${after},"time":"2026-03-02T12:00:00Z"}`);
        const read = reader.one(record);
        expect(wrongWith(record, read)).toBeNull();
        expect(read !== null || levels + above > 50).toBe(true);
      }
    }
  });

  it('never takes more levels than the reference below the deepest thing that is wanted', () => {
    const path = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    const deepReader = new KernelReader(plan([{ path, slot: 0, keep: 'text', group: 0 }, TIME]));
    const before = path.slice(0, -1).map((name) => `{"${name}":`).join('');
    for (let levels = 1; levels < 70; levels++) {
      const record = Buffer.from(`{"time":"2026-03-02T12:00:00Z","z":0,${before.slice(1)}{"z":${'['.repeat(levels)}${']'.repeat(levels)}}${'}'.repeat(path.length - 1)}`);
      expect([levels, parses(record)]).toEqual([levels, true]);
      if (deepReader.one(record) !== null) expect([levels, fields.scan(record, 0, record.length)]).toEqual([levels, true]);
    }
  });

  it('goes on when keys come that it has no more room for', () => {
    const many = new KernelReader(plan([{ path: ['a', 'b'], slot: 0, keep: 'text', group: 0 }, TIME]));
    for (let n = 0; n < 50; n++) {
      const keys = Array.from({ length: 100 }, (_, i) => `"k${n * 100 + i}":${i}`).join(',');
      const read = many.one(`{${keys},"a":{${keys},"b":"x"},"time":"2026-03-02T12:00:00Z"}`);
      expect(read?.values).toEqual({ 0: [STRING, 'x'] });
    }
  });

  it('reads a record that fills its window to the last byte, and leaves one that is a byte longer', () => {
    const record = (length: number): string => {
      const rest = '{"z":"","a":"x","time":"2026-03-02T12:00:00Z"}';
      return rest.replace('""', `"${'z'.repeat(length - rest.length)}"`);
    };
    for (const between of ['\n', '', '}']) {
      const read = reader.read([4 << 20, (4 << 20) + 1, 100, (4 << 20) - 101, 4 << 19, 4 << 19].map(record), between);
      expect(read.map((one) => one?.values[0]?.[1])).toEqual(['x', undefined, 'x', 'x', 'x', 'x']);
    }
  });

  it('reads records that lie in any order, and far from each other', () => {
    const record = (n: number): Buffer => Buffer.from(`{"a":${n},"time":"2026-03-02T12:00:00Z"}`);
    const bytes = Buffer.alloc(20 << 20, '{"a":"');
    const starts = Int32Array.from([19 << 20, 5, 1000, 900, (4 << 20) + 2000, 7 << 20, 500]);
    const ends = starts.map((start, i) => start + record(i).copy(bytes, start));
    ends[6] = 500;
    const read = reader.readLaidOut({ bytes, starts, ends, count: starts.length });
    expect(read.map((one) => one?.values[0]?.[1])).toEqual(['0', '1', '2', '3', '4', '5', undefined]);
  });

  it('leaves what is too long for what it puts together, and a record that is longer than its window', () => {
    const record = (length: number): string => `{"a":"${'x'.repeat(length)}","time":"2026-03-02T12:00:00Z"}`;
    expect(reader.one(record(16_000))?.values[0]?.[1]).toHaveLength(16_000);
    expect(reader.one(record(17_000))).toBeNull();
    expect(reader.one(record(70_000))).toBeNull();
    const [before, long, after] = reader.read([record(1), record(5 << 20), record(2)]);
    expect([before?.values[0]?.[1], long, after?.values[0]?.[1]]).toEqual(['x', null, 'xx']);
  });
});
