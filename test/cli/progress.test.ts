import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { Context } from '../../src/cli/context.ts';
import { progressBar, statusLine } from '../../src/cli/progress.ts';

class Screen extends Writable {
  readonly isTTY: boolean;
  text = '';

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** A bar over 1 GB in two files, on a clock that the test turns. */
function reading({ isTTY = true, quiet = false } = {}) {
  const stderr = new Screen(isTTY);
  const clock = { now: 0 };
  const bar = progressBar({ stderr, now: () => clock.now, env: { NO_COLOR: '1' }, options: { headers: true, quiet } } as unknown as Context, 2, 1e9);
  return { stderr, bar, at: (ms: number, bytes: number, records: number) => ((clock.now = ms), bar.advance(bytes, records)) };
}

describe('the progress of reading', () => {
  it('says nothing of work that takes no longer than two seconds', () => {
    const { stderr, bar, at } = reading();
    at(500, 4e8, 1_000);
    at(1_999, 6e8, 1_000);
    bar.done();
    expect(stderr.text).toBe('');
  });

  it('is one line that is drawn over itself: how far, how much, how fast, how long yet', () => {
    const { stderr, at } = reading();
    at(4_000, 2.5e8, 1_000_000);
    expect(stderr.text).toBe(`\r\u001b[Kreading 2 files  ${'━'.repeat(28)}  25 %  250 MB  1,000,000 records  250,000/s  0:12 left`);
  });

  it('is not drawn more often than eyes can follow', () => {
    const { stderr, at } = reading();
    for (let ms = 3_000; ms < 3_120; ms += 10) at(ms, 1e6, 10);
    expect(stderr.text.split('\r').length - 1).toBe(1);
    at(3_121, 1e6, 10);
    expect(stderr.text.split('\r').length - 1).toBe(2);
  });

  it('is wiped away at the end', () => {
    const { stderr, bar, at } = reading();
    at(3_000, 1e9, 10);
    bar.done();
    expect(stderr.text.endsWith('\r\u001b[K')).toBe(true);
  });

  it.each([
    ['in a pipe', { isTTY: false }],
    ['with --quiet', { quiet: true }],
  ])('is nothing %s', (_, options) => {
    const { stderr, bar, at } = reading(options);
    at(60_000, 5e8, 10);
    bar.done();
    expect(stderr.text).toBe('');
  });
});

describe('the line about reading that has no end', () => {
  const line = (isTTY: boolean, quiet = false) => {
    const stderr = new Screen(isTTY);
    const own = statusLine({ stderr, now: () => 100_000, env: {}, options: { headers: true, quiet } } as unknown as Context);
    const draw = (...sources: readonly { readonly up: boolean; readonly caughtUp: number }[]): string => {
      stderr.text = '';
      own.draw({ totals: new Map([['records', 12_345], ['flows', 2_000]]) }, 61_000, sources);
      return stderr.text;
    };
    return { own, draw, stderr };
  };

  it.each([
    ['up to date', [{ up: true, caughtUp: 99_500 }]],
    ['1:30 behind', [{ up: true, caughtUp: 99_500 }, { up: true, caughtUp: 10_000 }]],
    ['1 of 2 sources lost', [{ up: true, caughtUp: 99_500 }, { up: false, caughtUp: 10_000 }]],
  ])('says that it is %s', (state, sources) => {
    expect(line(true).draw(...sources)).toBe(`\r\u001b[Kfollowing  1:01  12,345 records  2,000 flows  ${state}  (Ctrl-C ends it)`);
  });

  it('is wiped away before anything else is said, once', () => {
    const { own, draw, stderr } = line(true);
    draw({ up: true, caughtUp: 0 });
    stderr.text = '';
    own.clear();
    own.clear();
    expect(stderr.text).toBe('\r\u001b[K');
  });

  it.each([['in a pipe', false, false], ['with --quiet', true, true]])('is nothing %s', (_, isTTY, quiet) => {
    expect(line(isTTY, quiet).draw({ up: true, caughtUp: 0 })).toBe('');
  });
});
