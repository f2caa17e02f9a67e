import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { Random } from '../../src/demo/random.ts';

const folders: string[] = [];

afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** An empty folder that is there until the last test of the file. */
export function longLived(): string {
  const folder = mkdtempSync(join(tmpdir(), 'footpath-suite-'));
  folders.push(folder);
  return folder;
}

/** Paths of all files below a folder, sorted. */
export function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}

/** Path to content of all files below a folder that `wanted` wants; paths are relative to it. */
export function contentsBelow(folder: string, wanted: (path: string) => boolean = () => true): ReadonlyMap<string, string> {
  const paths = filesBelow(folder).map((path) => path.slice(folder.length + 1)).filter(wanted);
  return new Map(paths.map((path) => [path, readFileSync(join(folder, path), 'latin1')]));
}

export function shuffle<T>(items: readonly T[], random: Random): readonly T[] {
  const left = [...items];
  for (let i = left.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [left[i], left[j]] = [left[j]!, left[i]!];
  }
  return left;
}

/** A copy of a folder of logs with the lines of every file in another order; returns its files, in another order. */
export function shuffledCopy(folder: string, into: string, random: Random): readonly string[] {
  cpSync(folder, into, { recursive: true });
  const files = filesBelow(into);
  for (const file of files) {
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    writeFileSync(file, shuffle(lines, random).map((line) => `${line}\n`).join(''));
  }
  return shuffle(files, random);
}
