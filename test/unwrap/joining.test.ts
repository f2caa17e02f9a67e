import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Cutter } from '../../src/sources/cutter.ts';
import { recordsOf, unwrapper } from '../support/batches.ts';

const T = '2026-03-01T12:00:00.123456789Z';
/** As much of a line as containerd writes into one part. */
const PART = 16_384;

/** The text as parts of one record, in CRI's form. */
function parts(text: string | Buffer, size: number, stream = 'stdout'): readonly Buffer[] {
  const bytes = Buffer.from(text);
  const all: Buffer[] = [];
  for (let at = 0; at === 0 || at < bytes.length; at += size) {
    const tag = at + size < bytes.length ? 'P' : 'F';
    all.push(Buffer.concat([Buffer.from(`${T} ${stream} ${tag} `), bytes.subarray(at, at + size), Buffer.from('\n')]));
  }
  return all;
}

/** Reads the content in pieces of this size. */
function read(content: Buffer, step: number): readonly string[] {
  const cutter = new Cutter(unwrapper(), 0, Buffer.alloc(0));
  const records: string[] = [];
  for (let at = 0; at <= content.length; at += step) {
    const piece = content.subarray(at, at + step);
    const taken = cutter.take(piece.copy(cutter.room(piece.length)), at + step > content.length ? 'final' : 'no');
    records.push(...recordsOf(taken?.runs ?? []));
  }
  return records;
}

/** A failure should not print a megabyte. */
function brief(text: string): string {
  return text.length < 100 ? text : `${text.length}: ${createHash('sha256').update(text).digest('hex')}`;
}

describe('joining the parts of a record', () => {
  it.each([1, 2, 7, 40])('of %i parts, wherever the reads end', (count) => {
    const text = Array.from({ length: (count * PART) / 8 - 100 }, (_, i) => String(i).padStart(8, '.')).join('');
    const content = Buffer.concat([...parts('before', PART), ...parts(text, PART), ...parts('after', PART)]);
    for (const step of [content.length + 1, 100_000, PART, 4_097]) expect(read(content, step).map(brief).toSorted()).toEqual(['before', text, 'after'].map(brief).toSorted());
  });

  it('joins bytes, not characters: one may lie in two parts', () => {
    const text = 'é€😀'.repeat(20);
    for (const size of [1, 2, 3, 5]) expect(read(Buffer.concat(parts(text, size)), 64)).toEqual([text]);
  });

  it('knows parts of one stream from those of the other', () => {
    const stream = fc.array(fc.stringMatching(/^[a-z]{1,30}$/), { maxLength: 8 });
    fc.assert(
      fc.property(stream, stream, fc.integer({ min: 1, max: 8 }), fc.infiniteStream(fc.boolean()), fc.integer({ min: 1, max: 300 }), (out, err, size, order, step) => {
        const left = [out.flatMap((text) => parts(`out ${text}`, size, 'stdout')), err.flatMap((text) => parts(`err ${text}`, size, 'stderr'))] as const;
        const content: Buffer[] = [];
        // The two streams' parts come as they like, each in its own order.
        for (const first of order) {
          const next = (first ? left[0].shift() : left[1].shift()) ?? left[0].shift() ?? left[1].shift();
          if (next === undefined) break;
          content.push(next);
        }
        const records = read(Buffer.concat(content), step);
        const expected = [...out.map((text) => `out ${text}`), ...err.map((text) => `err ${text}`)];
        expect(records.toSorted()).toEqual(expected.toSorted());
      }),
      { numRuns: 200 },
    );
  });

  it('gives what there is of a record whose end never comes, once the input is over', () => {
    const content = Buffer.concat([...parts('one', PART), Buffer.from(`${T} stdout P two \n${T} stdout P three\n`)]);
    for (const step of [content.length, 10]) expect(read(content, step)).toEqual(['one', 'two three']);
  });

  it('a record without parts between them is not joined', () => {
    const content = Buffer.from(`${T} stdout P a\n${T} stderr F x\n${T} stdout F b\n${T} stdout F c\n`);
    expect(read(content, 1_000).toSorted()).toEqual(['ab', 'c', 'x']);
  });
});
