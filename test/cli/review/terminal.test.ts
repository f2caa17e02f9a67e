import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import Sqlite from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import type { Session } from '../../support/cli.ts';
import { hubbleLine } from '../../support/hubble.ts';
import { sitDown, type Sitting } from '../../support/screen.ts';
import { books, cart, database, few, LATER, learnedShop, METADATA, MINUTE, partner, watchedShop, web } from '../../support/shop.ts';
import { uncoloured } from '../../support/terminal.ts';

const CASES = resolve(import.meta.dirname, '../../cases/review');

/** Databases that screens are of. */
const SESSIONS: Readonly<Record<string, () => Promise<Session>>> = {
  learned: learnedShop,
  watched: async () => {
    const session = await watchedShop();
    await session.observe([...few(2, { from: cart, to: METADATA, port: 80 }), ...few(3, { from: cart, to: books, port: 9000 })]);
    return session;
  },
  flagged: async () => {
    const session = await learnedShop();
    await session.observe(few(1, { from: web, to: database, port: 5432 }));
    return session;
  },
  icmp: async () => {
    const session = await learnedShop();
    const ping = (time: number, reply: boolean): string => hubbleLine({ from: web, to: database, port: 0, time, reply, extra: { l4: { ICMPv4: { type: reply ? 0 : 8 } } } });
    await session.observe([0, 1].flatMap((i) => [ping(LATER + i * MINUTE, false), ping(LATER + i * MINUTE, true)]));
    return session;
  },
  hostile: async () => {
    const session = await learnedShop();
    const evil = { http: { method: 'GET', url: 'http://cart:8080/a\u001b[2J\u202e/\u0007', code: 200 }, extra: { source_names: ['\u001b]0;x\u0007'], destination_names: ['\u001b[31m.example.com\r\n'] } };
    await session.observe([...few(2, { from: web, to: cart, port: 8080, ...evil }), ...few(2, { from: cart, to: partner, port: 443, ...evil })]);
    return session;
  },
};

interface Case {
  readonly name: string;
  readonly database: string;
  readonly args: readonly string[];
  readonly columns: number;
  readonly rows: number;
  readonly keys: readonly string[];
  readonly screen: string;
}

/** Lines of `word: value`, then a line of dashes, then the screen. */
function caseOf(name: string): Case {
  const text = readFileSync(join(CASES, name), 'utf8');
  const end = text.indexOf('\n---\n');
  const head = new Map(text.slice(0, end).split('\n').map((line) => line.split(': ', 2) as [string, string]));
  return {
    name: name.replace('.txt', ''),
    database: head.get('database') ?? '',
    args: (head.get('options') ?? '').split(' ').filter((word) => word !== ''),
    columns: Number(head.get('columns') ?? 80),
    rows: Number(head.get('rows') ?? 60),
    keys: (head.get('keys') ?? '').split(' ').filter((word) => word !== ''),
    screen: text.slice(end + '\n---\n'.length),
  };
}

const KEYS: Readonly<Record<string, string>> = { enter: '\r', escape: '\u001b', space: ' ', down: '\u001b[B', up: '\u001b[A', left: '\u001b[D', right: '\u001b[C' };

describe('the screen', () => {
  it.each(readdirSync(CASES).toSorted().map(caseOf))('$name', async ({ name, database: which, args, columns, rows, keys, screen }) => {
    const session = await SESSIONS[which]!();
    const sitting = await sitDown(['review', ...args, '--db', session.db], { columns, rows });
    let shown = sitting.screen.shown;
    for (const key of keys) shown = await sitting.type(KEYS[key] ?? key.replaceAll('_', ' '));
    sitting.hangUp();
    await sitting.end();
    // UPDATE_SCREENS=1 writes what is shown now: look at the difference before it is committed.
    if (process.env['UPDATE_SCREENS'] !== undefined) writeFileSync(join(CASES, `${name}.txt`), readFileSync(join(CASES, `${name}.txt`), 'utf8').replace(/\n---\n[\s\S]*/, `\n---\n${shown}`));
    else expect(shown).toBe(screen);
    for (const line of shown.split('\n')) expect(line.length).toBeLessThanOrEqual(columns);
  });
});

/** `5432 accept tester reason`, one a decision that holds. */
async function decisions(session: Session): Promise<readonly string[]> {
  const edges = await session.json<readonly { readonly port: number; readonly decision: { readonly action: string; readonly by: string; readonly comment: string | null } | null }[]>('edges');
  return edges.flatMap(({ port, decision }) => (decision === null ? [] : [`${port} ${decision.action} ${decision.by} ${decision.comment}`])).toSorted();
}

const headline = (shown: string): string => shown.split('\n', 1)[0] ?? '';

describe('a review', () => {
  it('writes each decision at once, with who and why', async () => {
    const session = await learnedShop();
    const sitting = await sitDown(['review', '--by', 'ada', '--comment', 'as agreed', '--db', session.db]);
    await sitting.type('a');
    expect(await decisions(session)).toEqual(['5432 accept ada as agreed']);
    await sitting.type('cof my own\r');
    await sitting.type('a');
    expect(await decisions(session)).toEqual(['5432 accept ada as agreed', '8080 accept ada of my own']);
    await sitting.type('q');
    expect(await sitting.end()).toEqual({ status: 0, err: '2 accepted (2 edges), 0 rejected, 0 skipped, 3 left\nnext: footpath review · footpath propose\n' });
  });

  it('goes on in the next run with what is left, skipped items among it', async () => {
    const session = await learnedShop();
    const first = await sitDown(['review', '--db', session.db]);
    await first.type('as');
    const skipped = (await first.type('p')).split('\n')[2];
    await first.type('q');
    expect((await first.end()).err).toContain('1 accepted (1 edge), 0 rejected, 1 skipped, 4 left');
    const second = await sitDown(['review', '--db', session.db]);
    expect([headline(second.screen.shown), second.screen.shown.split('\n')[2]]).toEqual(['footpath review   1 of 5   0 accepted, 0 rejected, 0 skipped, 5 left', skipped]);
    await second.type('q');
    await second.end();
  });

  it('goes to its end, and a run after that has nothing to ask', async () => {
    const session = await learnedShop();
    const sitting = await sitDown(['review', '--db', session.db]);
    expect(await sitting.type('aaaaaaa')).toContain(' nothing is left to decide\n');
    await sitting.type('q');
    expect((await sitting.end()).err).toContain(', 0 left\nnext: footpath propose --out policies');
    expect(await sitDown(['review', '--db', session.db]).then((next) => next.end())).toEqual({ status: 0, err: 'nothing to review: nothing here is undecided (--all goes through what is decided)\n' });
  });

  it('takes decisions back: nothing holds any more, and what is proposed is what was', async () => {
    const session = await learnedShop();
    const before = [await session.edges(), (await session.run('propose')).out];
    const sitting = await sitDown(['review', '--db', session.db]);
    await sitting.type('a');
    await sitting.type('rwrong\r');
    expect(await decisions(session)).toHaveLength(2);
    await sitting.type('u');
    expect(await decisions(session)).toHaveLength(1);
    await sitting.type('u');
    await sitting.type('q');
    expect((await sitting.end()).err).toContain('0 accepted, 0 rejected');
    expect([await session.edges(), (await session.run('propose')).out]).toEqual(before);
  });

  it('--dry-run writes nothing, and shows what it would be like', async () => {
    const session = await learnedShop();
    const sitting = await sitDown(['review', '--dry-run', '--db', session.db], { columns: 100 });
    expect(headline(await sitting.type('aa'))).toBe('footpath review (dry run)   4 of 7   2 accepted, 0 rejected, 0 skipped, 3 left');
    expect(headline(await sitting.type('u'))).toContain('1 accepted');
    await sitting.type('q');
    expect((await sitting.end()).err).toMatch(/^dry run, nothing was written: 1 accepted/);
    expect(await decisions(session)).toEqual([]);
  });

  it('does not write over what somebody else decided meanwhile, and says so', async () => {
    const session = await watchedShop();
    await session.observe(few(2, { from: cart, to: METADATA, port: 80 }));
    const sitting = await sitDown(['review', '--db', session.db]);
    await session.run('reject', (await session.edges('--state', 'observed'))[0]!.id, '--by', 'bob');
    expect(await sitting.type('a')).toContain('not written: somebody else decided on it meanwhile; look again\n');
    expect(sitting.screen.shown).toContain('rejected by bob');
    expect(await decisions(session)).toEqual(['80 reject bob null']);
    await sitting.type('a');
    expect(await decisions(session)).toEqual(['80 accept tester null']);
    await session.run('reject', (await session.edges('--state', 'accepted')).find(({ port }) => port === 80)!.id, '--by', 'bob');
    expect(await sitting.type('u')).toContain('not taken back: somebody decided on it since\n');
    expect(await decisions(session)).toEqual(['80 reject bob null']);
    await sitting.type('q');
    await sitting.end();
  });

  it('heeds no key after the one that quits', async () => {
    const session = await learnedShop();
    const sitting = await sitDown(['review', '--db', session.db]);
    await sitting.type('qaaa');
    await sitting.end();
    expect(await decisions(session)).toEqual([]);
  });

  it('takes nothing that is pasted for keys', async () => {
    const session = await learnedShop();
    const sitting = await sitDown(['review', '--db', session.db]);
    await sitting.type('\u001b[200~aaaa\r\u001b[201~');
    expect(await decisions(session)).toEqual([]);
    await sitting.type('r\u001b[200~a reason\u001b[201~\r');
    expect(await decisions(session)).toEqual(['5432 reject tester a reason']);
    await sitting.type('q');
    await sitting.end();
  });

  it('says what is wrong with the database in one line, after the terminal is itself again', async () => {
    const session = await learnedShop();
    const sitting = await sitDown(['review', '--db', session.db]);
    const other = new Sqlite(session.db);
    other.exec('DROP TABLE decisions');
    other.close();
    await sitting.type('a');
    const { status, err } = await sitting.end();
    expect([status, err]).toEqual([1, expect.stringMatching(/^footpath: .*decisions.*\n$/)]);
    expect([sitting.screen.modes, sitting.raw]).toEqual([LEFT, [true, false]]);
  });
});

/** Modes as a terminal is left: the first screen, lines that wrap, a cursor, no marks around pasted text. */
const LEFT = new Map([['?1049', false], ['?7', true], ['?25', true], ['?2004', false]]);

describe('the terminal', () => {
  it.each<[string, (sitting: Sitting) => unknown]>([
    ['q', (sitting) => sitting.type('q')],
    ['Ctrl-C', (sitting) => sitting.type('\u0003')],
    ['Ctrl-D', (sitting) => sitting.type('\u0004')],
    ['Ctrl-C while something is typed', (sitting) => sitting.type('r reason\u0003')],
    ['SIGTERM', (sitting) => sitting.signal('SIGTERM')],
    ['SIGINT', (sitting) => sitting.signal('SIGINT')],
    ['SIGHUP', (sitting) => sitting.signal('SIGHUP')],
    ['the end of its input', (sitting) => sitting.hangUp()],
  ])('is left as it was found, by %s', async (_, leave) => {
    const session = await learnedShop();
    const sitting = await sitDown(['review', '--db', session.db]);
    expect([sitting.screen.modes.get('?1049'), sitting.raw]).toEqual([true, [true]]);
    await leave(sitting);
    const { status, err } = await sitting.end();
    expect([status, err.split('\n')[0]]).toEqual([0, '0 accepted, 0 rejected, 0 skipped, 7 left']);
    expect([sitting.screen.modes, sitting.raw]).toEqual([LEFT, [true, false]]);
    expect(await decisions(session)).toEqual([]);
  });

  it('may change its size', async () => {
    const session = await learnedShop();
    const sitting = await sitDown(['review', '--db', session.db], { rows: 60 });
    const whole = sitting.screen.shown;
    sitting.screen.resize(50, 12);
    const small = await sitting.type('');
    expect(small.split('\n').length).toBeLessThanOrEqual(13);
    expect(small).toContain('below (space)');
    sitting.screen.resize(80, 60);
    expect(await sitting.type('')).toBe(whole);
    for (const [columns, rows] of [[1, 1], [10, 3], [300, 200]] as const) {
      sitting.screen.resize(columns, rows);
      expect((await sitting.type('')).trimEnd().split('\n').length).toBeLessThanOrEqual(rows);
    }
    await sitting.type('q');
    await sitting.end();
  });

  it('has colours where it may, and says the same without', async () => {
    const session = await learnedShop();
    const [colourful, sober] = [await sitDown(['review', '--db', session.db], { env: { NO_COLOR: '' } }), await sitDown(['review', '--db', session.db])];
    expect(colourful.screen.written).toContain('\u001b[1m');
    expect(sober.screen.written).not.toMatch(/\u001b\[[0-9;]*m/);
    expect(uncoloured(colourful.screen.written)).toBe(sober.screen.written);
    for (const sitting of [colourful, sober]) {
      await sitting.type('q');
      await sitting.end();
    }
  });
});
