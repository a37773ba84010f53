import { defineConfig } from 'vitest/config'

/** Tests with real sockets and timers. */
const wire = ['test/{backend,integration}/**/*.test.{ts,tsx}']

/** Tests that start browsers or package managers. */
const heavy = ['test/{browser,package}/**/*.test.{ts,tsx}']

/** Tests in simulated time, with modules of their own in a process they share. */
const shared = [
  'test/{actions,exhaust,machines,model,promises,simulation,strategies,supabase,tabs,testing}/**/*.test.{ts,tsx}',
]

// Real sockets, browsers and package managers on a shared machine: one more try there, none at a desk.
const system = {
  // What hangs is to end; how long the rest takes is a matter of the machine.
  testTimeout: 300_000,
  hookTimeout: 300_000,
  retry: process.env.CI ? 1 : 0,
  // Of three on two cores one waits, for a timer or a socket.
  maxWorkers: 3,
  sequence: { groupOrder: 1 },
}

export default defineConfig({
  resolve: {
    alias: [
      { find: /^realtime-coalescer$/, replacement: `${import.meta.dirname}/src/index.ts` },
      { find: /^realtime-coalescer\/(\w+)$/, replacement: `${import.meta.dirname}/src/$1.ts` },
    ],
  },
  test: {
    // What has to come true is waited for, however slow the machine is.
    expect: { poll: { timeout: 60_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'shared',
          include: shared,
          isolate: false,
          setupFiles: ['test/support/nothingLeft.ts', 'test/support/seedOfRun.ts'],
          testTimeout: 300_000,
          maxWorkers: '100%',
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.{ts,tsx}'],
          exclude: [...shared, ...wire, ...heavy],
          setupFiles: ['test/support/seedOfRun.ts'],
          testTimeout: 300_000,
          maxWorkers: '100%',
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          ...system,
          name: 'wire',
          include: wire,
          setupFiles: ['test/support/seedOfRun.ts'],
        },
      },
      {
        extends: true,
        test: {
          ...system,
          name: 'heavy',
          include: heavy,
          setupFiles: ['test/support/seedOfRun.ts'],
        },
      },
    ],
  },
})
