import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linesOf } from '../../src/cli/input-lines.ts';

/** The lines of some chunks. */
async function lines(chunks: readonly (string | Buffer)[]): Promise<readonly (string | null)[]> {
  async function* stream(): AsyncGenerator<string | Buffer> {
    yield* chunks;
  }
  const all: (string | null)[] = [];
  for await (const line of linesOf(stream())) all.push(line);
  return all;
}

describe('lines of a stream', () => {
  it.each<[string, string, readonly string[]]>([
    ['none', '', []],
    ['with and without an end', 'a\nb', ['a', 'b']],
    ['empty ones are counted', '\n\na\n', ['', '', 'a']],
    ['of Windows', '\ufeffa\r\nb\r\n', ['a', 'b']],
    ['that hold other ends of Unicode', '{"id":"a\u2028b\u2029c\u0085d"}\n', ['{"id":"a\u2028b\u2029c\u0085d"}']],
    ['a mark in the middle is none', 'a\n\ufeffb\n', ['a', '\ufeffb']],
  ])('%s', async (_, text, expected) => {
    expect(await lines([text])).toEqual(expected);
  });

  it('are the same, however the bytes come', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom('a', 'é', '\n', '\r\n', '€'), { maxLength: 12 }), fc.array(fc.nat(20)), async (pieces, cuts) => {
        const bytes = Buffer.from(pieces.join(''));
        const at = [0, ...cuts.filter((cut) => cut < bytes.length).toSorted((a, b) => a - b), bytes.length];
        expect(await lines(at.slice(1).map((end, i) => bytes.subarray(at[i], end)))).toEqual(await lines([bytes]));
      }),
    );
  });

  it('over a mebibyte are none, and the next one is read', async () => {
    const much = Buffer.alloc(1 << 20, 'x');
    expect(await lines(['a\n', much, much, '\nb\n', much, 'y'])).toEqual(['a', null, 'b', null]);
    expect((await lines([much]))[0]).toHaveLength(1 << 20);
  });
});
