import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { leftovers, writeFiles } from '../../src/cli/write-files.ts';
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

  it('replace a link, and leave alone what it leads to', () => {
    const [folder, elsewhere] = [scratch(), join(scratch(), 'theirs')];
    writeFileSync(elsewhere, 'theirs');
    for (const name of ['shop__web.yaml', 'shop__web.yaml.new']) symlinkSync(elsewhere, join(folder, name));
    writeFiles(folder, [{ name: 'shop__web.yaml', content: 'ours' }]);
    expect([readFileSync(elsewhere, 'utf8'), readFileSync(join(folder, 'shop__web.yaml'), 'utf8'), readdirSync(folder)]).toEqual(['theirs', 'ours', ['shop__web.yaml']]);
  });
});

describe('what an earlier run left', () => {
  const MANAGED = 'metadata:\n  labels:\n    app.kubernetes.io/managed-by: footpath\n';

  it('is files of ours that are not written any more; links and pipes of such names are not read', () => {
    const folder = scratch();
    for (const name of ['shop__old.yaml', 'shop__web.yaml', 'notes.yaml']) writeFileSync(join(folder, name), MANAGED);
    writeFileSync(join(folder, 'shop__theirs.yaml'), 'kind: NetworkPolicy\n');
    symlinkSync('/dev/zero', join(folder, 'shop__zero.yaml'));
    execFileSync('mkfifo', [join(folder, 'shop__pipe.yaml')]);
    expect(leftovers(folder, new Set(['shop__web.yaml']))).toEqual(['shop__old.yaml']);
  });
});
