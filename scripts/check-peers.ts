/**
 * Installs the packed package beside old and new versions of its peers, compiles a consumer of its types with old and
 * new compilers, and runs it. `npx tsx scripts/check-peers.ts` tries the ends of every range; `-- xstate@5.30.0
 * typescript@5.4` tries one combination.
 */
import { cp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createDirectory, createProject, packPackage, removeDirectory, root, run } from './support/tarball.ts'

type Versions = Readonly<Record<string, string>>

/** The oldest release that each range of `peerDependencies` lets in, and the oldest compiler that reads the types. */
const oldest: Versions = {
  typescript: '5.4.5',
  '@tanstack/react-query': '5.90.1',
  xstate: '5.30.0',
  '@xstate/react': '6.0.0',
  react: '18.0.0',
  '@types/react': '18.0.0',
}

const newest: Versions = {
  typescript: 'latest',
  '@tanstack/react-query': '^5',
  xstate: '^5',
  '@xstate/react': '^6',
  react: '^19',
  '@types/react': '^19',
}

const combinations: readonly Versions[] = [
  newest,
  oldest,
  ...Object.keys(oldest).map((name) => ({ ...newest, [name]: oldest[name] as string })),
]

const compilerOptions = {
  target: 'ES2022',
  module: 'NodeNext',
  moduleResolution: 'NodeNext',
  lib: ['ES2022', 'DOM'],
  types: [],
  jsx: 'react-jsx',
  strict: true,
  exactOptionalPropertyTypes: true,
  // The declarations of the package itself are under test.
  skipLibCheck: false,
  rootDir: 'consumer',
  outDir: 'out',
}

async function check(tarball: string, directory: string, versions: Versions): Promise<void> {
  await createProject(directory, { 'realtime-coalescer': tarball, ...versions })
  await cp(join(root, 'test/package/consumer'), join(directory, 'consumer'), { recursive: true })
  await writeFile(join(directory, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['consumer'] }))
  try {
    await run(directory, 'node_modules/.bin/tsc', '-p', '.')
  } catch (error) {
    // Other packages' declarations may need newer compilers than theirs say.
    const own = String(error)
      .split('\n')
      .filter((line) => /^(consumer|node_modules\/realtime-coalescer)/.test(line))
    if (own.length > 0) throw new Error(own.join('\n'), { cause: error })
  }
  console.log(await run(directory, 'node', 'out/core.js'))
}

const parse = (argument: string): readonly [string, string] => {
  const at = argument.lastIndexOf('@')
  return [argument.slice(0, at), argument.slice(at + 1)]
}

const chosen = process.argv.slice(2).map(parse)
const wanted = chosen.length > 0 ? [{ ...newest, ...Object.fromEntries(chosen) }] : combinations
const directory = await createDirectory('peers')
let failures = 0
try {
  const tarball = await packPackage(directory)
  for (const [index, versions] of wanted.entries()) {
    const name = Object.entries(versions)
      .map((entry) => entry.join('@'))
      .join(' ')
    try {
      await check(tarball, join(directory, `project-${index}`), versions)
      console.log(`ok    ${name}`)
    } catch (error) {
      failures += 1
      console.log(`FAIL  ${name}\n${String(error)}`)
    }
  }
} finally {
  await removeDirectory(directory)
}
process.exitCode = failures > 0 ? 1 : 0
