import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { OperationError } from '../../src/errors.ts';
import { fileSource } from '../../src/sources/file.ts';
import { KnownPositions } from '../../src/sources/position.ts';
import { lines, readFileBack, recordsOf, textOf } from '../support/batches.ts';
import { scratch } from '../support/cli.ts';
import { gzip, zstd, zstdSample, zstdSampleText } from '../support/compressed.ts';

function fileOf(content: string | Buffer, name = 'a.log'): string {
  const path = join(scratch(), name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

const ALL = lines(50_000); // 3.2 MB: several reads
const TEXT = textOf(ALL);

describe('reading a file', () => {
  it.each([
    ['plain', TEXT, ALL],
    ['gzip, whatever its name', gzip(TEXT), ALL],
    ['gzip of several members', Buffer.concat([gzip(TEXT.slice(0, 1_000_001)), gzip(TEXT.slice(1_000_001))]), ALL],
    ['zstd', zstd(TEXT), ALL],
    ['really compressed zstd', zstdSample, zstdSampleText.trimEnd().split('\n')],
  ])('%s: every line, in order', async (_, content, expected) => {
    const path = fileOf(content);
    const { records, damage, tooLong, bytes, position } = await readFileBack(path);
    expect(records).toEqual(expected);
    expect({ damage, tooLong }).toEqual({ damage: [], tooLong: 0 });
    expect(bytes, 'bytes are counted as they lie in the file').toBe(statSync(path).size);
    expect(position?.offset, 'the offset counts decompressed ones').toBe(textOf(expected).length);
    expect(position?.done).toEqual({ size: statSync(path).size, mtimeMs: statSync(path).mtimeMs });
  });

  it.each([
    ['empty', ''],
    ['gzip of nothing', gzip('')],
    ['zstd of nothing', zstd('')],
  ])('%s: nothing, not even a position', async (_, content) => {
    expect(await readFileBack(fileOf(content))).toEqual({ records: [], tooLong: 0, bytes: 0, positions: [], position: null, damage: [] });
  });

  it('comes in bounded pieces, each with its position; the last alone says that the file was read', async () => {
    const { positions } = await readFileBack(fileOf(TEXT));
    expect(positions.length).toBeGreaterThan(3);
    const offsets = positions.map(({ offset }) => offset);
    expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
    expect(positions.slice(0, -1).every(({ done }) => done === null)).toBe(true);
    expect(new Set(positions.map(({ file }) => file)).size, 'one file, one row').toBe(1);
  });

  it('ends when it is told to, after a batch, and goes on there', async () => {
    for (const content of [TEXT, gzip(TEXT)]) {
      const path = fileOf(content);
      const first = await readFileBack(path, [], 2);
      expect(first.records.length).toBeLessThan(ALL.length);
      expect(first.position?.done).toBeNull();
      const rest = await readFileBack(path, [first.position]);
      expect([...first.records, ...rest.records]).toEqual(ALL);
    }
  });

  it('says whose log it is where the path does, and what an envelope says instead', async () => {
    const path = fileOf('2026-03-01T12:00:00Z stdout F a\n', 'pods/shop_web-1_0a1b2c3d/app/0.log');
    expect((await readFileBack(path)).records).toEqual(['shop/web-1/app: a']);
    const envelope = fileOf('{"log":"a","kubernetes":{"pod_name":"cart-0","namespace_name":"shop","container_name":"app"}}\n');
    expect((await readFileBack(envelope)).records).toEqual(['shop/cart-0/app: a']);
  });

  it('skips a line over 1 MiB in a compressed file too', async () => {
    const long = `one\n${'x'.repeat(5 << 20)}\ntwo\n`;
    for (const content of [long, gzip(long), zstd(long)]) {
      expect(await readFileBack(fileOf(content))).toMatchObject({ records: ['one', 'two'], tooLong: 1 });
    }
  });

  it('does not split a character at the edge of a read', async () => {
    const all = Array.from({ length: 60_000 }, (_, i) => `${i} ${'é€😀'.repeat(i % 5)}`);
    for (const content of [textOf(all), gzip(textOf(all))]) expect((await readFileBack(fileOf(content))).records).toEqual(all);
  });
});

describe('the last line without its end', () => {
  const JSON_END = 'one\n{"a":1}';
  const TEXT_END = 'one\n10.0.0.2:90';
  it.each([
    ['counts in a plain file if it is whole JSON', JSON_END, ['one', '{"a":1}'], JSON_END.length],
    ['waits if it is JSON that is cut', 'one\n{"a":', ['one'], 4],
    ['waits if it is text: :90 may become :9080', TEXT_END, ['one'], 4],
    ['counts at the end of a compressed file', gzip(TEXT_END), ['one', '10.0.0.2:90'], TEXT_END.length],
    ['counts at the end of zstd', zstd(TEXT_END), ['one', '10.0.0.2:90'], TEXT_END.length],
    ['waits where a compressed file is cut', gzip(TEXT_END).subarray(0, -8), ['one'], 4],
  ])('%s', async (_, content, records, offset) => {
    const read = await readFileBack(fileOf(content));
    expect(read.records).toEqual(records);
    expect(read.position?.offset).toBe(offset);
  });

  it.each([
    ['text', '10.0.0.2:90', '80\ntwo\n', ['10.0.0.2:9080', 'two']],
    ['cut JSON', '{"a":', '1}\ntwo\n', ['{"a":1}', 'two']],
    ['whole JSON, which was counted already', '{"a":1}', '\ntwo\n', ['two']],
    ['a part of a character', Buffer.from('é').subarray(0, 1), Buffer.concat([Buffer.from('é').subarray(1), Buffer.from('\n')]), ['é']],
  ])('is read once when the rest comes: %s', async (_, last, rest, expected) => {
    const path = fileOf(Buffer.concat([Buffer.from('one\n'), Buffer.from(last)]));
    const first = await readFileBack(path);
    writeFileSync(path, rest, { flag: 'a' });
    const second = await readFileBack(path, [first.position]);
    expect(second.records).toEqual(expected);
  });

  it('is held for as long as it takes', async () => {
    const path = fileOf('');
    let position = null;
    const records: string[] = [];
    for (const piece of ['on', 'e', ' and', ' more\ntw', 'o', '\n']) {
      writeFileSync(path, piece, { flag: 'a' });
      const read = await readFileBack(path, [position]);
      position = read.position ?? position;
      records.push(...read.records);
    }
    expect(records).toEqual(['one and more', 'two']);
  });
});

describe('a compressed file that is cut', () => {
  const whole = gzip(TEXT);

  it('gives what is there, and says so once', async () => {
    const { records, damage } = await readFileBack(fileOf(whole.subarray(0, whole.length / 2)));
    expect(damage).toEqual(['cut']);
    expect(records.length).toBeGreaterThan(10_000);
    expect(records).toEqual(ALL.slice(0, records.length));
  });

  it('goes on where it was left when it has grown: each line once', async () => {
    for (const cut of [whole.length - 4, whole.length / 2, 5_000]) {
      const path = fileOf(whole.subarray(0, cut));
      const first = await readFileBack(path);
      writeFileSync(path, whole);
      const second = await readFileBack(path, [first.position]);
      expect([...first.records, ...second.records]).toEqual(ALL);
      expect(second.damage).toEqual([]);
    }
  });

  it('by a whole member goes on with the next one', async () => {
    const path = fileOf(gzip(TEXT));
    const first = await readFileBack(path);
    writeFileSync(path, Buffer.concat([gzip(TEXT), gzip('one more\n')]));
    expect((await readFileBack(path, [first.position])).records).toEqual(['one more']);
  });
});

describe('whoever stops early', () => {
  const openFiles = (): number => readdirSync('/proc/self/fd').length;

  it.skipIf(process.platform !== 'linux').each([
    ['plain', TEXT],
    ['gzip', gzip(TEXT)],
    ['zstd', zstd(TEXT)],
  ])('leaves no file open: %s', async (_, content) => {
    const path = fileOf(content);
    const before = openFiles();
    const source = fileSource({ path, size: 0, isRegular: true, named: true }, { known: new KnownPositions([]), onDamage: () => undefined });
    for await (const batch of source.open(new AbortController().signal)) {
      expect(batch.runs.length).toBeGreaterThan(0);
      break;
    }
    expect(openFiles()).toBe(before);
  });
});

describe('what cannot be read', () => {
  it('a compressed file that is damaged from its first block on is said to be', async () => {
    const { records, damage } = await readFileBack(fileOf(Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3])));
    expect([records, damage.length]).toEqual([[], 1]);
  });


  it.each([
    ['is gone', (path: string) => rmSync(path), /a\.log: cannot be read: ENOENT$/],
    ['has become a folder', (path: string) => (rmSync(path), mkdirSync(path)), /a\.log: cannot be read: EISDIR$/],
  ])('is an error in one line that names it: a file that %s', async (_, spoil, message) => {
    const path = fileOf('one\n');
    spoil(path);
    const failing = readFileBack(path);
    await expect(failing).rejects.toThrow(message);
    await expect(failing).rejects.toBeInstanceOf(OperationError);
  });

  it('a file that is deleted while it is read is read to its end', async () => {
    for (const content of [TEXT, gzip(TEXT)]) {
      const path = fileOf(content);
      const records: string[] = [];
      const file = { path, size: 0, isRegular: true, named: true };
      for await (const batch of fileSource(file, { known: new KnownPositions([]), onDamage: () => undefined }).open(new AbortController().signal)) {
        rmSync(path, { force: true });
        records.push(...recordsOf(batch.runs));
      }
      expect(records).toEqual(ALL);
    }
  });
});

describe.skipIf(process.platform !== 'linux')('open files', () => {
  const openFiles = (): number => readdirSync('/proc/self/fd').length;

  it.each([
    ['to its end', TEXT, Infinity],
    ['in part', TEXT, 1],
    ['to its end, compressed', gzip(TEXT), Infinity],
  ])('none is left open after reading %s', async (_, content, stopAfter) => {
    const path = fileOf(content);
    const before = openFiles();
    for (let i = 0; i < 5; i++) await readFileBack(path, [], stopAfter);
    expect(openFiles()).toBe(before);
  });
});
