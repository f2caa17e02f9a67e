import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { inflated, type Compression } from '../compression.ts';

/** What one compressed batch of messages may swell to. A megabyte of zeros compressed thrice would fill any memory. */
const MAX_INFLATED = 128 << 20;

/** Beside Kafka's own client: how batches are packed and unpacked. */
export interface Codec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>;
  decompress(bytes: Buffer): Promise<Buffer>;
}

export class CodecError extends Error {
  override readonly name = 'CodecError';
}

export const gzip: Codec = {
  compress: ({ buffer }) => promisify(zlib.gzip)(buffer),
  decompress: (bytes) => inflate(bytes, 'gzip'),
};

export const zstd: Codec = {
  compress({ buffer }) {
    // Node has zstd from 22.15 on.
    const native = (zlib as { readonly zstdCompress?: typeof zlib.gzip }).zstdCompress;
    if (native === undefined) return Promise.reject(new CodecError('zstd: this Node can unpack it, but not pack it'));
    return promisify<Buffer, Buffer>(native)(buffer);
  },
  decompress: (bytes) => inflate(bytes, 'zstd'),
};

/** `unpack` is the library's own, which believes what the bytes say of their size. */
export function snappy(library: Codec): Codec {
  return {
    compress: (encoder) => library.compress(encoder),
    decompress: (bytes) => {
      check('snappy', snappySize(bytes));
      return library.decompress(bytes);
    },
  };
}

interface Lz4Library {
  compress(bytes: Uint8Array): Uint8Array;
  decompress(bytes: Uint8Array, size: number): Uint8Array;
}

export function lz4(library: Lz4Library): Codec {
  return {
    compress: ({ buffer }) => Promise.resolve(asBuffer(library.compress(buffer))),
    decompress: (bytes) => Promise.resolve(asBuffer(library.decompress(bytes, check('lz4', lz4Size(bytes))))),
  };
}

async function inflate(bytes: Buffer, compression: Compression): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  const input = inflated(once(bytes), compression);
  for (;;) {
    const next = await input.next();
    if (next.done === true) {
      if (next.value !== null) throw new CodecError(`${compression}: the batch is ${next.value}`);
      return Buffer.concat(chunks, size);
    }
    size = check(compression, size + next.value.length);
    chunks.push(next.value);
  }
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

function check(compression: string, size: number): number {
  if (size > MAX_INFLATED) throw new CodecError(`${compression}: a batch unpacks to more than ${MAX_INFLATED >> 20} MiB`);
  return size;
}

const XERIAL = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);

/** What a snappy batch says that it unpacks to: Java frames it in blocks, others don't. */
function snappySize(bytes: Buffer): number {
  if (!bytes.subarray(0, XERIAL.length).equals(XERIAL)) return varint(bytes, 0);
  let size = 0;
  for (let at = 16; at + 4 <= bytes.length; at += 4 + bytes.readUInt32BE(at)) size += varint(bytes, at + 4);
  return size;
}

function varint(bytes: Buffer, at: number): number {
  let value = 0;
  for (let i = 0; i < 5; i++) {
    const byte = bytes[at + i] ?? 0;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) break;
  }
  return value;
}

const LZ4_MAGIC = 0x184d2204;

/** What an LZ4 frame can unpack to at most, told by its blocks: the size that it may state is anybody's claim. */
function lz4Size(bytes: Buffer): number {
  if (bytes.length < 7 || bytes.readUInt32LE(0) !== LZ4_MAGIC) throw new CodecError('lz4: the batch is no frame');
  const flags = bytes[4] ?? 0;
  const blockSize = 1 << (8 + 2 * (((bytes[5] ?? 0) >> 4) & 7));
  let size = 0;
  for (let at = (flags & 0x08) === 0 ? 7 : 15; at + 4 <= bytes.length; ) {
    const word = bytes.readUInt32LE(at);
    if (word === 0) return size;
    const length = word & 0x7fffffff;
    size += word === length ? blockSize : length;
    at += 4 + length + ((flags & 0x10) === 0 ? 0 : 4);
    if (at > bytes.length) break;
  }
  throw new CodecError('lz4: the batch is cut');
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
