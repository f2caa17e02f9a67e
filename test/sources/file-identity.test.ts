import { linkSync, mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { FilePosition } from '../../src/source.ts';
import { HEAD, hashOf, TAIL } from '../../src/sources/position.ts';
import { lines, readFileBack, textOf } from '../support/batches.ts';
import { scratch } from '../support/cli.ts';
import { gzip, zstd } from '../support/compressed.ts';

/** One folder of logs and somebody who remembers how far each was read. */
let folder = '';
let known: FilePosition[] = [];

beforeEach(() => {
  folder = scratch();
  known = [];
});

const at = (name: string): string => join(folder, name);

function write(name: string, content: string | Buffer): void {
  mkdirSync(dirname(at(name)), { recursive: true });
  writeFileSync(at(name), content);
}

function append(name: string, content: string): void {
  writeFileSync(at(name), content, { flag: 'a' });
}

/** The lines that are new. Positions are kept as the store keeps them: a row a file. */
async function read(name: string): Promise<readonly string[]> {
  const { records, position, damage } = await readFileBack(at(name), known);
  expect(damage).toEqual([]);
  if (position !== null) {
    const { file } = position;
    file.id ??= known.length + 1;
    known = [...known.filter((other) => other.file.id !== file.id), position];
  }
  return records;
}

const OLD = lines(200, 'old'); // 12.8 kB: more than the head that is looked at
const NEW = lines(100, 'new');
const SHORT = lines(3, 'old');

describe('a file that was read', () => {
  it.each([
    ['plain', textOf(OLD)],
    ['short', textOf(SHORT)],
    ['gzip', gzip(textOf(OLD))],
    ['zstd', zstd(textOf(OLD))],
  ])('adds nothing when it is read again: %s', async (_, content) => {
    write('a.log', content);
    expect(await read('a.log')).not.toEqual([]);
    expect(await read('a.log')).toEqual([]);
    // Touched, as a copy with a new time is.
    utimesSync(at('a.log'), 1, 1);
    expect(await read('a.log')).toEqual([]);
    expect(known).toHaveLength(1);
  });

  it.each([
    ['short', SHORT],
    ['long', OLD],
  ])('adds only the rest when it has grown: %s', async (_, before) => {
    write('a.log', textOf(before));
    expect(await read('a.log')).toEqual(before);
    append('a.log', textOf(NEW));
    expect(await read('a.log')).toEqual(NEW);
    append('a.log', 'one more\n');
    expect(await read('a.log')).toEqual(['one more']);
    expect(known).toHaveLength(1);
  });

  it.each([
    ['renamed', textOf(OLD)],
    ['renamed and compressed with gzip', gzip(textOf(OLD))],
    ['renamed and compressed with zstd', zstd(textOf(OLD))],
    ['compressed in two members', Buffer.concat([gzip(textOf(OLD).slice(0, 999)), gzip(textOf(OLD).slice(999))])],
  ])('is the same when it was %s', async (_, content) => {
    write('a.log', textOf(OLD));
    expect(await read('a.log')).toEqual(OLD);
    rmSync(at('a.log'));
    write('a.log.1', content);
    expect(await read('a.log.1')).toEqual([]);
    expect(known).toHaveLength(1);
  });

  it.each([
    ['plain', textOf([...OLD, ...NEW])],
    ['gzip', gzip(textOf([...OLD, ...NEW]))],
    ['zstd', zstd(textOf([...OLD, ...NEW]))],
  ])('gives its unread tail after it was rotated: %s', async (_, content) => {
    write('a.log', textOf(OLD));
    await read('a.log');
    rmSync(at('a.log'));
    write('a.log.1', content);
    expect(await read('a.log.1')).toEqual(NEW);
    expect(await read('a.log.1')).toEqual([]);
  });

  it('is the same when it is unpacked again', async () => {
    write('a.log.gz', gzip(textOf(OLD)));
    expect(await read('a.log.gz')).toEqual(OLD);
    write('a.log', textOf(OLD));
    expect(await read('a.log')).toEqual([]);
  });

  it('is followed over two rotations between two readings', async () => {
    const [first, second, third] = [lines(90, 'first'), lines(90, 'second'), lines(90, 'third')];
    write('a.log', textOf(first.slice(0, 80)));
    expect(await read('a.log')).toEqual(first.slice(0, 80));
    append('a.log', textOf(first.slice(80)));
    renameSync(at('a.log'), at('a.log.2'));
    write('a.log.1', textOf(second));
    write('a.log', textOf(third));
    expect([await read('a.log'), await read('a.log.1'), await read('a.log.2')]).toEqual([third, second, first.slice(80)]);
    expect(known).toHaveLength(3);
  });
});

describe('a copy that was made before the log grew on', () => {
  const LONGER = [...OLD, ...NEW];

  it.each([
    ['plain', textOf(OLD)],
    ['plain, and ends within a line', textOf(OLD).slice(0, -30)],
    ['gzip', gzip(textOf(OLD))],
    ['zstd', zstd(textOf(OLD))],
  ])('adds nothing: %s', async (_, content) => {
    write('a.log', textOf(LONGER));
    expect(await read('a.log')).toEqual(LONGER);
    write('a.log.1', content);
    expect(await read('a.log.1')).toEqual([]);
    expect(known).toHaveLength(1);
  });

  it('is read where it is too short to be told from another log', async () => {
    write('a.log', textOf(LONGER));
    await read('a.log');
    write('b.log', textOf(OLD.slice(0, 20)));
    expect(await read('b.log')).toHaveLength(20);
  });
});

describe('what does not make a file another one', () => {
  it('a clock that was set back', async () => {
    write('a.log', textOf(OLD));
    await read('a.log');
    append('a.log', textOf(NEW));
    utimesSync(at('a.log'), 1_000, 1_000);
    expect(await read('a.log')).toEqual(NEW);
    utimesSync(at('a.log'), 500, 500);
    expect(await read('a.log')).toEqual([]);
  });

  it('a second name of its own', async () => {
    write('a.log', textOf(OLD));
    await read('a.log');
    linkSync(at('a.log'), at('b.log'));
    expect(await read('b.log')).toEqual([]);
  });

  it('NULs that a crash left at its end', async () => {
    write('a.log', `${textOf(OLD)}${'\0'.repeat(3_000)}`);
    expect(await read('a.log')).toEqual(OLD);
    append('a.log', textOf(NEW));
    expect(await read('a.log')).toEqual(NEW);
  });

  it.each([
    ['CRI', '2026-03-01T12:00:00Z stdout P {"a":\n', '2026-03-01T12:00:00Z stdout F 1}\n'],
    ['docker', '{"log":"{\\"a\\":","stream":"stdout"}\n', '{"log":"1}\\n","stream":"stdout"}\n'],
  ])('parts of a record that it ended with: they are read again with the rest: %s', async (_, first, second) => {
    write('a.log', first);
    expect(await read('a.log')).toEqual([]);
    append('a.log', second);
    expect(await read('a.log')).toEqual(['{"a":1}']);
  });
});

describe('two files', () => {
  it.each([
    ['plain', textOf],
    ['gzip', (all: readonly string[]) => gzip(textOf(all))],
    ['zstd', (all: readonly string[]) => zstd(textOf(all))],
  ])('with equal heads are two: %s', async (_, content) => {
    const head = lines(HEAD / 64, 'head');
    // The second is longer than the first, the third shorter.
    const all = [lines(200, 'a'), lines(300, 'b'), lines(100, 'c')].map((rest) => [...head, ...rest]);
    for (const [i, own] of all.entries()) {
      write(`${i}.log`, content(own));
      expect(await read(`${i}.log`)).toEqual(own);
    }
    for (const i of all.keys()) expect(await read(`${i}.log`)).toEqual([]);
    expect(known).toHaveLength(3);
  });

  it('with equal heads grow each for itself', async () => {
    const head = lines(HEAD / 64, 'head');
    write('a.log', textOf([...head, 'a 1']));
    write('b.log', textOf([...head, 'b 1']));
    await read('a.log');
    await read('b.log');
    append('b.log', 'b 2\n');
    append('a.log', 'a 2\n');
    expect([await read('b.log'), await read('a.log')]).toEqual([['b 2'], ['a 2']]);
  });

  it('of the same size and time, but not the same bytes, are two', async () => {
    const head = lines(HEAD / 64, 'head');
    for (const [name, last] of [['a.log', 'one'], ['b.log', 'two']] as const) {
      write(name, textOf([...head, last]));
      utimesSync(at(name), 1_000, 1_000);
    }
    expect((await read('a.log')).at(-1)).toBe('one');
    expect((await read('b.log')).at(-1)).toBe('two');
  });

  it('that differ in their first byte alone are two', async () => {
    write('a.log', textOf(['1', ...OLD]));
    write('b.log', textOf(['2', ...OLD]));
    expect(await read('a.log')).toHaveLength(OLD.length + 1);
    expect(await read('b.log')).toHaveLength(OLD.length + 1);
  });
});

describe('a file that was written anew', () => {
  it('is read from its beginning: it is shorter than what was read', async () => {
    write('a.log', textOf(OLD));
    await read('a.log');
    write('a.log', textOf(NEW));
    expect(await read('a.log')).toEqual(NEW);
  });

  it('is read from its beginning: it is longer, but other', async () => {
    write('a.log', textOf(SHORT));
    await read('a.log');
    write('a.log', textOf(NEW));
    expect(await read('a.log')).toEqual(NEW);
  });

  it('is read from its beginning: it begins with the same head and goes on otherwise', async () => {
    const head = lines(HEAD / 64, 'head');
    write('a.log', textOf([...head, ...OLD]));
    await read('a.log');
    write('a.log', textOf([...head, ...NEW]));
    expect(await read('a.log')).toEqual([...head, ...NEW]);
  });

  it('by copying and cutting it: the copy adds nothing, what is written then is new', async () => {
    write('a.log', textOf(OLD));
    await read('a.log');
    write('a.log.1', textOf(OLD));
    write('a.log', textOf(NEW));
    expect([await read('a.log.1'), await read('a.log')]).toEqual([[], NEW]);
  });
});

describe('kubelet’s logs', () => {
  const [WEB, CART] = ['pods/shop_web-1_0a1b2c3d', 'pods/shop_cart-0_9f8e7d6c'];
  const LINKS = `containers/web-1_shop_app-${'a'.repeat(64)}.log`;

  it('of two pods are two files, though they hold the same', async () => {
    write(`${WEB}/app/0.log`, textOf(OLD));
    write(`${CART}/app/0.log`, textOf(OLD));
    expect(await read(`${WEB}/app/0.log`)).toHaveLength(OLD.length);
    expect(await read(`${CART}/app/0.log`)).toHaveLength(OLD.length);
    expect(known.map(({ owner }) => owner)).toEqual(['shop/web-1/app', 'shop/cart-0/app']);
  });

  it('of two containers are two files', async () => {
    write(`${WEB}/app/0.log`, textOf(OLD));
    write(`${WEB}/istio-proxy/0.log`, textOf(OLD));
    expect(await read(`${WEB}/app/0.log`)).toHaveLength(OLD.length);
    expect(await read(`${WEB}/istio-proxy/0.log`)).toHaveLength(OLD.length);
  });

  it('are one file by either of their paths', async () => {
    write(`${WEB}/app/0.log`, textOf(OLD));
    write(LINKS, textOf(OLD));
    expect(await read(LINKS)).toHaveLength(OLD.length);
    expect(await read(`${WEB}/app/0.log`)).toEqual([]);
  });

  it('stay the same through rotation and compression', async () => {
    const log = `${WEB}/app/0.log`;
    write(log, textOf(OLD));
    expect(await read(log)).toHaveLength(OLD.length);
    append(log, textOf(NEW));
    renameSync(at(log), at(`${log}.20260301-120000`));
    write(log, 'first of the next\n');
    expect((await read(`${log}.20260301-120000`)).length).toBe(NEW.length);
    rmSync(at(`${log}.20260301-120000`));
    write(`${log}.20260301-120000.gz`, gzip(textOf([...OLD, ...NEW])));
    expect(await read(`${log}.20260301-120000.gz`)).toEqual([]);
    expect(await read(log)).toEqual(['shop/web-1/app: first of the next']);
  });
});

describe('a compressed file that is done', () => {
  it('is not decompressed again: size, time and head tell', async () => {
    const content = gzip(textOf(lines(20_000, 'old')));
    write('a.log.gz', content);
    utimesSync(at('a.log.gz'), 1_000, 1_000);
    await read('a.log.gz');
    // Damage far behind the head would be found by whoever looked.
    write('a.log.gz', Buffer.from(content).fill(0, content.length - 20_000));
    utimesSync(at('a.log.gz'), 1_000, 1_000);
    expect(await read('a.log.gz')).toEqual([]);
  });
});

describe('a compressed file of the same size and head, but another time', () => {
  it('is looked into: what it holds tells', async () => {
    const [one, two] = ['one', 'two'].map((last) => gzipSync(textOf([...OLD, last]), { level: 0 }));
    expect(one!.length).toBe(two!.length);
    write('a.log.gz', one!);
    utimesSync(at('a.log.gz'), 1_000, 1_000);
    await read('a.log.gz');
    write('b.log.gz', two!);
    utimesSync(at('b.log.gz'), 2_000, 2_000);
    expect((await read('b.log.gz')).at(-1)).toBe('two');
  });
});

describe('a position', () => {
  it('tells what the bytes before it were, wherever the reading stops', async () => {
    const check = async (sizes: readonly number[]): Promise<void> => {
      const content = Buffer.from(textOf(sizes.map((size, i) => `${i} `.padEnd(size, 'x'))));
      write('a.log', content);
      const { positions } = await readFileBack(at('a.log'));
      for (const { headLength, headHash, offset, tailHash } of positions) {
        expect(headLength).toBe(Math.min(HEAD, content.length));
        expect(headHash).toBe(hashOf(content.subarray(0, headLength)));
        expect(tailHash).toBe(hashOf(content.subarray(Math.max(0, offset - TAIL), offset)));
      }
    };
    await fc.assert(fc.asyncProperty(fc.array(fc.integer({ min: 4, max: 3_000 }), { minLength: 1, maxLength: 12 }), check), { numRuns: 40 });
    await check([1_500_000, 900, 700_000, 5, 1_200_000, 10]);
  });

  it('looks at more of the head as the file grows, until it is 4 KiB', async () => {
    write('a.log', '');
    const lengths: number[] = [];
    for (const size of [10, 90, 3_000, 3_000, 3_000]) {
      append('a.log', `${'x'.repeat(size - 1)}\n`);
      await read('a.log');
      lengths.push(known[0]?.headLength ?? 0);
    }
    expect(lengths).toEqual([10, 100, 3_100, HEAD, HEAD]);
    expect(known).toHaveLength(1);
  });
});
