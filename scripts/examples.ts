/**
 * Runs the examples (`npm run examples`), or those that are named (`-- node websocket`), with the package as this clone
 * packs it; with the environment variable `TARBALL` set, with that tarball. An example with a `start` script is run, one
 * with a page is built. `-- react-supabase --dev` serves its page, with what its `.env.local` says.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { exampleNames, installExample } from './support/examples.ts'
import { createDirectory, packPackage, removeDirectory } from './support/tarball.ts'

/** Runs a script of a project in sight; throws if it fails. */
async function runScript(project: string, script: string): Promise<void> {
  const child = spawn('npm', ['run', '--silent', script], { cwd: project, stdio: 'inherit' })
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) throw new Error(`npm run ${script} ended with ${code} in ${project}.`)
}

async function scriptOf(project: string, isDev: boolean): Promise<string> {
  const { scripts } = JSON.parse(await readFile(join(project, 'package.json'), 'utf8')) as {
    readonly scripts: Readonly<Record<string, string>>
  }
  const wanted = isDev ? ['dev', 'start'] : ['start', 'build']
  const script = wanted.find((name) => scripts[name] !== undefined)
  if (script === undefined) throw new Error(`Expected a script ${wanted.join(' or ')} in ${project}, found none.`)
  return script
}

const { values, positionals } = parseArgs({
  options: { dev: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const unknown = positionals.filter((name) => !exampleNames.includes(name))
if (unknown.length > 0) {
  throw new RangeError(`Expected examples named ${exampleNames.join(', ')}, got ${unknown.join(', ')}.`)
}
const chosen = positionals.length > 0 ? positionals : exampleNames
const directory = await createDirectory('examples')
try {
  const tarball = await packPackage(directory)
  for (const name of chosen) {
    console.log(`\n${name}`)
    const project = await installExample(name, tarball, directory)
    await runScript(project, await scriptOf(project, values.dev))
  }
} finally {
  await removeDirectory(directory)
}
