import { defineConfig } from 'vitest/config'

/** Tests that start servers, browsers or package managers: one file at a time, after all others. */
const system = ['test/{backend,integration,browser,package}/**/*.test.{ts,tsx}']

export default defineConfig({
  resolve: {
    alias: [
      { find: /^realtime-coalescer$/, replacement: `${import.meta.dirname}/src/index.ts` },
      { find: /^realtime-coalescer\/(\w+)$/, replacement: `${import.meta.dirname}/src/$1.ts` },
    ],
  },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.{ts,tsx}'],
          exclude: system,
          setupFiles: ['test/support/seedOfRun.ts'],
          testTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'system',
          include: system,
          setupFiles: ['test/support/seedOfRun.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // Real sockets, browsers and package managers on a shared machine: one more try there, none at a desk.
          retry: process.env.CI ? 1 : 0,
          fileParallelism: false,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
