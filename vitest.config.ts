import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/conformance/**', 'node_modules/**'],
    testTimeout: 30_000,
    // Several suites start processes and fsync databases; two cores are the smallest machine they must pass on.
    maxWorkers: 2,
    coverage: { include: ['src/**', 'collectors/**'] },
  },
});
