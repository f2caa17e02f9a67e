import { defineConfig } from 'vitest/config';

/** Checks on data that is no part of the project (`../shared`): real captures, and what other tools say of the same policies. */
export default defineConfig({ test: { include: ['test/conformance/**/*.test.ts'], testTimeout: 120_000, maxWorkers: 2 } });
