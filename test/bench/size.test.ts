import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { beforeAll, describe, expect, it } from 'vitest'
import { type BundleSize, measureAppParts, measureSizes, sizeLimits } from '../../bench/support/bundle.ts'
import { measureParts } from '../../bench/support/parts.ts'
import { findMarks } from '../../bench/support/markdown.ts'
import { chartsOf } from '../../src/machines/charts.ts'
import { strategies } from '../../src/machines/strategies.ts'
import type { AnyStateNode } from 'xstate'

const textsOf = (node: AnyStateNode): string[] => [
  ...(node.description ? [node.description] : []),
  ...Object.values(node.states).flatMap(textsOf),
]

/** The files that a module with these lines, placed in `src`, has something of. */
async function sourcesOf(contents: string): Promise<string[]> {
  const { metafile } = await build({
    stdin: { contents, resolveDir: join(import.meta.dirname, '../../src') },
    bundle: true,
    format: 'esm',
    packages: 'external',
    metafile: true,
    write: false,
  })
  const [output] = Object.values(metafile.outputs)
  const sources = Object.entries(output?.inputs ?? {}).filter(([, { bytesInOutput }]) => bytesInOutput > 0)
  return sources.map(([path]) => path.replace(/^src\//, ''))
}

let sizes: Record<string, BundleSize>
beforeAll(async () => {
  sizes = await measureSizes(join(import.meta.dirname, '../..'))
}, 60_000)

describe('the bundle of each entry point', () => {
  it.each(Object.entries(sizeLimits))('%s stays within %i bytes, minified and gzipped', (name, limit) => {
    expect(sizes[name]?.gzipped).toBeLessThanOrEqual(limit)
    // An empty bundle would be within every limit.
    expect(sizes[name]?.gzipped).toBeGreaterThan(limit / 2)
  })

  it('has a limit for every entry point', () => {
    expect(Object.keys(sizeLimits).toSorted()).toEqual(Object.keys(sizes).toSorted())
  })

  it('drops the strategies that createCoalescerWith is not given', () => {
    const { 'createCoalescer alone': all, 'createCoalescerWith({ debounce })': one } = sizes
    expect(one?.minified).toBeLessThan((all?.minified ?? 0) - 4000)
  })

  it('has nothing of what only others of its names need', async () => {
    const [all, alone] = await Promise.all([
      sourcesOf("export * from './index.ts'"),
      sourcesOf("export { createCoalescer } from './index.ts'"),
    ])
    expect(all.filter((path) => !alone.includes(path)).toSorted()).toEqual([
      'actions/filterCall.ts',
      'integration/query/client/answers.ts',
      'integration/query/client/calls.ts',
      'integration/query/client/hurry.ts',
      'integration/query/client/wrapClient.ts',
      'integration/query/coalesceQueryClient.ts',
      'machines/defineStrategy.ts',
    ])
  })

  it('has nothing of the parts of a service that are not named', async () => {
    const without = await sourcesOf("export { createRealtimeServiceWith } from './supabase.ts'")
    const named = await sourcesOf("export { createRealtimeServiceWith, shareAcrossTabs } from './supabase.ts'")
    const part = named.filter((path) => !without.includes(path))
    expect(part).toContain('integration/supabase/tabs/sharedWire.ts')
    expect(part.filter((path) => !/\/tabs(\/|Setup\.ts|\.ts)/.test(path))).toEqual([])
    expect(without.filter((path) => /\/tabs/.test(path))).toEqual([])
  })
})

describe('what the bytes of an app are for', () => {
  it('is told of every source, and the parts are the whole', async () => {
    const parts = await measureAppParts(join(import.meta.dirname, '../..'))
    const sum = parts.reduce((bytes, { minified }) => bytes + minified, 0)
    const { minified: whole = Infinity } = sizes['an app with Supabase and React'] ?? {}
    expect(sum).toBeLessThanOrEqual(whole)
    // Imports of peers and exports belong to no source.
    expect(sum / whole).toBeGreaterThan(0.98)
  })

  it('refuses a source that no part names', () => {
    expect(() => measureParts(new Map([['integration/new.ts', 10]]), { minified: 10, gzipped: 5 })).toThrow(
      'Expected a part in bench/support/parts.ts that names src/integration/new.ts, found none.',
    )
  })
})

describe('what charts say of their states', () => {
  const bundleFor = async (environment: 'development' | 'production'): Promise<string> => {
    const { outputFiles } = await build({
      entryPoints: [join(import.meta.dirname, '../../src/index.ts')],
      bundle: true,
      minify: true,
      format: 'esm',
      packages: 'external',
      define: { 'process.env.NODE_ENV': JSON.stringify(environment) },
      write: false,
    })
    return outputFiles[0]?.text ?? ''
  }
  const { orchestrator, strategies: machines } = chartsOf(strategies)
  const told = [orchestrator, ...Object.values(machines)].flatMap((machine) => textsOf(machine.root))

  it('is there in development, and not in production', async () => {
    const [development, production] = await Promise.all([bundleFor('development'), bundleFor('production')])
    expect(told.length).toBeGreaterThan(20)
    // What is made of a name is not in a bundle word for word.
    const isFixed = (text: string): boolean => !text.startsWith('The strategy ')
    const plain = (bundle: string): string => bundle.replaceAll("\\'", "'")
    expect(told.filter(isFixed).filter((text) => !plain(development).includes(text))).toEqual([])
    expect(told.filter((text) => plain(production).includes(text))).toEqual([])
    expect(production).not.toContain('decides when to flush.')
  })
})

describe('README', () => {
  it('says what an app adds as it is measured now', () => {
    const page = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8')
    const shown = new Map(findMarks(page).map(({ mark, shown: text }) => [mark, Number(text)]))
    for (const [mark, name] of [
      ['alone', 'createCoalescer alone'],
      ['app', 'an app with Supabase and React'],
      ['appWithXState', 'an app with Supabase and React, XState included'],
    ] as const) {
      const kB = shown.get(`size.values.${mark}`)
      expect({ mark, isShown: kB !== undefined }).toEqual({ mark, isShown: true })
      // Small edits need not write the page anew.
      expect(Math.abs((kB ?? 0) - (sizes[name]?.gzipped ?? 0) / 1024)).toBeLessThan(0.5)
    }
  })

  it('says by how much more XState makes it', () => {
    const { 'an app with Supabase and React': app, 'an app with Supabase and React, XState included': whole } = sizes
    expect((whole?.gzipped ?? 0) - (app?.gzipped ?? 0)).toBeGreaterThan(5000)
  })
})
