import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';

interface Suite {
  readonly MUTANTS: readonly { readonly what: string; readonly file: string; readonly find: string }[];
}

const root = resolve(import.meta.dirname, '../..');
const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.mjs') && name !== 'run.mjs');

it.each(files)('the deliberate mistakes of %s still have their places: whoever rewrites one of these lines names its successor', async (name) => {
  const { MUTANTS: mutants } = (await import(join(import.meta.dirname, name))) as Suite;
  expect(mutants.length).toBeGreaterThan(20);
  const lost = mutants.filter(({ file, find }) => readFileSync(join(root, file), 'utf8').split(find).length !== 2);
  expect(lost.map(({ what, file, find }) => `${what}: ${file} does not hold once: ${find}`)).toEqual([]);
});
