/**
 * Builds an app of the packed package with the newest Next, Vite, a worker of Vite, and Metro, as Expo bundles; runs what
 * can run without a browser. Metro is the newest that runs on the oldest Node this package claims.
 */
import { cp, readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { newestOf } from './support/peers.ts'
import { root, run } from './support/run.ts'
import { createDirectory, createProject, packPackage, removeDirectory } from './support/tarball.ts'

const peers = newestOf('@tanstack/react-query', 'xstate', 'react', 'react-dom', '@supabase/supabase-js')
const printed = 'collecting function function function'

interface Bundler {
  readonly name: string
  readonly dependencies: Readonly<Record<string, string>>
  check(project: string): Promise<void>
}

function expectPrinted(text: string): void {
  if (!text.includes(printed)) throw new Error(`Expected the bundle to print \`${printed}\`, got \`${text}\`.`)
}

const bundlers: readonly Bundler[] = [
  {
    name: 'next',
    dependencies: { next: 'latest', typescript: '^5', '@types/node': '^20', '@types/react': '^19' },
    async check(project) {
      const text = await run(project, 'npx', 'next', 'build')
      if (!/○ \/\n/.test(text)) throw new Error(`Expected Next to prerender the page, got:\n${text}`)
    },
  },
  {
    name: 'vite',
    dependencies: { vite: 'latest' },
    async check(project) {
      await run(project, 'npx', 'vite', 'build')
      expectPrinted(await run(project, 'node', 'dist/bundle.js'))
    },
  },
  {
    name: 'worker',
    dependencies: { vite: 'latest' },
    async check(project) {
      await run(project, 'npx', 'vite', 'build')
      const assets = await readdir(join(project, 'dist/assets'))
      if (!assets.some((name) => name.startsWith('worker-'))) {
        throw new Error(`Expected Vite to build a worker, got ${assets.join(', ')}.`)
      }
    },
  },
  {
    name: 'metro',
    dependencies: { metro: '~0.84.0', '@babel/core': '^7', '@babel/plugin-transform-modules-commonjs': '^7' },
    async check(project) {
      await run(project, 'node', 'build.cjs')
      await rename(join(project, 'bundle.js'), join(project, 'bundle.cjs'))
      expectPrinted(await run(project, 'node', 'bundle.cjs'))
    },
  },
]

process.env.NEXT_TELEMETRY_DISABLED = '1'
const directory = await createDirectory('bundlers')
try {
  const tarball = await packPackage(directory)
  const installed = new Map<string, string>()
  for (const { name, dependencies, check } of bundlers) {
    const project = join(directory, name)
    const wanted = JSON.stringify(dependencies)
    const same = installed.get(wanted)
    if (same === undefined) {
      await createProject(project, { 'realtime-coalescer': tarball, ...peers, ...dependencies })
      installed.set(wanted, project)
    } else {
      for (const part of ['package.json', 'node_modules']) {
        await cp(join(same, part), join(project, part), { recursive: true, verbatimSymlinks: true })
      }
    }
    await cp(join(root, 'test/package/bundlers', name), project, { recursive: true })
    await cp(join(root, 'test/package/bundlers/program.js'), join(project, 'program.js'))
    await check(project)
    console.log(`ok    ${name}`)
  }
} finally {
  await removeDirectory(directory)
}
