import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHUNK, Cutter } from '../../src/sources/cutter.ts';
import { MAX_RECORD, type Ended } from '../../src/unwrap/unwrap.ts';
import { recordsOf, textOf, unwrapper } from '../support/batches.ts';

interface Cut {
  readonly records: string[];
  tooLong: number;
  /** After each take. */
  readonly offsets: number[];
  memory: number;
}

/** Puts the content through a cutter in pieces of these sizes; the last size goes on. Checks the tail after each. */
function cut(content: Buffer, sizes: readonly number[], ended: Ended = 'final', cutter = new Cutter(unwrapper(), 0, Buffer.alloc(0))): Cut {
  const told: Cut = { records: [], tooLong: 0, offsets: [], memory: 0 };
  const take = (added: number, how: Ended): void => {
    const taken = cutter.take(added, how);
    told.records.push(...recordsOf(taken?.runs ?? []));
    told.tooLong += taken?.tooLong ?? 0;
    told.offsets.push(cutter.offset);
    expect(cutter.tail.equals(content.subarray(Math.max(0, cutter.offset - 1_024), cutter.offset)), `the bytes before ${cutter.offset}`).toBe(true);
  };
  let at = cutter.offset;
  for (let i = 0; at < content.length; i++) {
    const size = Math.min(sizes[Math.min(i, sizes.length - 1)] ?? 1, content.length - at);
    const room = cutter.room(size);
    told.memory = Math.max(told.memory, room.buffer.byteLength);
    at += content.copy(room, 0, at, at + size);
    take(size, 'no');
  }
  take(0, ended);
  return told;
}

const T = '2026-03-01T12:00:00.123456789Z';

describe('cutting input into records', () => {
  it('gives each line once, in order, wherever the reads end', () => {
    const line = fc.stringMatching(/^[a-z0-9]{1,20}$/);
    const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(fc.array(line, { maxLength: 40 }), sizes, (all, steps) => {
        const content = Buffer.from(textOf(all));
        const { records, offsets } = cut(content, steps);
        expect(records).toEqual(all);
        expect(offsets.at(-1)).toBe(content.length);
        expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
      }),
    );
  });

  it('keeps its offset at line ends', () => {
    const content = Buffer.from('one\ntwo\nthree\n');
    expect(cut(content, [2]).offsets).toEqual([0, 4, 4, 8, 8, 8, 14, 14]);
    expect(cut(content, [content.length]).offsets).toEqual([14, 14]);
  });

  it('goes on from an offset that it is given', () => {
    const content = Buffer.from('one\ntwo\nthree\n');
    const cutter = new Cutter(unwrapper(), 4, content.subarray(0, 4));
    expect(cut(content, [3], 'final', cutter)).toMatchObject({ records: ['two', 'three'] });
    expect(cutter.offset).toBe(14);
  });

  it('answers null while nothing new is whole', () => {
    const cutter = new Cutter(unwrapper(), 0, Buffer.alloc(0));
    const add = (text: string, ended: Ended = 'no'): readonly string[] | null => {
      const taken = cutter.take(Buffer.from(text).copy(cutter.room(text.length)), ended);
      return taken === null ? null : recordsOf(taken.runs);
    };
    expect(add('on')).toBeNull();
    expect(add('e')).toBeNull();
    expect(add('\ntw')).toEqual(['one']);
    expect(add('', 'finished')).toBeNull();
    expect(add('', 'final')).toEqual(['tw']);
  });

  it('keeps parts of a record back until they are whole', () => {
    const content = Buffer.from(`${T} stdout F a\n${T} stdout P b \n${T} stdout F c\n`);
    const { records, offsets } = cut(content, [content.indexOf('b') + 3]);
    expect(records).toEqual(['a', 'b c']);
    expect(offsets).toEqual([content.indexOf('\n') + 1, content.length, content.length]);
  });

  it('remembers the last 1,024 bytes before the offset across many small reads', () => {
    const content = Buffer.from(textOf(Array.from({ length: 300 }, (_, i) => `line ${i}`)));
    // What is remembered is compared after each read.
    for (const sizes of [[7], [1_000], [1_023, 1, 1_025]]) expect(cut(content, sizes).records).toHaveLength(300);
  });
});

describe('lines over 1 MiB', () => {
  const long = (length: number): string => 'x'.repeat(length);

  it.each([
    ['just over the limit', MAX_RECORD + 1],
    ['of several reads', 3 * MAX_RECORD + 5],
  ])('%s: is skipped and counted, and its neighbours are not', (_, length) => {
    const content = Buffer.from(`one\n${long(length)}\ntwo\n`);
    for (const size of [CHUNK, 700_000, content.length]) expect(cut(content, [size])).toMatchObject({ records: ['one', 'two'], tooLong: 1 });
  });

  it('a line of just 1 MiB is none', () => {
    const content = Buffer.from(`one\n${long(MAX_RECORD)}\ntwo\n`);
    for (const sizes of [[CHUNK], [700_000], [content.length], [4, MAX_RECORD, 1]]) {
      const { records, tooLong } = cut(content, sizes);
      expect(records.map(({ length }) => length)).toEqual([3, MAX_RECORD, 3]);
      expect(tooLong).toBe(0);
    }
  });

  it('counts each of several', () => {
    const content = Buffer.from(`${long(MAX_RECORD + 9)}\n${long(2 * MAX_RECORD)}\none\n${long(MAX_RECORD + 1)}\n`);
    for (const size of [CHUNK, 900_000, content.length]) expect(cut(content, [size])).toMatchObject({ records: ['one'], tooLong: 3 });
  });

  it('is not held in memory', () => {
    const content = Buffer.from(`one\n${long(32 * MAX_RECORD)}\ntwo\n`);
    const { memory, tooLong } = cut(content, [CHUNK]);
    expect(tooLong).toBe(1);
    expect(memory).toBeLessThanOrEqual(4 * CHUNK);
  });

  it('keeps the offset before it until its end has come', () => {
    const content = Buffer.from(`one\n${long(3 * MAX_RECORD)}\ntwo\n`);
    const { offsets } = cut(content, [CHUNK]);
    expect(new Set(offsets)).toEqual(new Set([4, content.length]));
  });

  it('without its end: waits in a file that may grow, and counts at the end for good', () => {
    const content = Buffer.from(`one\n${long(3 * MAX_RECORD)}`);
    const waiting = cut(content, [CHUNK], 'finished');
    expect(waiting).toMatchObject({ records: ['one'], tooLong: 0 });
    expect(waiting.offsets.at(-1)).toBe(4);
    const over = cut(content, [CHUNK], 'final');
    expect(over).toMatchObject({ records: ['one'], tooLong: 1 });
    expect(over.offsets.at(-1)).toBe(content.length);
  });
});
