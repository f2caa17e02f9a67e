import type { Batch, Source } from '../source.ts';
import { Unwrapper } from '../unwrap/unwrap.ts';
import { compressionOf, inflated, type Damage } from './compression.ts';
import { Cutter } from './cutter.ts';

/** Input that comes once: standard input, a pipe. There is no position; what has been read is gone. */
export function streamSource(name: string, input: AsyncIterable<Buffer>, onDamage: (name: string, damage: 'cut' | 'corrupt') => void): Source {
  return {
    name,
    async *open(signal): AsyncGenerator<Batch> {
      const cutter = new Cutter(new Unwrapper({ source: name, owner: null }), 0, Buffer.alloc(0));
      let bytes = 0;
      const counted = tap(input, (size) => (bytes += size));
      const plain = await maybeInflated(counted);
      try {
        for (;;) {
          const chunk = await plain.next();
          if (chunk.done === true && chunk.value !== null) onDamage(name, chunk.value);
          const added = chunk.done === true ? 0 : chunk.value.copy(cutter.room(chunk.value.length));
          const taken = cutter.take(added, chunk.done === true ? 'final' : 'no');
          if (taken !== null) yield { ...taken, bytes, position: null, ack: () => undefined };
          if (taken !== null) bytes = 0;
          if (chunk.done === true || signal.aborted) return;
        }
      } finally {
        // Whoever stops early leaves no input open. What was not begun yet does not end what it would read.
        await plain.return(null);
        await counted.return(null);
      }
    },
  };
}

async function* tap(input: AsyncIterable<Buffer>, onChunk: (bytes: number) => void): AsyncGenerator<Buffer> {
  for await (const chunk of input) {
    onChunk(chunk.length);
    yield chunk;
  }
}

/** Whether a stream is compressed, its first bytes say. */
async function maybeInflated(input: AsyncGenerator<Buffer>): Promise<AsyncGenerator<Buffer, Damage>> {
  let head: Buffer = Buffer.alloc(0);
  while (head.length < 4) {
    const chunk = await input.next();
    if (chunk.done === true) break;
    head = Buffer.concat([head, chunk.value]);
  }
  async function* whole(): AsyncGenerator<Buffer, Damage> {
    if (head.length > 0) yield head;
    yield* input;
    return null;
  }
  const compression = compressionOf(head);
  return compression === null ? whole() : inflated(whole(), compression);
}
