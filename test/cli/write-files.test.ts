import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeFiles } from '../../src/cli/write-files.ts';
import { scratch } from '../support/cli.ts';

describe('files of policies', () => {
  it('are written into a folder that is made for them', () => {
    const folder = join(scratch(), 'a/b');
    writeFiles(folder, [{ name: 'shop__web.yaml', content: 'one' }, { name: 'kustomization.yaml', content: 'two' }]);
    expect(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')])).toEqual([['kustomization.yaml', 'two'], ['shop__web.yaml', 'one']]);
  });

  it('replace what was there, and what a crash left beside it', () => {
    const folder = scratch();
    for (const name of ['shop__web.yaml', 'shop__web.yaml.new']) writeFileSync(join(folder, name), 'old and longer');
    writeFiles(folder, [{ name: 'shop__web.yaml', content: 'new' }]);
    expect([readdirSync(folder), readFileSync(join(folder, 'shop__web.yaml'), 'utf8')]).toEqual([['shop__web.yaml'], 'new']);
  });

  it.each(['../shop__web.yaml', '/etc/shop__web.yaml', 'shop__web/../../x.yaml', 'shop__.yaml', '__web.yaml', 'shop_web.yaml', 'shop__web.yml', '.shop__web.yaml', 'shop__web.yaml\n', 'Shop__web.yaml', 'kustomization.yaml.new', ''])(
    'have names of one grammar, and %j is none: nothing is written',
    (name) => {
      const folder = join(scratch(), 'policies');
      expect(() => writeFiles(folder, [{ name, content: 'x' }])).toThrow('not a file name of ours');
      expect(readdirSync(folder)).toEqual([]);
    },
  );

  it('are an error of one sentence where they cannot be written', () => {
    const folder = scratch();
    mkdirSync(join(folder, 'shop__web.yaml'));
    expect(() => writeFiles(folder, [{ name: 'shop__web.yaml', content: 'x' }])).toThrow(/^\S+: cannot be written: E\w+; check the folder and its rights$/);
  });
});
