import { join } from 'node:path'
import { measureAppParts, measureSizes, sizeGoals } from './support/bundle.ts'
import { report, round } from './support/results.ts'

const root = join(import.meta.dirname, '..')
const sizes = await measureSizes(root)
const parts = await measureAppParts(root)
const kB = (bytes: number): number => round(bytes / 1024)

const valueNames: Readonly<Record<string, string>> = {
  'realtime-coalescer': 'core',
  'createCoalescer alone': 'alone',
  'createCoalescerWith({ debounce })': 'onlyDebounce',
  'createRealtimeServiceWith({})': 'withoutParts',
  'an app with Supabase and React': 'app',
  'an app with Supabase and React, by createCoalescerWith({ debounce }) and createRealtimeServiceWith({})': 'smallApp',
  'an app with Supabase and React, XState included': 'appWithXState',
}

report({
  values: Object.fromEntries(
    Object.entries(sizes).map(([name, { gzipped }]) => [
      valueNames[name] ?? name.replace('realtime-coalescer/', ''),
      kB(gzipped),
    ]),
  ),
  tables: {
    bytes: {
      columns: ['entry point', 'minified bytes', 'minified and gzipped bytes', 'goal'],
      rows: Object.entries(sizes).map(([name, { minified, gzipped }]) => [
        name,
        minified,
        gzipped,
        sizeGoals[name] ?? '–',
      ]),
    },
    parts: {
      columns: ['part of an app with Supabase and React', 'promises', 'minified bytes', 'share, gzipped'],
      rows: parts.map(({ part, promises, minified, gzipped }) => [part, promises, minified, gzipped]),
    },
  },
  goals: Object.entries(sizeGoals).map(([name, limit]) => {
    const { gzipped = Infinity } = sizes[name] ?? {}
    return {
      goal: `Size of \`${name}\`, minified and gzipped, without peers`,
      target: `≤ ${kB(limit)} kB`,
      measured: `${kB(gzipped)} kB`,
      met: gzipped <= limit,
    }
  }),
})
