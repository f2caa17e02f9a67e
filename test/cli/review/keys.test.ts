import { PassThrough } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { listen, type Key } from '../../../src/cli/review/keys.ts';

/** What is heard of these chunks; `name` or `name:text`. */
async function heard(...chunks: readonly (string | Buffer)[]): Promise<readonly string[]> {
  const keys: Key[] = [];
  const stdin = new PassThrough();
  const stop = listen(stdin, (key) => keys.push(key));
  for (const chunk of chunks) {
    stdin.write(chunk);
    await nextTurn();
  }
  stop();
  return keys.map(({ name, text }) => (text === '' ? name : `${name}:${text}`));
}

describe('keys', () => {
  it.each<[string, string, readonly string[]]>([
    ['letters', 'aR?', ['text:a', 'text:R', 'text:?']],
    ['a space', ' ', ['text: ']],
    ['letters of any language', 'é世😀', ['text:é', 'text:世', 'text:😀']],
    ['Enter', '\r', ['enter']],
    ['a newline', '\n', ['enter']],
    ['Backspace, as either code', '\u007f\b', ['backspace', 'backspace']],
    ['arrows', '\u001b[A\u001b[B\u001b[C\u001b[D', ['up', 'down', 'right', 'left']],
    ['arrows of the other mode', '\u001bOA\u001bOB', ['up', 'down']],
    ['pages', '\u001b[5~\u001b[6~', ['pageup', 'pagedown']],
    ['Ctrl-C, Ctrl-D, Ctrl-U', '\u0003\u0004\u0015', ['interrupt', 'end', 'erase']],
    ['other control keys', '\u0001\u001a', ['other', 'other']],
    ['Alt with a letter, which is not the letter', '\u001ba', ['other']],
    ['function keys', '\u001bOP\u001b[15~', ['other', 'other']],
    ['Tab', '\t', ['other']],
    ['a paste', '\u001b[200~aa\r\u0003r\u001b[201~b', ['paste:aa\r\u0003r', 'text:b']],
    ['an empty paste', '\u001b[200~\u001b[201~', []],
  ])('%s', async (_, typed, expected) => {
    expect(await heard(typed)).toEqual(expected);
  });

  it('are heard whole where they come in pieces', async () => {
    const [first, ...rest] = Buffer.from('世');
    expect(await heard(Buffer.from([first!]), Buffer.from(rest), '\u001b', '[A')).toEqual(['text:世', 'up']);
  });

  it('Escape alone is heard after a moment', async () => {
    const keys: string[] = [];
    const stdin = new PassThrough();
    const stop = listen(stdin, ({ name }) => keys.push(name));
    stdin.write('\u001b');
    await expect.poll(() => keys, { timeout: 5_000 }).toEqual(['escape']);
    stop();
  });

  it('wait for the next listener once that was taken back, and end with the stream', async () => {
    const keys: string[] = [];
    const stdin = new PassThrough();
    const stop = listen(stdin, ({ name }) => keys.push(name));
    stop();
    stdin.write('a');
    await nextTurn();
    expect(keys).toEqual([]);
    const again = listen(stdin, ({ name }) => keys.push(name));
    stdin.end();
    await expect.poll(() => keys.at(-1), { timeout: 5_000 }).toBe('end');
    again();
    expect(keys).toEqual(['text', 'end']);
  });

  it('are never more than what was typed, and no text holds a control character', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: 'binary', maxLength: 12 }), { maxLength: 4 }), async (chunks) => {
        const keys: Key[] = [];
        const stdin = new PassThrough();
        const stop = listen(stdin, (key) => keys.push(key));
        for (const chunk of chunks) stdin.write(chunk);
        await nextTurn();
        stop();
        expect(keys.length).toBeLessThanOrEqual([...chunks.join('')].length);
        for (const { name, text } of keys) if (name === 'text') expect(text).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
      }),
      { numRuns: 100 },
    );
  });
});
