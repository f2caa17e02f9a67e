import { defineConfig } from 'vitest/config';

/**
 * What takes minutes: the whole of what CI checks in small. `npm run soak` runs all of it, `npm run soak -- kafka` the files with that
 * in their name. Each prints its figures; one at a time, so that they mean something.
 */
export default defineConfig({ test: { include: ['test/soak/**/*.soak.ts'], testTimeout: 3_600_000, hookTimeout: 120_000, maxWorkers: 1, reporters: 'verbose' } });
