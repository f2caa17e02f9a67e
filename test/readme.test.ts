import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { footpath, scratch } from './support/cli.ts';
import { sitDown } from './support/screen.ts';

const root = resolve(import.meta.dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');

/** Code blocks of a text, without their fences. */
const blocks = (text: string): readonly string[] => [...text.matchAll(/```[a-z]*\n([\s\S]*?)```/g)].map(([, block]) => block ?? '');

describe('README', () => {
  it('shows what the demo prints', async () => {
    const { out, status } = await footpath(['demo', '--out', join(scratch(), 'demo')]);
    expect(status).toBe(0);
    const printed = out.split('\n');
    const shown = /<!-- demo -->([\s\S]*)<!-- \/demo -->/.exec(readme)?.[1] ?? '';
    expect(blocks(shown).length).toBeGreaterThanOrEqual(4);
    for (const block of blocks(shown)) {
      let at = 0;
      for (const line of block.trimEnd().split('\n')) {
        const found = printed.indexOf(line, at);
        expect(found, `in this order, the demo does not print: ${line}`).toBeGreaterThanOrEqual(0);
        at = found + 1;
      }
    }
  });

  it('shows a review as it looks after the demo', async () => {
    const folder = join(scratch(), 'demo');
    await footpath(['demo', '--out', folder]);
    const sitting = await sitDown(['review', '--db', join(folder, 'footpath.db')]);
    await sitting.type('s');
    const screen = await sitting.type('s');
    await sitting.type('q');
    await sitting.end();
    expect(blocks(/<!-- review -->([\s\S]*)<!-- \/review -->/.exec(readme)?.[1] ?? '')).toEqual([screen]);
  });

  it('names only commands and options that exist', async () => {
    const known = new Map<string, string>();
    const said = blocks(readme).join('\n').replace(/\\\n\s*/g, ' ');
    const lines = [...said.matchAll(/(?:^|[|·] *)footpath ([a-z]+)([^|·#\n]*)/gm)];
    expect(lines.length).toBeGreaterThan(10);
    for (const [line, command = '', rest = ''] of lines) {
      if (!known.has(command)) known.set(command, (await footpath([command, '--help'])).out + (await footpath(['--help'])).out);
      const help = known.get(command) ?? '';
      expect(help, `footpath ${command}`).toContain(`footpath ${command}`);
      for (const [option] of rest.matchAll(/(?<= )--?[a-z][-a-z]*/g)) expect(help, line).toContain(option);
    }
  });

  it('links only to files that are there', () => {
    for (const [, path = ''] of readme.matchAll(/\]\(([^)]+)\)/g)) expect(existsSync(join(root, path)), path).toBe(true);
  });
});
