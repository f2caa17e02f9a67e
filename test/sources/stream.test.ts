import { execFileSync } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { streamSource } from '../../src/sources/stream.ts';
import { lines, readBack, textOf, type ReadBack } from '../support/batches.ts';
import { scratch } from '../support/cli.ts';
import { gzip, zstd } from '../support/compressed.ts';

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(content: string | Buffer, size = 1 << 16): Promise<Omit<ReadBack, 'positions' | 'position'>> {
  const damage: string[] = [];
  const bytes = Buffer.from(content);
  const { positions, ...rest } = await readBack(streamSource('stdin', pieces(bytes, size), (name, kind) => damage.push(`${name} ${kind}`)));
  expect(positions, 'what has been read is gone: there is no position').toEqual([]);
  return { ...rest, damage };
}

const ALL = lines(40_000);

describe('standard input', () => {
  it.each([
    ['plain', textOf(ALL)],
    ['gzip', gzip(textOf(ALL))],
    ['gzip of several members', Buffer.concat([gzip(textOf(ALL.slice(0, 9))), gzip(textOf(ALL.slice(9)))])],
    ['zstd', zstd(textOf(ALL))],
  ])('gives every line once, however it comes in: %s', async (_, content) => {
    for (const size of [1 << 16, 5_000]) {
      expect(await read(content, size)).toMatchObject({ records: ALL, tooLong: 0, bytes: Buffer.byteLength(content), damage: [] });
    }
  });

  it.each([
    ['one', 'one\n'],
    ['gzip', gzip('one\n')],
    ['zstd', zstd('one\n')],
  ])('that comes byte by byte is told by its first bytes all the same: %s', async (_, content) => {
    expect((await read(content, 1)).records).toEqual(['one']);
  });

  it.each([
    ['nothing', '', []],
    ['less than four bytes', 'a\n', ['a']],
    ['one byte', 'a', ['a']],
    ['a last line without its end: it comes once, so it counts', 'one\n10.0.0.2:90', ['one', '10.0.0.2:90']],
    ['half a line of JSON: it counts, and whoever reads it says what it is', 'one\n{"a":', ['one', '{"a":']],
    ['a last line in gzip', gzip('one\ntwo'), ['one', 'two']],
  ])('%s', async (_, content, expected) => {
    expect((await read(content)).records).toEqual(expected);
  });

  it('that is cut gives what is there, and says so', async () => {
    const content = gzip(textOf(ALL));
    const { records, damage } = await read(content.subarray(0, content.length / 2));
    expect(damage).toEqual(['stdin cut']);
    expect(records.length).toBeGreaterThan(1_000);
    expect(records.slice(0, -1)).toEqual(ALL.slice(0, records.length - 1));
  });

  it('skips a line over 1 MiB', async () => {
    const long = `one\n${'x'.repeat(3 << 20)}\ntwo\n`;
    for (const content of [long, gzip(long)]) expect(await read(content)).toMatchObject({ records: ['one', 'two'], tooLong: 1 });
    expect(await read(`one\n${'x'.repeat(3 << 20)}`)).toMatchObject({ records: ['one'], tooLong: 1 });
  });

  it('is read as it is asked for', async () => {
    let asked = 0;
    async function* endless(): AsyncGenerator<Buffer> {
      for (;;) {
        asked++;
        yield Buffer.from('one\n');
      }
    }
    const source = streamSource('stdin', endless(), () => undefined);
    expect((await readBack(source, 3)).records).toEqual(['one', 'one', 'one']);
    expect(asked).toBeLessThan(6);
  });
});

describe('whoever stops early', () => {
  it.each([
    ['plain', textOf(ALL)],
    ['gzip', gzip(textOf(ALL))],
    ['zstd', zstd(textOf(ALL))],
  ])('leaves no input open: %s', async (_, content) => {
    let open = 0;
    async function* input(): AsyncGenerator<Buffer> {
      open++;
      try {
        yield* pieces(Buffer.from(content), 5_000);
      } finally {
        open--;
      }
    }
    expect((await readBack(streamSource('stdin', input(), () => undefined), 1)).records.length).toBeLessThan(ALL.length);
    expect(open).toBe(0);
  });
});

describe('a pipe with a name', () => {
  it('is read to the end of what is written into it', async () => {
    const path = join(scratch(), 'pipe');
    execFileSync('mkfifo', [path]);
    const written = writeFile(path, textOf(ALL));
    const { records } = await readBack(streamSource(path, createReadStream(path) as AsyncIterable<Buffer>, () => undefined));
    await written;
    expect(records).toEqual(ALL);
  });
});
