import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { footpath } from '../../support/cli.ts';
import { learnedShop, watchedShop } from '../../support/shop.ts';

describe('footpath db', () => {
  it('check finds a database whole, and prints no data for it', async () => {
    const session = await watchedShop();
    expect(await session.run('db', 'check')).toMatchObject({ status: 0, out: '', err: `${session.db}: whole\n` });
  });

  it.each([['db', 'check'], ['db', 'stats'], ['edges'], ['alerts'], ['status'], ['propose'], ['observe', '-']])('a damaged database is an error of one line that names it and says what to do: %s %s', async (...args) => {
    const session = await watchedShop();
    const bytes = readFileSync(session.db);
    bytes.fill(0xff, 3 * 4096);
    writeFileSync(session.db, bytes);
    const { status, out, err } = await session.run(...args.filter((arg) => arg !== undefined));
    expect([status, out, err.split('\n').length]).toEqual([1, '', 2]);
    expect(err).toMatch(/footpath\.db: .*: it is damaged; keep a copy/);
  });

  it('backup into a folder that is not there fails, and says so in one line', async () => {
    const session = await learnedShop();
    const copy = join(session.folder, 'no', 'copy.db');
    const { status, out, err } = await session.run('db', 'backup', copy);
    expect({ status, out, err }).toEqual({ status: 1, out: '', err: `footpath: ${copy}: cannot write a copy there: its folder does not exist; make it, or name another file\n` });
    expect(existsSync(copy)).toBe(false);
  });

  it('backup makes a copy that answers the same', async () => {
    const session = await watchedShop();
    const copy = join(session.folder, 'copy.db');
    expect(await session.run('db', 'backup', copy)).toMatchObject({ status: 0, out: '', err: `${session.db} copied to ${copy}\n` });
    for (const args of [['edges', '-o', 'json'], ['status', '-o', 'json'], ['propose'], ['alerts', '-o', 'json']]) {
      expect((await footpath([...args, '--db', copy])).out).toBe((await session.run(...args)).out);
    }
  });

  it('backup never overwrites', async () => {
    const session = await learnedShop();
    const file = session.write('precious.txt', 'precious');
    expect(await session.run('db', 'backup', file)).toMatchObject({ status: 2, out: '', err: `footpath: ${file}: exists; a backup never overwrites\n` });
    expect(readFileSync(file, 'utf8')).toBe('precious');
  });

  it('stats counts rows and bytes', async () => {
    const session = await learnedShop();
    const stats = (await session.run('db', 'stats', '-o', 'json')).json() as { readonly bytes: number; readonly tables: Readonly<Record<string, number>> };
    expect(stats.bytes).toBe(readFileSync(session.db).length);
    expect(stats.tables).toMatchObject({ edges: 4, pods: 5, pending: 0, decisions: 0, positions: 1 });
    const { out } = await session.run('db', 'stats');
    expect(out).toMatch(/^\S+footpath\.db: [\d,]+ bytes\nTABLE +ROWS\n/);
    expect(out).toMatch(/^edges +4$/m);
  });
});
