import * as zlib from 'node:zlib';
import { Decompress as ZstdDecompress } from 'fzstd';

export type Compression = 'gzip' | 'zstd';

/** Told by the first bytes, whatever the name says. */
export function compressionOf(head: Buffer): Compression | null {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  if (head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd) return 'zstd';
  return null;
}

/** What is compressed ends too early (a file that is still written, a copy that broke off), or is damaged. */
export type Damage = 'cut' | 'corrupt' | null;

/** Takes compressed bytes, gives plain ones; after `end` it says whether everything was whole. */
interface Inflater {
  /** Resolves once the chunk is worked off; what came of it lies in `out`. */
  write(chunk: Buffer): Promise<void>;
  end(): Promise<Damage>;
  destroy(): void;
  readonly out: Buffer[];
  readonly failed: boolean;
}

/** Small pieces bound what one of them can swell to: deflate makes at most about a thousand bytes out of one. */
export const PIECE = 1 << 14;

/** Plain chunks of compressed ones, up to where they are damaged, if they are. */
export async function* inflated(compressed: AsyncIterable<Buffer>, compression: Compression): AsyncGenerator<Buffer, Damage> {
  const inflater = compression === 'gzip' ? streamInflater(zlib.createGunzip()) : zstdInflater();
  try {
    for await (const chunk of compressed) {
      for (let at = 0; at < chunk.length && !inflater.failed; at += PIECE) {
        await inflater.write(chunk.subarray(at, at + PIECE));
        yield* inflater.out.splice(0);
      }
      if (inflater.failed) break;
    }
    const damage = await inflater.end();
    yield* inflater.out.splice(0);
    return damage;
  } finally {
    inflater.destroy();
  }
}

/** Node's own streams, read as they flow: an error must not take with it what came before. */
function streamInflater(stream: zlib.Gunzip): Inflater {
  const out: Buffer[] = [];
  let error: NodeJS.ErrnoException | null = null;
  stream.on('data', (chunk: Buffer) => out.push(chunk));
  stream.on('error', (problem: NodeJS.ErrnoException) => (error = problem));
  return {
    out,
    get failed() {
      return error !== null;
    },
    write: (chunk) => new Promise((resolve) => void stream.write(chunk, () => resolve())),
    async end() {
      if (error === null) {
        await new Promise<void>((resolve) => {
          stream.once('end', resolve).once('error', () => resolve());
          stream.end();
        });
      }
      if (error === null) return null;
      return error.code === 'Z_BUF_ERROR' ? 'cut' : 'corrupt';
    },
    destroy: () => void stream.destroy(),
  };
}

function zstdInflater(): Inflater {
  // Node has zstd from 22.15 on.
  const native = (zlib as { readonly createZstdDecompress?: () => zlib.Gunzip }).createZstdDecompress;
  if (native !== undefined) return streamInflater(native());
  const out: Buffer[] = [];
  let failed = false;
  let finished = false;
  const stream = new ZstdDecompress((chunk, final) => {
    out.push(Buffer.from(chunk));
    finished = final === true;
  });
  const push = (chunk: Uint8Array, final: boolean): void => {
    try {
      stream.push(chunk, final);
    } catch {
      failed = true;
    }
  };
  return {
    out,
    get failed() {
      return failed;
    },
    write: (chunk) => Promise.resolve(push(chunk, false)),
    end() {
      if (!failed) push(new Uint8Array(0), true);
      return Promise.resolve(failed ? 'corrupt' : finished ? null : 'cut');
    },
    destroy: () => undefined,
  };
}
