import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { footpath, scratch, type Session } from '../support/cli.ts';
import { few, METADATA, cart, watchedShop } from '../support/shop.ts';

const NO_FILES = ':4';
const FILES = ':0';

/** What the shell is offered for the last of these words, and whether files as well. */
async function offered(words: readonly string[], db = join(scratch(), 'none.db')): Promise<{ readonly values: readonly string[]; readonly files: string }> {
  const { status, out, err } = await footpath(['--db', db, 'complete', '--', ...words]);
  expect([status, err]).toEqual([0, '']);
  const lines = out.trimEnd().split('\n');
  return { values: lines.slice(0, -1).map((line) => line.split('\t', 1)[0] ?? ''), files: lines.at(-1) ?? '' };
}

async function attacked(): Promise<Session> {
  const session = await watchedShop();
  await session.observe(few(2, { from: cart, to: METADATA, port: 80 }));
  return session;
}

describe('commands', () => {
  it('are offered where none stands yet, without the one that only shells use', async () => {
    const { values, files } = await offered(['']);
    expect(values).toEqual(expect.arrayContaining(['observe', 'edges', 'alerts', 'propose', 'db']));
    expect(values).not.toContain('complete');
    expect(files).toBe(NO_FILES);
  });

  it.each([
    [['ob'], ['observe']],
    [['re'], ['reject', 'review']],
    [['-n', 'shop', 'ed'], ['edges']],
    [['--quiet', '--no-headers', 'sta'], ['status']],
    [['db', 'b'], ['backup']],
    [['alerts', 'a'], ['ack', 'accept']],
    [['config', 'p'], ['print-default']],
    [['nothing-like-it'], []],
  ])('%j', async (words, expected) => {
    expect(await offered(words)).toEqual({ values: expected, files: NO_FILES });
  });

  it('come with what they do', async () => {
    const { out } = await footpath(['complete', '--', 'obs'], { env: { FOOTPATH_DB: join(scratch(), 'none.db') } });
    expect(out).toMatch(/^observe\t\S.*\n:4\n$/);
  });
});

describe('options', () => {
  it('are those of the command and those of all commands', async () => {
    const { values, files } = await offered(['edges', '--']);
    expect(values).toEqual(expect.arrayContaining(['--workload', '--state', '--flagged', '--since', '--db', '--output', '--namespace', '--quiet', '--help']));
    expect(values).not.toContain('--inventory');
    expect(files).toBe(NO_FILES);
  });

  it.each([
    [['edges', '--fl'], ['--flagged']],
    [['review', '--a'], ['--all', '--answers', '--all-namespaces']],
    [['observe', '--fo'], ['--format', '--follow']],
    [['alerts', 'mute', 'ab', '--un'], ['--until']],
  ])('%j', async (words, expected) => {
    expect((await offered(words)).values).toEqual(expected);
  });
});

describe('values that are known beforehand', () => {
  it.each([
    [['edges', '--state', ''], ['observed', 'accepted', 'rejected']],
    [['alerts', '--state', ''], ['firing', 'acknowledged', 'accepted', 'rejected', 'muted', 'resolved']],
    [['alerts', '--severity', 'h'], ['high']],
    [['alerts', '--fail-on', ''], ['low', 'medium', 'high', 'critical']],
    [['observe', '--fail-on', 'c'], ['critical']],
    [['edges', '-o', 'j'], ['json']],
    [['-o', 'm'], ['mermaid']],
    [['simulate', '--protocol', ''], ['TCP', 'UDP', 'SCTP']],
    [['observe', '--format', 'h'], ['hubble']],
    [['lint', '--explain', 'no-'], ['no-peers']],
    [['completion', ''], ['bash', 'zsh', 'fish', 'powershell']],
  ])('%j', async (words, expected) => {
    expect(await offered(words)).toEqual({ values: expected, files: NO_FILES });
  });

  it('--as offers every form of policies', async () => {
    expect((await offered(['propose', '--as', ''])).values).toContain('kubernetes');
  });
});

describe('files', () => {
  it.each([
    [['observe', '']],
    [['observe', 'a.log', '']],
    [['flows', '']],
    [['observe', '--inventory', '']],
    [['edges', '--db', '']],
    [['--config', '']],
    [['propose', '--out', '']],
    [['propose', '--ranges', '']],
    [['review', '--answers', '']],
    [['simulate', '--policies', '']],
    [['simulate', '--policies', 'a', '']],
    [['config', 'check', '']],
    [['db', 'backup', '']],
  ])('%j leaves it to the shell', async (words) => {
    expect(await offered(words)).toEqual({ values: [], files: FILES });
  });

  it.each([
    [['diff', ''], ['proposed', 'cluster']],
    [['diff', 'cluster', 'p'], ['proposed']],
    [['diff', 'pol'], []],
    [['lint', ''], ['cluster']],
    [['lint', 'a.yaml', 'b'], []],
  ])('%j leaves it to the shell, beside words', async (words, values) => {
    expect(await offered(words)).toEqual({ values, files: FILES });
  });

  it.each([[['edges', '']], [['status', '']], [['db', 'check', '']], [['collectors', '']], [['propose', '--max-ranges', '']], [['propose', '--widen-namespaces', '']]])('%j takes nothing at all', async (words) => {
    expect(await offered(words)).toEqual({ values: [], files: NO_FILES });
  });
});

describe('values that lie in the database', () => {
  it.each([
    [['-n', ''], ['pay', 'shop']],
    [['edges', '--namespace', 's'], ['shop']],
    [['edges', '--workload', 'shop/'], ['shop/cart', 'shop/db', 'shop/web']],
    [['explain', 'pay/'], ['pay/books', 'pay/ledger']],
    [['watch', ''], ['pay/books', 'pay/ledger', 'shop/cart', 'shop/db', 'shop/web']],
    [['learn', 'shop/web', 'shop/c'], ['shop/cart']],
    [['accept', '--workload', 'shop/d'], ['shop/db']],
    [['review', '--workload', 'shop/d'], ['shop/db']],
  ])('%j', async (words, expected) => {
    const session = await attacked();
    expect(await offered(words, session.db)).toEqual({ values: expected, files: NO_FILES });
  });

  it.each([
    ['as one word', (db: string) => [`--db=${db}`]],
    ['as two words', (db: string) => ['--db', db]],
    ['twice, of which the last counts', (db: string) => ['--db', 'other.db', `--db=${db}`]],
  ])('are those of the database that the unfinished line names, %s', async (_, words) => {
    const session = await attacked();
    expect(await offered([...words(session.db), '-n', ''])).toEqual({ values: ['pay', 'shop'], files: NO_FILES });
  });

  it('are those of the database of the configuration that the unfinished line names', async () => {
    const session = await attacked();
    const config = session.write('c.yaml', `database: ${session.db}\n`);
    const { out } = await footpath(['complete', '--', `--config=${config}`, '-n', '']);
    expect(out).toBe('pay\nshop\n:4\n');
  });

  it('are ids of edges for accept, reject and forget, and of alerts for alerts', async () => {
    const session = await attacked();
    const [edges, alerts] = [(await session.edges()).map(({ id }) => id).toSorted(), (await session.alerts()).map(({ id }) => id)];
    for (const words of [['accept', ''], ['reject', ''], ['forget', '']]) expect((await offered(words, session.db)).values.toSorted()).toEqual(edges);
    for (const word of ['show', 'ack', 'accept', 'reject', 'mute']) expect((await offered(['alerts', word, ''], session.db)).values).toEqual(alerts);
    expect((await offered(['alerts', 'show', alerts[0]!.slice(0, 3)], session.db)).values).toEqual(alerts);
  });

  it('say what they are about', async () => {
    const session = await attacked();
    const { out } = await footpath(['--db', session.db, 'complete', '--', 'alerts', 'show', '']);
    expect(out).toMatch(/^[0-9a-f]{16}\tshop\/cart -> external 169\.254\.169\.254 80\/TCP: .*\n:4\n$/);
  });

  it('are those of the database that the unfinished line names', async () => {
    const session = await attacked();
    expect((await offered(['--db', session.db, '-n', ''])).values).toEqual(['pay', 'shop']);
    expect((await offered(['edges', '--db', session.db, '-n', ''])).values).toEqual(['pay', 'shop']);
  });

  it.each([[['-n', '']], [['accept', '']], [['alerts', 'show', '']], [['watch', '']]])('are none, without a word, where there is no database: %j', async (words) => {
    expect(await offered(words)).toEqual({ values: [], files: NO_FILES });
  });

  it('are none, without a word, where the database is none', async () => {
    const session = await attacked();
    expect((await offered(['-n', ''], session.write('text.db', 'not a database, only text'.repeat(100)))).values).toEqual([]);
  });
});
