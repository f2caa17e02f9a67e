import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compressionOf, inflated, type Compression, type Damage } from '../../src/sources/compression.ts';
import { gzip, zstd, zstdSample, zstdSampleText } from '../support/compressed.ts';

interface Inflated {
  readonly text: string;
  readonly damage: Damage;
}

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function inflate(bytes: Buffer, compression: Compression, size = 1 << 16): Promise<Inflated> {
  const chunks: Buffer[] = [];
  const stream = inflated(pieces(bytes, size), compression);
  for (;;) {
    const next = await stream.next();
    if (next.done === true) return { text: Buffer.concat(chunks).toString(), damage: next.value };
    // What a chunk holds may not change while it waits to be read.
    chunks.push(next.value);
  }
}

const LONG = Array.from({ length: 20_000 }, (_, i) => `line ${i} of many, ${(i * 7919) % 10_007}\n`).join('');

describe('what a file is compressed with', () => {
  it.each([
    ['gzip', gzip('a'), 'gzip'],
    ['zstd', zstd('a'), 'zstd'],
    ['text', Buffer.from('{"flow":{}}'), null],
    ['nothing', Buffer.alloc(0), null],
    ['one byte of gzip’s two', Buffer.from([0x1f]), null],
    ['three bytes of zstd’s four', Buffer.from([0x28, 0xb5, 0x2f]), null],
    ['text that begins like zstd', Buffer.from('(…/x'), null],
    ['bzip2, which is not read', Buffer.from('BZh91AY&SY'), null],
  ])('is told from its first bytes: %s', (_, bytes, expected) => {
    expect(compressionOf(bytes)).toBe(expected);
  });
});

describe('whole streams', () => {
  it.each([
    ['gzip', gzip(LONG), 'gzip', LONG],
    ['zstd', zstd(LONG), 'zstd', LONG],
    ['zstd, really compressed', zstdSample, 'zstd', zstdSampleText],
    ['gzip of several members', Buffer.concat([gzip('a\n'), gzip('b\n'), gzip(LONG)]), 'gzip', `a\nb\n${LONG}`],
    ['gzip with an empty member', Buffer.concat([gzip('a\n'), gzip(''), gzip('b\n')]), 'gzip', 'a\nb\n'],
    ['zstd of several frames', Buffer.concat([zstd('a\n'), zstdSample, zstd('b\n')]), 'zstd', `a\n${zstdSampleText}b\n`],
    ['zstd of many small blocks', zstd('a b c d e f\n', 1), 'zstd', 'a b c d e f\n'],
    ['gzip of nothing', gzip(''), 'gzip', ''],
    ['zstd of nothing', zstd(''), 'zstd', ''],
  ] as const)('%s', async (_, bytes, compression, expected) => {
    for (const size of [1 << 16, 1_000, 17]) expect(await inflate(bytes, compression, size)).toEqual({ text: expected, damage: null });
  });

  it('are the same wherever the reads end', async () => {
    const parts = fc.array(fc.string({ maxLength: 200 }), { minLength: 1, maxLength: 5 });
    const check = async (texts: readonly string[], size: number): Promise<void> => {
      const whole = { text: texts.join(''), damage: null };
      expect(await inflate(Buffer.concat(texts.map((text) => gzip(text))), 'gzip', size)).toEqual(whole);
      expect(await inflate(Buffer.concat(texts.map((text) => zstd(text, 50))), 'zstd', size)).toEqual(whole);
    };
    await fc.assert(fc.asyncProperty(parts, fc.integer({ min: 1, max: 300 }), check), { numRuns: 60 });
  });
});

describe('damaged gzip', () => {
  const [one, two] = [gzip('first\n'), gzip(LONG)];

  it('that is cut gives what came before, wherever the cut falls', async () => {
    const whole = `first\n${LONG}`;
    for (const missing of [1, 4, 8, 9, 1_000, two.length - 10, two.length - 1]) {
      const { text, damage } = await inflate(Buffer.concat([one, two]).subarray(0, -missing), 'gzip');
      expect(damage, `${missing} bytes are missing`).toBe('cut');
      expect(whole.startsWith(text) && text.length >= 'first\n'.length).toBe(true);
    }
  });

  it('that lacks its checksum alone gives everything', async () => {
    expect(await inflate(two.subarray(0, -8), 'gzip')).toEqual({ text: LONG, damage: 'cut' });
  });

  it('that is cut between two members is whole', async () => {
    expect(await inflate(one, 'gzip')).toEqual({ text: 'first\n', damage: null });
  });
});

describe('damaged zstd', () => {
  const two = Buffer.concat([zstd('first\n'), zstd(LONG, 10_000)]);

  it.each([
    ['within a block', two.subarray(0, -7_000)],
    ['within a block’s header', two.subarray(0, 'first\n'.length + 9 + 6 + 2)],
  ])('that is cut %s gives what came before', async (_, bytes) => {
    const { text, damage } = await inflate(bytes, 'zstd');
    expect(damage).not.toBeNull();
    expect(`first\n${LONG}`.startsWith(text) && text.startsWith('first\n')).toBe(true);
    expect(text.length).toBeGreaterThan(bytes.length - 10_100);
  });

  it('gives what came before the damage', async () => {
    const damaged = Buffer.concat([zstd('first\n'), zstdSample, Buffer.from('this is no frame at all')]);
    expect(await inflate(damaged, 'zstd')).toEqual({ text: `first\n${zstdSampleText}`, damage: 'corrupt' });
  });
});

describe('decompressing', () => {
  it('asks for no more input than it needs', async () => {
    let asked = 0;
    async function* endless(): AsyncGenerator<Buffer> {
      const bytes = gzip(randomBytes(1 << 20));
      for (; asked < 64; asked++) yield bytes;
    }
    const stream = inflated(endless(), 'gzip');
    await stream.next();
    await stream.return(null);
    expect(asked).toBeLessThan(2);
  });

  it('closes its input when nobody wants the rest', async () => {
    let closed = 0;
    async function* input(): AsyncGenerator<Buffer> {
      try {
        for (;;) yield gzip(LONG);
      } finally {
        closed++;
      }
    }
    for (const compression of ['gzip', 'zstd'] as const) {
      const stream = inflated(input(), compression);
      await stream.next();
      await stream.return(null);
    }
    expect(closed).toBe(2);
  });
});
