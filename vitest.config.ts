import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['sandbox/**/*.test.ts', 'tests/**/*.test.ts'],
    testTimeout: 300_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
