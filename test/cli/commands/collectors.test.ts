import { describe, expect, it } from 'vitest';
import { collectors } from '../../../collectors/index.ts';
import { footpath } from '../../support/cli.ts';

describe('footpath collectors', () => {
  it('lists every format with what it can and cannot carry', async () => {
    const listed = (await footpath(['collectors', '-o', 'json'])).json();
    expect(listed).toEqual(collectors.map(({ name, description, carries, lacks }) => ({ name, description, carries, lacks })));
    for (const { carries, lacks } of collectors) expect([carries.length > 0, lacks.length > 0]).toEqual([true, true]);
  });

  it('needs no database, and says the same in words and as names', async () => {
    const [table, names] = [await footpath(['collectors']), await footpath(['collectors', '-o', 'name'])];
    expect([table.status, table.err, names.out]).toEqual([0, '', collectors.map(({ name }) => `${name}\n`).join('')]);
    for (const { name, description, carries, lacks } of collectors) {
      expect(table.out).toContain(`${name}\n  carries: ${carries.join(', ')}\n  lacks:   ${lacks.join(', ')}\n`);
      expect(table.out).toMatch(new RegExp(`^${name} +${description.slice(0, 20)}`, 'm'));
    }
  });
});
