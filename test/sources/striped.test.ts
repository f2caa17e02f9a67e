import { readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Decoded, FilePosition, Stripe, StripeReader } from '../../src/source.ts';
import { fileSource } from '../../src/sources/file.ts';
import { KnownPositions } from '../../src/sources/position.ts';
import { readStripe } from '../../src/sources/stripe.ts';
import { recordsOf } from '../support/batches.ts';
import { scratch } from '../support/cli.ts';

const LINES = Array.from({ length: 3_000 }, (_, n) => `line ${n}`);
const TEXT = `${LINES.join('\n')}\n`;
const SIZES = { stripe: 1_000, stretch: 4_000, least: 0 };
const NO_ROWS: Omit<Decoded, 'records'> = { rows: 0, handOn: () => undefined };

function fileOf(content: string): string {
  const path = join(scratch(), 'a.log');
  writeFileSync(path, content);
  return path;
}

interface Read {
  readonly records: string[];
  readonly striped: number;
  readonly bytes: number;
  readonly positions: readonly FilePosition[];
}

/** Reads a file; `around` is asked to read each stretch, and may do what it likes before and after. */
async function read(path: string, around: (read: StripeReader, stripes: readonly Stripe[]) => ReturnType<StripeReader> = (reader, stripes) => reader(stripes), known: readonly FilePosition[] = [], sizes = SIZES): Promise<Read> {
  const told = new Map<Decoded, readonly string[]>();
  const plain: StripeReader = async (stripes) => {
    const records: string[] = [];
    await Promise.resolve();
    const ends = stripes.map((stripe) => readStripe(stripe, (runs) => records.push(...recordsOf(runs))));
    const decoded = { ...NO_ROWS, records: records.length };
    told.set(decoded, records);
    return { ends, decoded };
  };
  const source = fileSource({ path, size: 0, isRegular: true, named: true }, { known: new KnownPositions(known), onDamage: () => undefined, stripes: sizes });
  const records: string[] = [];
  const positions: FilePosition[] = [];
  let [striped, bytes] = [0, 0];
  for await (const batch of source.open(new AbortController().signal, (stripes) => around(plain, stripes))) {
    records.push(...recordsOf(batch.runs), ...(batch.decoded === undefined ? [] : told.get(batch.decoded)!));
    striped += batch.decoded?.records ?? 0;
    bytes += batch.bytes;
    if (batch.position !== null && 'file' in batch.position) positions.push(batch.position);
  }
  return { records, striped, bytes, positions };
}

describe('a file that is read in stripes', () => {
  it('gives all of it but its beginning and its end as others decoded it, in order, with a position for each stretch', async () => {
    const { records, striped, bytes, positions } = await read(fileOf(TEXT));
    expect(records).toEqual(LINES);
    expect(striped).toBeGreaterThan(2_500);
    expect(bytes).toBe(TEXT.length);
    const offsets = positions.map(({ offset }) => offset);
    expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
    expect(offsets.at(-1)).toBe(TEXT.length);
    expect(positions.at(-1)?.done).not.toBeNull();
  });

  it('has positions from which it is read on, in stripes or in one piece', async () => {
    const path = fileOf(TEXT);
    const { positions } = await read(path);
    for (const position of positions) {
      const rest = LINES.slice(TEXT.slice(0, position.offset).split('\n').length - 1);
      for (const sizes of [SIZES, { ...SIZES, least: Infinity }]) expect((await read(path, undefined, position.done === null ? [position] : [], sizes)).records).toEqual(position.done === null ? rest : LINES);
    }
  });

  it('is read in one piece if there is less of it than is worth it', async () => {
    const { records, striped } = await read(fileOf(TEXT), undefined, [], { ...SIZES, least: TEXT.length + 1 });
    expect([records.length, striped]).toEqual([LINES.length, 0]);
  });

  it('is asked for in two stretches at most, beside the one that is taken', async () => {
    let [open, most] = [0, 0];
    await read(fileOf(TEXT), async (reader, stripes) => {
      most = Math.max(most, ++open);
      try {
        return await reader(stripes);
      } finally {
        open--;
      }
    });
    expect(most).toBe(2);
  });

  it('ends where it was truncated, and counts nothing of what was written over it', async () => {
    const path = fileOf(TEXT);
    let stretches = 0;
    const { records, positions } = await read(path, async (reader, stripes) => {
      if (++stretches === 3) {
        truncateSync(path, 0);
        writeFileSync(path, 'x'.repeat(9).concat('\n').repeat(5_000));
      }
      return reader(stripes);
    });
    expect(records.length).toBeGreaterThan(100);
    expect(records).toEqual(LINES.slice(0, records.length));
    expect(positions.at(-1)?.offset).toBe(LINES.slice(0, records.length).join('\n').length + 1);
  });

  it('is read in one piece from where stripes do not follow each other', async () => {
    let stretches = 0;
    const { records, striped } = await read(fileOf(TEXT), async (reader, stripes) => {
      const { ends, decoded } = await reader(stripes);
      return { ends: ++stretches === 2 ? ends.map((end) => ({ ...end, before: Buffer.from('other') })) : ends, decoded };
    });
    expect(records).toEqual(LINES);
    expect(striped).toBeGreaterThan(0);
    expect(striped).toBeLessThan(1_000);
  });

  it('says a mistake in a thread as it is', async () => {
    const bug = new TypeError('x is not a function');
    await expect(read(fileOf(TEXT), () => Promise.reject(bug))).rejects.toBe(bug);
  });

  it.skipIf(process.platform !== 'linux')('is closed when nobody reads it any more, also by whoever stops early', async () => {
    const openFiles = (): number => readdirSync('/proc/self/fd').length;
    const before = openFiles();
    const path = fileOf(TEXT);
    const source = fileSource({ path, size: 0, isRegular: true, named: true }, { known: new KnownPositions([]), onDamage: () => undefined, stripes: SIZES });
    let batches = 0;
    const reader: StripeReader = async (stripes) => {
      await new Promise((done) => {
        setImmediate(done);
      });
      expect(openFiles(), 'open while it is read').toBeGreaterThan(before);
      return { ends: stripes.map((stripe) => readStripe(stripe, () => undefined)), decoded: { ...NO_ROWS, records: 0 } };
    };
    for await (const _ of source.open(new AbortController().signal, reader)) if (++batches === 2) break;
    expect(batches).toBe(2);
    expect(openFiles()).toBe(before);
    expect(statSync(path).size).toBe(TEXT.length);
  });
});
