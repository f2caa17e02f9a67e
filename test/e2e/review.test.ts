import { execFile, spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Session } from '../support/cli.ts';
import { learnedShop } from '../support/shop.ts';

const MAIN = resolve(import.meta.dirname, '../../dist/src/main.js');
const PTY = resolve(import.meta.dirname, '../support/on-pty.py');
const hasPython = spawnSync('python3', ['-c', 'import pty, os; os.waitstatus_to_exitcode']).status === 0;

interface OnPty {
  readonly sent: string;
  readonly status: number | null;
  /** The line discipline: echo, lines, signals. */
  readonly restored: boolean;
  /** Keys that were never typed, as what they waited for did not come. */
  readonly waiting: readonly (readonly [string, string])[];
}

/** Runs the built program on a pseudo-terminal; each key is typed when its text has come. */
async function onPty(session: Session, keys: readonly (readonly [string, string | null])[], ...args: readonly string[]): Promise<OnPty> {
  const { stdout } = await promisify(execFile)('python3', [PTY, '80', '30', JSON.stringify(keys), process.execPath, MAIN, 'review', '--db', session.db, ...args], {
    env: { ...process.env, TERM: 'xterm', NO_COLOR: '1', USER: 'tester' },
    maxBuffer: 1 << 24,
  });
  return JSON.parse(stdout) as OnPty;
}

const states = async (session: Session): Promise<readonly string[]> => (await session.json<readonly { readonly decision: { readonly action: string; readonly comment: string | null } | null }[]>('edges')).flatMap(({ decision }) => (decision === null ? [] : [`${decision.action} ${decision.comment}`]));

describe.runIf(hasPython)('a review on a real terminal', () => {
  it('accepts, rejects with a reason, takes back, and leaves the terminal as it was', async () => {
    const session = await learnedShop();
    const result = await onPty(session, [
      ['1 of 7', 'a'],
      ['1 accepted', 'r'],
      ['reason for rejecting 1 edge', 'not ours\r'],
      ['1 rejected', 'a'],
      ['2 accepted', 'u'],
      ['taken back', 'q'],
    ]);
    expect(result).toMatchObject({ status: 0, restored: true, waiting: [] });
    expect(result.sent).toContain('1 accepted (1 edge), 1 rejected (1 edge), 0 skipped, ');
    expect(result.sent.indexOf('\u001b[?1049l')).toBeLessThan(result.sent.lastIndexOf('1 accepted'));
    expect((await states(session)).toSorted()).toEqual(['accept null', 'reject not ours']);
  });

  it.each([
    ['Ctrl-C', '\u0003'],
    ['Ctrl-D', '\u0004'],
  ])('is left by %s, and the terminal is as it was', async (_, key) => {
    const result = await onPty(await learnedShop(), [['1 of 7', key]]);
    expect(result).toMatchObject({ status: 0, restored: true, waiting: [] });
    expect(result.sent.endsWith('next: footpath review · footpath propose\r\n')).toBe(true);
  });

  it('loses nothing that was decided to a kill', async () => {
    const session = await learnedShop();
    expect(await onPty(session, [['1 of 7', 'a'], ['1 accepted', null]])).toMatchObject({ status: -9, waiting: [] });
    expect(await states(session)).toEqual(['accept null']);
  });

  it('goes on where the last run ended', async () => {
    const session = await learnedShop();
    await onPty(session, [['1 of 7', 'a'], ['1 accepted', 'q']]);
    const { sent, waiting } = await onPty(session, [['1 of 5', 'q']]);
    expect([waiting, sent.includes('0 accepted, 0 rejected, 0 skipped, 5 left')]).toEqual([[], true]);
  });
});
