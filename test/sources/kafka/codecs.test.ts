import fc from 'fast-check';
import snappyLibrary from 'kafkajs-snappy';
import lz4Library from 'lz4js';
import { describe, expect, it } from 'vitest';
import { gzip, lz4, snappy, zstd, type Codec } from '../../../src/sources/kafka/codecs.ts';
import { gzip as gzipped, zstd as zstdOf, zstdBomb, zstdSample, zstdSampleText } from '../../support/compressed.ts';

const snappyCodec = snappy(snappyLibrary());
const lz4Codec = lz4(lz4Library);
const text = Buffer.from('{"flow":{}}\n'.repeat(20_000));

/** As Java's library writes it: a header and blocks with their sizes. */
function xerial(blocks: readonly Buffer[]): Buffer {
  const header = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
  const size = ({ length }: Buffer): Buffer => Buffer.from([length >>> 24, (length >>> 16) & 0xff, (length >>> 8) & 0xff, length & 0xff]);
  return Buffer.concat([header, ...blocks.flatMap((block) => [size(block), block])]);
}

/** An LZ4 frame of blocks as they are said to be; `flags` beyond version 1. */
function lz4Frame(words: readonly number[], { flags = 0, size = Buffer.alloc(0) } = {}): Buffer {
  const parts = words.map((word) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(word >>> 0);
    return bytes;
  });
  return Buffer.concat([Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x40 | flags, 0x70]), size, Buffer.from([0]), ...parts]);
}

describe('batches', () => {
  it.each<[string, Codec]>([
    ['gzip', gzip],
    ['snappy', snappyCodec],
    ['lz4', lz4Codec],
  ])('packed by %s come back as they were', async (_, codec) => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 3_000 }), fc.integer({ min: 1, max: 60 }), async (bytes, times) => {
        const buffer = Buffer.concat(Array<Uint8Array>(times).fill(bytes));
        expect((await codec.decompress(await codec.compress({ buffer }))).equals(buffer)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it.each([
    ['gzip', gzip, gzipped(text), text],
    ['zstd', zstd, zstdOf(text), text],
    ['zstd with matches and a checksum', zstd, zstdSample, Buffer.from(zstdSampleText)],
  ])('that others packed are unpacked: %s', async (_, codec, packed, plain) => {
    expect((await codec.decompress(packed)).equals(plain)).toBe(true);
  });

  it('of snappy may be framed as Java frames them', async () => {
    const blocks = await Promise.all([text.subarray(0, 30_000), text.subarray(30_000)].map((buffer) => snappyCodec.compress({ buffer })));
    expect((await snappyCodec.decompress(xerial(blocks))).equals(text)).toBe(true);
  });

  it.each([
    ['gzip', gzip, gzipped(text).subarray(0, -9), 'gzip: the batch is cut'],
    // Which of both it is, Node and the library see differently.
    ['zstd', zstd, zstdOf(text).subarray(0, -9), 'zstd: the batch is c'],
    ['lz4', lz4Codec, Buffer.from(lz4Library.compress(text)).subarray(0, -9), 'lz4: the batch is cut'],
    ['lz4 that is none', lz4Codec, Buffer.from('no frame at all'), 'lz4: the batch is no frame'],
  ])('that are damaged are no messages: %s', async (_, codec, packed, reason) => {
    await expect((async () => codec.decompress(packed))()).rejects.toThrow(reason);
  });

  it.each([
    ['gzip', gzip, gzipped(Buffer.alloc(140 << 20))],
    ['zstd', zstd, zstdBomb(1_100)],
    ['snappy that says so', snappyCodec, Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0])],
    ['snappy in Java’s frame', snappyCodec, xerial(Array.from({ length: 3 }, () => Buffer.from([0x80, 0x80, 0x80, 0x20, 0])))],
    ['lz4 of many blocks', lz4Codec, lz4Frame([...Array<number>(40).fill(4).flatMap((word) => [word, 0x1f1f1f1f]), 0])],
    ['lz4 that says to be small', lz4Codec, lz4Frame([...Array<number>(40).fill(4).flatMap((word) => [word, 0x1f1f1f1f]), 0], { flags: 0x08, size: Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]) })],
  ])('that swell beyond all measure are refused before they fill the memory: %s', async (_, codec, packed) => {
    await expect((async () => codec.decompress(packed))()).rejects.toThrow('unpacks to more than 128 MiB');
  });

  it('of lz4 with a block that is said to be longer than all of it are cut', async () => {
    await expect((async () => lz4Codec.decompress(lz4Frame([0xffffffff, 1, 2])))()).rejects.toThrow('lz4: the batch is cut');
  });
});
