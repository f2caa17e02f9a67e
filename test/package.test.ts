import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseListen } from '../src/api/listen.ts';
import { DEFAULT_CONFIG } from '../src/config.ts';

const root = resolve(import.meta.dirname, '..');
const json = (path: string): unknown => JSON.parse(readFileSync(join(root, path), 'utf8'));

interface Locked {
  readonly integrity?: string;
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const lock = (json('package-lock.json') as { readonly packages: Readonly<Record<string, Locked & { readonly bin?: object; readonly dependencies?: object }>> }).packages;
const manifest = json('package.json') as { readonly bin: object; readonly dependencies: object; readonly scripts: Readonly<Record<string, string>> };

describe('the lock file', () => {
  it('holds every optional package of every platform: one that was written on a single machine loses those of the others', () => {
    const wanted = Object.values(lock).flatMap(({ optionalDependencies }) => Object.keys(optionalDependencies ?? {}));
    expect(wanted.length).toBeGreaterThan(50);
    expect(wanted.filter((name) => !Object.keys(lock).some((path) => path.endsWith(`node_modules/${name}`)))).toEqual([]);
  });

  it('names no registry, and has a checksum for everything', () => {
    const packages = Object.entries(lock).filter(([path]) => path !== '');
    expect(packages.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path)).toEqual([]);
    expect(packages.filter(([, { integrity }]) => integrity === undefined).map(([path]) => path)).toEqual([]);
  });

  it('is the one of package.json', () => {
    expect(lock['']).toMatchObject({ bin: manifest.bin, dependencies: manifest.dependencies });
  });
});

describe('the image', () => {
  const lines = readFileSync(join(root, 'Dockerfile'), 'utf8').split('\n');
  const of = (instruction: string): readonly (readonly string[])[] => lines.filter((line) => line.startsWith(`${instruction} `)).map((line) => line.split(/\s+/).slice(1));
  const copied = of('COPY').filter(([first = '']) => !first.startsWith('--')).flatMap((words) => words.slice(0, -1));

  it('is built from files that are there, and that the build is given', () => {
    const given = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n').filter((line) => line.startsWith('!')).map((line) => line.slice(1));
    expect(copied.length).toBeGreaterThan(5);
    for (const path of copied) {
      expect(existsSync(join(root, path)), path).toBe(true);
      expect(given, path).toContain(path);
    }
  });

  it('takes from the build what is there by then, and all that runs', () => {
    const taken = of('COPY').filter(([first]) => first === '--from=build').flatMap((words) => words.slice(1, -1)).map((path) => path.replace(/^\/footpath\//, ''));
    expect(taken.filter((path) => ![...copied, 'node_modules', 'dist'].includes(path))).toEqual([]);
    expect(taken).toEqual(expect.arrayContaining(['package.json', 'node_modules', 'dist', 'migrations']));
    expect(of('ENTRYPOINT')).toEqual([['["node",', '"/footpath/dist/src/main.js"]']]);
  });

  it('serves, as a user who is told by number not to be root, where the configuration listens', () => {
    expect(of('CMD').map((words) => JSON.parse(words.join(' ')) as unknown)).toEqual([['serve', '--config', '/etc/footpath/footpath.yaml']]);
    expect(of('USER')).toEqual([[expect.stringMatching(/^[1-9][0-9]*:[1-9][0-9]*$/)]]);
    expect(of('EXPOSE')).toEqual([[String(parseListen(DEFAULT_CONFIG.listen).port)]]);
  });
});
