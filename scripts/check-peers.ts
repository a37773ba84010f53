/**
 * Installs the packed package beside old and new versions of its peers, compiles a consumer of its types with old and
 * new compilers, runs it, and follows a feed of the local backend as an app does: leaving and joining again, losing the
 * socket, with a token of its own. `npx tsx scripts/check-peers.ts` tries the ends of every range; `-- xstate@5.30.0
 * typescript@5.4` tries one combination.
 */
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { startBackend } from '../demo/server/backend.ts'
import { broadcastSql } from '../src/sql.ts'
import { checkConsumer } from './support/consumer.ts'
import { type Versions, newest, oldest } from './support/peers.ts'
import { run } from './support/run.ts'
import { createDirectory, createProject, packPackage, removeDirectory } from './support/tarball.ts'

const pick = (versions: Versions, names: readonly string[]): Versions =>
  Object.fromEntries(names.map((name) => [name, versions[name] ?? '']))

/** All new, all old, and each old one among new ones; React with its renderer and types. A client between the two. */
const combinations: readonly Versions[] = [
  newest,
  oldest,
  ...['typescript', '@tanstack/react-query', 'xstate', '@supabase/supabase-js'].map((name) => ({
    ...newest,
    ...pick(oldest, [name]),
  })),
  // Its socket is not that of the newest clients, nor of the oldest.
  { ...newest, '@supabase/supabase-js': '2.95.0' },
  { ...newest, ...pick(oldest, ['react', 'react-dom', '@types/react', '@types/react-dom']) },
]

async function check(directory: string): Promise<void> {
  await checkConsumer(directory)
  const { supabaseUrl, anonKey, signToken } = backend
  const token = signToken({ sub: '11111111-1111-1111-1111-111111111111' })
  // Node 20 has a WebSocket behind a flag only.
  const flags = ['--experimental-websocket', '--no-warnings']
  const printed = await run(directory, 'node', ...flags, 'out/feed.js', supabaseUrl, anonKey, token)
  if (!printed.includes('feed works')) throw new Error(`feed.js printed ${printed}`)
}

const parse = (argument: string): readonly [string, string] => {
  const at = argument.lastIndexOf('@')
  return [argument.slice(0, at), argument.slice(at + 1)]
}

const chosen = process.argv.slice(2).map(parse)
const wanted = chosen.length > 0 ? [{ ...newest, ...Object.fromEntries(chosen) }] : combinations
const directory = await createDirectory('peers')
const backend = await startBackend()
let failures = 0
try {
  await backend.db.exec(broadcastSql({ tables: ['goals'], topic: 'peers' }))
  const tarball = await packPackage(directory)
  const install = (project: string, versions: Versions) =>
    createProject(project, { 'realtime-coalescer': tarball, '@types/node': '^20', ...versions })
  const withNewest = join(directory, 'newest')
  await install(withNewest, newest)
  for (const [index, versions] of wanted.entries()) {
    const name = Object.entries(versions)
      .map((entry) => entry.join('@'))
      .join(' ')
    const project = join(directory, `project-${index}`)
    try {
      // In a copy npm changes what differs, as in an app that has the newest already.
      if (versions !== oldest) await cp(withNewest, project, { recursive: true, verbatimSymlinks: true })
      await install(project, versions)
      await check(project)
      console.log(`ok    ${name}`)
    } catch (error) {
      failures += 1
      console.log(`FAIL  ${name}\n${String(error)}`)
    }
  }
} finally {
  await backend.stop()
  await removeDirectory(directory)
}
process.exitCode = failures > 0 ? 1 : 0
