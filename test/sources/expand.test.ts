import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { OperationError } from '../../src/errors.ts';
import { expandPaths } from '../../src/sources/expand.ts';
import { scratch } from '../support/cli.ts';

/** A folder that holds these files, empty or with their own name in them. */
function folderOf(...names: readonly string[]): string {
  const folder = scratch();
  for (const name of names) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), name);
  }
  return folder;
}

/** What the arguments, taken within the folder, mean; files that were named are marked with `!`. */
function expand(folder: string, ...args: readonly string[]): readonly string[] {
  return expandPaths(args.map((arg) => join(folder, arg))).map(({ path, named }) => `${relative(folder, path)}${named ? '!' : ''}`);
}

const TREE = ['b.log', 'a.log', 'sub/2.log', 'sub/10.log', 'sub/deep/x.log', 'z.log'];

describe('which files are read', () => {
  it.each([
    ['a file', ['b.log'], ['b.log!']],
    ['files, in the order given', ['z.log', 'a.log'], ['z.log!', 'a.log!']],
    ['a folder, whole, in the order of names', ['sub'], ['sub/10.log', 'sub/2.log', 'sub/deep/x.log']],
    ['folders within it, each in its place', ['.'], ['a.log', 'b.log', 'sub/10.log', 'sub/2.log', 'sub/deep/x.log', 'z.log']],
    ['a pattern, in the order of names', ['*.log'], ['a.log', 'b.log', 'z.log']],
    ['a pattern over folders', ['**/*.log'], ['a.log', 'b.log', 'sub/10.log', 'sub/2.log', 'sub/deep/x.log', 'z.log']],
    ['a pattern that matches a folder', ['s*'], ['sub/10.log', 'sub/2.log', 'sub/deep/x.log']],
    ['a pattern with alternatives', ['{z,a}.log'], ['a.log', 'z.log']],
    ['arguments of each kind', ['z.log', 'sub/deep', '?.log'], ['z.log!', 'sub/deep/x.log', 'a.log', 'b.log']],
    ['a file twice', ['a.log', 'a.log'], ['a.log!']],
    ['a file and the folder it is in', ['b.log', '.'], ['b.log!', 'a.log', 'sub/10.log', 'sub/2.log', 'sub/deep/x.log', 'z.log']],
    ['the same file, spelled otherwise', ['a.log', 'sub/../a.log'], ['a.log!']],
    ['nothing', [], []],
  ])('%s', (_, args, expected) => {
    expect(expand(folderOf(...TREE), ...args)).toEqual(expected);
  });

  it('names what a pattern matches as the pattern is given: from the root, or from here', () => {
    const folder = folderOf('a.log');
    expect(expandPaths([join(folder, '*.log')]).map(({ path }) => path)).toEqual([join(folder, 'a.log')]);
    expect(expandPaths([join(relative(process.cwd(), folder), '*.log')]).map(({ path }) => path)).toEqual([join(relative(process.cwd(), folder), 'a.log')]);
  });

  it('says how large a file is', () => {
    const folder = folderOf('a.log');
    writeFileSync(join(folder, 'a.log'), 'x'.repeat(1_234));
    expect(expandPaths([join(folder, 'a.log')])).toEqual([{ path: join(folder, 'a.log'), size: 1_234, isRegular: true, named: true }]);
  });

  it('takes a name that looks like a pattern for a name, where there is such a file', () => {
    const folder = folderOf('[ab].log', 'a.log', 'what?.log');
    expect(expand(folder, '[ab].log')).toEqual(['[ab].log!']);
    expect(expand(folder, 'what?.log')).toEqual(['what?.log!']);
  });

  it('leaves out hidden files, hidden folders, and kubelet’s half-written ones, unless they are named', () => {
    const folder = folderOf('.hidden.log', '.git/x.log', '0.log', '0.log.20260301-120000.gz.tmp');
    expect(expand(folder, '.')).toEqual(['0.log']);
    expect(expand(folder, '**')).not.toContain('.git/x.log');
    expect(expand(folder, '.hidden.log', '0.log.20260301-120000.gz.tmp')).toEqual(['.hidden.log!', '0.log.20260301-120000.gz.tmp!']);
  });

  it('gives an empty folder no files', () => {
    expect(expand(folderOf(), '.')).toEqual([]);
  });
});

describe('links', () => {
  it('are followed, and a file that is reached twice is read once', () => {
    const folder = folderOf('pods/shop_web_0a1b2c3d/app/0.log');
    mkdirSync(join(folder, 'containers'));
    symlinkSync('../pods/shop_web_0a1b2c3d/app/0.log', join(folder, 'containers/web.log'));
    symlinkSync('../pods', join(folder, 'containers/more'));
    expect(expand(folder, 'containers/web.log')).toEqual(['containers/web.log!']);
    expect(expand(folder, 'containers')).toEqual(['containers/more/shop_web_0a1b2c3d/app/0.log']);
    expect(expand(folder, 'pods/*/*/*.log', 'containers/*.log')).toEqual(['pods/shop_web_0a1b2c3d/app/0.log']);
    expect(expand(folder, 'containers/*.log', 'pods')).toEqual(['containers/web.log']);
  });

  it('that are hard are files of their own: what they hold is told apart by what it is', () => {
    const folder = folderOf('a.log');
    linkSync(join(folder, 'a.log'), join(folder, 'b.log'));
    expect(expand(folder, '.')).toEqual(['a.log', 'b.log']);
  });
});

describe('what is no regular file', () => {
  it('a pipe with a name is read once, as it comes', () => {
    const folder = folderOf();
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    expect(expandPaths([join(folder, 'pipe')])).toMatchObject([{ isRegular: false, named: true }]);
  });

  it('a device is read once', () => {
    expect(expandPaths(['/dev/null'])).toMatchObject([{ isRegular: false, named: true }]);
  });

  it('a socket is left out where it is found, and an error where it is named', async () => {
    const folder = folderOf('a.log');
    const server = createServer();
    await new Promise<void>((resolve) => void server.listen(join(folder, 's.sock'), resolve));
    expect(expand(folder, '.')).toEqual(['a.log']);
    expect(() => expand(folder, 's.sock')).toThrow(/s\.sock: is no file/);
    await new Promise((resolve) => void server.close(resolve));
  });
});

describe('what is not there', () => {
  it.each([
    ['a file', 'gone.log', /gone\.log: no such file$/],
    ['a file in a folder that is none', 'a.log/x', /a\.log\/x: cannot be read: ENOTDIR$/],
    ['what a link points to', 'dangling', /dangling: no such file$/],
    ['anything that a pattern matches', '*.txt', /\*\.txt: matches no file$/],
    ['anything that a pattern matches in a folder that is not there', 'gone/*.log', /gone\/\*\.log: matches no file$/],
  ])('%s is an error in one line that names it', (_, arg, message) => {
    const folder = folderOf('a.log');
    symlinkSync('nowhere', join(folder, 'dangling'));
    const failing = (): unknown => expand(folder, 'a.log', arg);
    expect(failing).toThrow(message);
    expect(failing).toThrow(OperationError);
  });
});
