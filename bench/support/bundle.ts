import { readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { type Plugin, build } from 'esbuild'
import { type PartSize, measureParts } from './parts.ts'

export interface BundleSize {
  readonly minified: number
  readonly gzipped: number
}

const onlyDebounce = 'createCoalescerWith({ debounce })'
const withoutParts = 'createRealtimeServiceWith({})'

/** The most bytes an entry point should have, minified and gzipped. */
export const sizeGoals: Readonly<Record<string, number>> = {
  'createCoalescer alone': 17 * 1024,
  [onlyDebounce]: 14.5 * 1024,
  'realtime-coalescer/react': 1638,
  'realtime-coalescer/supabase': 6.5 * 1024,
}

const app = 'an app with Supabase and React'
const appWithXState = `${app}, XState included`
const smallApp = `${app}, by ${onlyDebounce} and ${withoutParts}`
/** What the app of README's first page names of each entry point. */
const appImports = [
  "export { createCoalescer } from './index.ts'",
  "export { createRealtimeService } from './supabase.ts'",
  "export { CoalescerProvider, useRealtime } from './react.ts'",
].join('\n')

const createOnlyDebounce =
  "import { createCoalescerWith, debounce } from './index.ts'; export const create = () => createCoalescerWith({ debounce })"
const createWithoutParts =
  "import { createRealtimeServiceWith } from './supabase.ts'; export const join = (options) => createRealtimeServiceWith({}, options)"
const smallAppImports = [
  createOnlyDebounce,
  createWithoutParts,
  "export { CoalescerProvider, useRealtime } from './react.ts'",
].join('\n')

/** What no entry point may exceed: a little above what it has, so that growth is a decision. */
export const sizeLimits: Readonly<Record<string, number>> = {
  'realtime-coalescer': 34_150,
  'createCoalescer alone': 31_600,
  [app]: 56_400,
  [appWithXState]: 69_100,
  [smallApp]: 49_850,
  [withoutParts]: 19_250,
  [onlyDebounce]: 27_950,
  'realtime-coalescer/supabase': 26_200,
  'realtime-coalescer/react': 1640,
  'realtime-coalescer/inspect': 15_850,
  'realtime-coalescer/devtools': 19_100,
  'realtime-coalescer/testing': 40_400,
}

/** Leaves out the files that an app with the core has anyway, but for the entry itself. Where the checkout is does not count. */
const without = (files: ReadonlySet<string>, entry: string): Plugin => ({
  name: 'without-core',
  setup({ onResolve }) {
    onResolve({ filter: /^\.{1,2}\// }, ({ path, resolveDir }) => {
      const file = resolve(resolveDir, path)
      return file !== entry && files.has(file)
        ? { path: `./${relative(dirname(entry), file)}`, external: true }
        : undefined
    })
  },
})

function peersOf(root: string): string[] {
  const { peerDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    peerDependencies: Record<string, string>
  }
  return Object.keys(peerDependencies).flatMap((name) => [name, `${name}/*`])
}

interface Bundle extends BundleSize {
  readonly inputs: readonly string[]
  /** Minified bytes by source, named below `src`. */
  readonly bytesOf: ReadonlyMap<string, number>
}

/** What an app would load at once of a module with these lines, placed in `src`; peers are left out. */
async function bundle(
  root: string,
  contents: string,
  { plugins = [], external = peersOf(root) }: { plugins?: Plugin[]; external?: readonly string[] } = {},
): Promise<Bundle> {
  const src = join(root, 'src')
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: src, sourcefile: 'entry.ts', loader: 'ts' },
    absWorkingDir: root,
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    platform: 'browser',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"' },
    external: [...external],
    plugins,
    metafile: true,
    outdir: 'unwritten',
    write: false,
    logLevel: 'error',
  })
  const isEntry = ([path]: [string, unknown]): boolean => path.endsWith('/stdin.js')
  const wanted = new Set(
    Object.entries(metafile.outputs)
      .filter(isEntry)
      .map(([path]) => path),
  )
  for (const path of wanted) {
    for (const one of metafile.outputs[path]?.imports ?? []) if (one.kind === 'import-statement') wanted.add(one.path)
  }
  const chunks = outputFiles.filter(({ path }) => [...wanted].some((one) => resolve(root, one) === path))
  const bytesOf = new Map<string, number>()
  for (const path of wanted) {
    for (const [source, { bytesInOutput }] of Object.entries(metafile.outputs[path]?.inputs ?? {})) {
      const name = relative(src, resolve(root, source))
      if (name !== 'entry.ts') bytesOf.set(name, (bytesOf.get(name) ?? 0) + bytesInOutput)
    }
  }
  return {
    minified: chunks.reduce((sum, { contents: bytes }) => sum + bytes.length, 0),
    gzipped: chunks.reduce((sum, { contents: bytes }) => sum + gzipSync(bytes, { level: 9 }).length, 0),
    inputs: Object.keys(metafile.inputs).map((path) => resolve(root, path)),
    bytesOf,
  }
}

/**
 * The bytes each entry point adds to an app, minified, without peers, and without what it only loads on demand; the
 * entry points beside the core on top of it.
 */
export async function measureSizes(root: string): Promise<Record<string, BundleSize>> {
  const src = join(root, 'src')
  const whole = await bundle(root, "export * from './index.ts'")
  const core = new Set(whole.inputs.filter((path) => dirname(path) !== src))
  const sizes: Record<string, BundleSize> = {
    'realtime-coalescer': whole,
    'createCoalescer alone': await bundle(root, "export { createCoalescer } from './index.ts'"),
    [onlyDebounce]: await bundle(root, createOnlyDebounce),
  }
  sizes[app] = await bundle(root, appImports)
  sizes[smallApp] = await bundle(root, smallAppImports)
  const withoutXState = peersOf(root).filter((name) => name.split('/')[0] !== 'xstate')
  sizes[appWithXState] = await bundle(root, appImports, { external: withoutXState })
  const plugins = [without(core, join(src, 'supabase.ts'))]
  sizes[withoutParts] = await bundle(root, createWithoutParts, { plugins })
  for (const entry of ['supabase', 'react', 'inspect', 'devtools', 'testing']) {
    const plugins = [without(core, join(src, `${entry}.ts`))]
    sizes[`realtime-coalescer/${entry}`] = await bundle(root, `export * from './${entry}.ts'`, { plugins })
  }
  return Object.fromEntries(Object.entries(sizes).map(([name, { minified, gzipped }]) => [name, { minified, gzipped }]))
}

/** What the bytes of an app with Supabase and React are for. */
export async function measureAppParts(root: string): Promise<PartSize[]> {
  const whole = await bundle(root, appImports)
  return measureParts(whole.bytesOf, whole)
}
