import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { footpath } from '../../support/cli.ts';
import { learnedShop, watchedShop } from '../../support/shop.ts';

describe('footpath db', () => {
  it('check finds a database whole, and prints no data for it', async () => {
    const session = await watchedShop();
    expect(await session.run('db', 'check')).toMatchObject({ status: 0, out: '', err: `${session.db}: whole\n` });
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
