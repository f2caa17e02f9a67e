import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, it } from 'vitest';

const folder = resolve(import.meta.dirname, '../../../shared');

/** Path of something beside the project that a checkout need not have. */
export const shared = (...path: readonly string[]): string => join(folder, ...path);

/** Tests that need it: where it is missing they are skipped with a sentence, and fail where CI promises it. */
export function describeShared(name: string, path: string, tests: () => void): void {
  if (existsSync(shared(path))) {
    describe(name, tests);
    return;
  }
  const missing = `${name}: ../shared/${path} is not there`;
  if ((process.env['FOOTPATH_CI'] ?? '') === '') it.skip(missing);
  else
    it(name, () => {
      throw new Error(missing);
    });
}
