import { existsSync } from 'node:fs'
import { cp, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build as bundle } from 'esbuild'
import { publint } from 'publint'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkConsumer } from '../../scripts/support/consumer.ts'
import { oldest } from '../../scripts/support/peers.ts'
import { root, run } from '../../scripts/support/run.ts'
import { createDirectory, createProject, packPackage, removeDirectory } from '../../scripts/support/tarball.ts'

interface Manifest {
  readonly exports: Readonly<
    Record<string, string | Record<'import' | 'require', { readonly types: string; readonly default: string }>>
  >
  readonly peerDependencies: Readonly<Record<string, string>>
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>
  readonly dependencies?: Readonly<Record<string, string>>
}

const readManifest = async (path: string): Promise<Manifest> => JSON.parse(await readFile(path, 'utf8')) as Manifest

let directory: string
let tarball: string
let project: string
let installed: string
let manifest: Manifest

beforeAll(async () => {
  directory = await createDirectory('consumers')
  tarball = await packPackage(directory)
  project = join(directory, 'project')
  const own = await readManifest(join(root, 'package.json'))
  await createProject(project, {
    'realtime-coalescer': tarball,
    ...own.peerDependencies,
    'react-dom': '^19',
    '@types/node': '^20',
    '@types/react': '^19',
    '@types/react-dom': '^19',
  })
  await cp(join(root, 'test/package/consumer'), join(project, 'consumer'), { recursive: true })
  installed = join(project, 'node_modules/realtime-coalescer')
  manifest = await readManifest(join(installed, 'package.json'))
})

afterAll(() => removeDirectory(directory))

const entries = {
  '.': [
    'KeyWindows',
    'SharedWindow',
    'adaptive',
    'batch',
    'coalesceQueryClient',
    'createCoalescer',
    'createCoalescerWith',
    'createWindowsMachine',
    'debounce',
    'defineStrategy',
    'direct',
    'hybrid',
    'perKey',
  ],
  './supabase': ['createRealtimeService', 'createRealtimeServiceWith', 'shareAcrossTabs'],
  './react': [
    'CoalescerProvider',
    'useCoalescer',
    'useCoalescerState',
    'useRealtime',
    'useRealtimeStatus',
    'useStrategy',
  ],
  './inspect': ['createLocalInspector', 'createSocketInspector', 'createStatelyInspector'],
  './devtools': ['CoalescerDevtools', 'CoalescerDevtoolsPanel', 'coalescerDevtoolsPlugin'],
  './sql': ['broadcastSql'],
  './testing': [
    'arbitraryFaults',
    'arbitraryStorm',
    'checkKeys',
    'coalescerMachines',
    'createTestApp',
    'createTestClock',
    'createTestFeed',
    'createTestServer',
    'expectFresh',
    'playStorm',
    'printStorm',
    'strategyModel',
  ],
}

/** The packages an entry point reaches, all its own modules followed. */
async function importsOf(entry: string): Promise<string[]> {
  const target = manifest.exports[entry] as { readonly import: { readonly default: string } }
  const { metafile } = await bundle({
    entryPoints: [join(installed, target.import.default)],
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    packages: 'external',
  })
  const paths = Object.values(metafile.inputs).flatMap(({ imports }) =>
    imports.filter(({ external }) => external).map(({ path }) => path),
  )
  return [
    ...new Set(
      paths.map((path) =>
        path
          .split('/')
          .slice(0, path.startsWith('@') ? 2 : 1)
          .join('/'),
      ),
    ),
  ].sort()
}

describe('the tarball', () => {
  it('holds the build, its sources, pages and examples, a folder for each entry point, and nothing else', async () => {
    const pages = ['CHANGELOG.md', 'CONTRIBUTING.md', 'LICENSE', 'README.md', 'SECURITY.md', 'docs', 'examples']
    const folders = Object.keys(entries)
      .filter((entry) => entry !== '.')
      .map((entry) => entry.slice(2))
    expect((await readdir(installed)).sort()).toEqual(
      [...pages, ...folders, 'bin', 'dist', 'package.json', 'src'].sort(),
    )
  })

  it('has a command that writes a migration', async () => {
    const sql = await run(project, 'npx', 'realtime-coalescer', 'sql', '--tables', 'goals')
    expect(sql).toContain('create trigger realtime_coalescer_insert after insert on "public"."goals"')
    await expect(run(project, 'npx', 'realtime-coalescer', 'sql')).rejects.toThrow('Expected --tables, got none.')
  })

  it('tells its consumers of no script and no tool of this repository', () => {
    expect(Object.keys(manifest).filter((field) => /scripts|devDependencies|workspaces/.test(field))).toEqual([])
  })

  it.each(['README.md', 'docs', 'examples'])('has what the links and pictures of %s point at', async (name) => {
    const path = join(installed, name)
    const pages = name.endsWith('.md')
      ? [path]
      : (await readdir(path, { recursive: true }))
          .filter((file) => file.endsWith('.md'))
          .map((file) => join(path, file))
    const broken: string[] = []
    for (const page of pages) {
      const text = await readFile(page, 'utf8')
      for (const [, link, source] of text.matchAll(/\]\(([^)\s#]+)[^)\s]*\)|(?:src|srcset)="([^"]+)"/g)) {
        const target = link ?? source ?? ''
        if (!/^https?:/.test(target) && !existsSync(join(page, '..', target))) broken.push(`${page}: ${target}`)
      }
    }
    expect(pages.length).toBeGreaterThan(0)
    expect(broken).toEqual([])
  })

  it('is built from its own sources alone, so that no code of others is in it', async () => {
    const list = async (folder: string) =>
      (await readdir(join(installed, folder), { recursive: true, withFileTypes: true }))
        .filter((file) => file.isFile())
        .map((file) => join(file.parentPath, file.name).slice(join(installed, folder).length))
    const sources = new Set((await list('src')).map((name) => name.replace(/\.tsx?$/, '')))
    const built = (await list('dist')).map((name) =>
      name.replace(/^\/cjs\//, '/').replace(/(\.d\.ts|\.js)(\.map)?$/, ''),
    )
    expect(built.filter((name) => !sources.has(name))).toEqual(['/package.json'])
    expect(await readFile(join(installed, 'LICENSE'), 'utf8')).toMatch(/^MIT License/)
  })

  it('asks for peers with permissive licences', async () => {
    const licences = await Promise.all(
      Object.keys({ ...manifest.peerDependencies, ...manifest.dependencies }).map(async (name) => {
        const { license } = JSON.parse(await readFile(join(project, 'node_modules', name, 'package.json'), 'utf8')) as {
          license?: string
        }
        return [name, license]
      }),
    )
    expect(licences.filter(([, licence]) => licence !== 'MIT' && licence !== 'Apache-2.0')).toEqual([])
  })

  it('passes publint', async () => {
    const { messages } = await publint({ pkgDir: installed, strict: true })
    expect(messages).toEqual([])
  })

  it('has types that Node and bundlers resolve, says attw', async () => {
    await expect(run(root, 'node_modules/.bin/attw', tarball, '--no-emoji', '--no-color')).resolves.toContain(
      'No problems found',
    )
  })
})

describe('entry points', () => {
  it('are those that package.json exports', () => {
    expect(Object.keys(manifest.exports)).toEqual([...Object.keys(entries), './package.json'])
  })

  it('are imported by Node with exactly their public names, and leave nothing running', async () => {
    const specifiers = Object.keys(entries).map((entry) => `realtime-coalescer${entry.slice(1)}`)
    const script = `const all = await Promise.all(${JSON.stringify(specifiers)}.map((name) => import(name)))
console.log(JSON.stringify(all.map((module) => Object.keys(module).sort())))`
    await writeFile(join(project, 'import.js'), script)
    expect(JSON.parse(await run(project, 'node', 'import.js'))).toEqual(
      Object.values(entries).map((names) => names.sort()),
    )
  })

  it('are required by Node with the same names, and share TanStack Query and XState with the app', async () => {
    const specifiers = Object.keys(entries).map((entry) => `realtime-coalescer${entry.slice(1)}`)
    const script = `const names = ${JSON.stringify(specifiers)}.map((name) => Object.keys(require(name)).sort())
const { QueryClient, focusManager } = require('@tanstack/react-query')
const { createCoalescer } = require('realtime-coalescer')
const loaded = Object.keys(require.cache).filter((path) => /query-core|[\\\\/]xstate[\\\\/]/.test(path))
focusManager.setFocused(false)
const coalescer = createCoalescer({ queryClient: new QueryClient() })
coalescer.scheduleInvalidate(['goals'], { urgent: true })
const { phase } = coalescer.getSnapshot()
coalescer.stop()
console.log(JSON.stringify({ names, phase, modern: loaded.filter((path) => path.includes('/build/modern/') && path.endsWith('.js')) }))`
    await writeFile(join(project, 'require.cjs'), script)
    expect(JSON.parse(await run(project, 'node', 'require.cjs'))).toEqual({
      names: Object.values(entries).map((names) => names.toSorted()),
      // Hidden by the app's own focus manager, an urgent key waits.
      phase: 'collecting',
      modern: [],
    })
  })

  it('reach no package that is not a peer', async () => {
    const known = Object.keys({ ...manifest.peerDependencies, ...manifest.dependencies })
    for (const entry of Object.keys(entries)) {
      expect((await importsOf(entry)).filter((name) => !known.includes(name))).toEqual([])
    }
  })

  it('reach optional peers only where their name says so', async () => {
    expect(await importsOf('.')).toEqual(['@tanstack/react-query', 'xstate'])
    expect(await importsOf('./supabase')).toEqual(['@tanstack/react-query', 'xstate'])
    expect(await importsOf('./inspect')).toEqual(expect.not.arrayContaining(['react', '@supabase/supabase-js']))
  })
})

describe('a consumer', () => {
  it('compiles against the declarations, those of the package checked too, and runs', async () => {
    await expect(checkConsumer(project, join(root, 'node_modules/.bin/tsc'))).resolves.toBeUndefined()
  })

  it('runs from a bundle that was made without tree shaking', async () => {
    await bundle({
      entryPoints: [join(project, 'consumer/core.ts')],
      bundle: true,
      platform: 'node',
      format: 'esm',
      treeShaking: false,
      ignoreAnnotations: true,
      // React is CommonJS, and asks for what Node has built in.
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
      outfile: join(project, 'bundle.mjs'),
    })
    expect(await run(project, 'node', 'bundle.mjs')).toContain('core works')
  })

  it('gets neither devtools nor an inspector nor Supabase from Vite unless it imports them', async () => {
    await writeFile(
      join(project, 'index.html'),
      '<script type="module">import { createCoalescer } from "realtime-coalescer"; console.log(createCoalescer)</script>',
    )
    const script = `import { build } from ${JSON.stringify(join(root, 'node_modules/vite/dist/node/index.js'))}
const { output } = await build({ logLevel: 'silent', build: { write: false, minify: false } })
console.log(JSON.stringify(output.flatMap((chunk) => Object.keys(chunk.modules ?? {}))))`
    await writeFile(join(project, 'vite.js'), script)
    const modules = JSON.parse(await run(project, 'node', 'vite.js')) as string[]
    expect(modules.some((path) => path.includes('/createCoalescer.js'))).toBe(true)
    expect(
      modules.filter((path) => /integration\/(react|supabase|inspect|devtools)\/|@supabase|@statelyai/.test(path)),
    ).toEqual([])
  })
})

describe('the peer ranges', () => {
  it('start at the versions that scripts/check-peers.ts tries', () => {
    const minor = (range: string): string => /\d+\.\d+/.exec(range)?.[0] ?? range
    const tried = Object.keys(manifest.peerDependencies).filter((name) => name in oldest)
    expect(tried.map((name) => [name, minor(manifest.peerDependencies[name] ?? '')])).toEqual(
      tried.map((name) => [name, minor(oldest[name] ?? '')]),
    )
    expect(Object.keys(manifest.peerDependencies)).toEqual(expect.arrayContaining(tried))
  })
})
