import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

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
