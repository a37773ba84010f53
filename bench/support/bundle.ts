import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { type Plugin, build } from 'esbuild'

const root = join(import.meta.dirname, import.meta.dirname.endsWith('support') ? '../..' : '..')
const { peerDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  peerDependencies: Record<string, string>
}
// What the coalescer builds on counts as a peer as well: an app that has the peers has it.
const external = Object.keys(peerDependencies).flatMap((name) => [name, `${name}/*`])

/** Leaves out the files that an app bundles anyway with the core, but for the entry itself. */
const withoutCore = (entry: string): Plugin => ({
  name: 'without-core',
  setup({ onResolve }) {
    onResolve({ filter: /^\.{1,2}\// }, ({ path, importer }) => {
      const file = join(importer, '..', path)
      return importer !== '' && core.has(file) && file !== entry ? { path: file, external: true } : undefined
    })
  },
})

/** The files of the core, found when its entry is bundled. */
const core = new Set<string>()

async function bundle(contents: string, plugins: readonly Plugin[] = []) {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: join(root, 'src'), loader: 'ts' },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    platform: 'browser',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"' },
    external,
    plugins: [...plugins],
    metafile: true,
    write: false,
    logLevel: 'error',
  })
  const minified = outputFiles[0]?.contents ?? new Uint8Array()
  return {
    minified: minified.length,
    gzipped: gzipSync(minified, { level: 9 }).length,
    inputs: Object.keys(metafile.inputs),
  }
}

export interface BundleSize {
  readonly minified: number
  readonly gzipped: number
}

/** The bytes each entry point adds to an app, without peers; all but the first two on top of the core. */
export async function measureSizes(): Promise<Record<string, BundleSize>> {
  const whole = await bundle("export * from './index.ts'")
  for (const input of whole.inputs) core.add(join(process.cwd(), input))
  const sizes: Record<string, BundleSize> = {
    'realtime-coalescer': whole,
    'createCoalescer alone': await bundle("export { createCoalescer } from './index.ts'"),
  }
  for (const entry of ['supabase', 'react', 'inspect', 'devtools']) {
    const path = join(root, `src/${entry}.ts`)
    sizes[`realtime-coalescer/${entry}`] = await bundle(`export * from './${entry}.ts'`, [withoutCore(path)])
  }
  return Object.fromEntries(Object.entries(sizes).map(([name, { minified, gzipped }]) => [name, { minified, gzipped }]))
}

/** The most bytes an entry point may have, minified and gzipped. */
export const sizeGoals: Readonly<Record<string, number>> = {
  'realtime-coalescer': 6144,
  'realtime-coalescer/react': 1024,
  'realtime-coalescer/supabase': 4096,
}
