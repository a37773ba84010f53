/**
 * Runs the Jest test that docs/testing.md prints under each Jest configuration it prints, with the packed package and
 * the newest Jest.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { newestOf } from './support/peers.ts'
import { root, run } from './support/run.ts'
import { createDirectory, createProject, packPackage, removeDirectory } from './support/tarball.ts'

const page = await readFile(join(root, 'docs/testing.md'), 'utf8')

/** The fenced blocks of a language that begin with a comment of this name. */
const blocksOf = (language: string, name: string): string[] =>
  [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].flatMap(([, found, code = '']) =>
    found === language && code.startsWith(name) ? [code] : [],
  )

const configurations = blocksOf('js', '// jest.config.')
const [test, ...otherTests] = blocksOf('js', '// goals.test.')
const [command, ...otherCommands] = blocksOf('sh', 'NODE_OPTIONS=')
if (configurations.length < 3 || !test || otherTests.length > 0 || !command || otherCommands.length > 0) {
  throw new Error('Expected docs/testing.md to print three configurations of Jest, a test and a command for modules.')
}
const testCount = test.match(/^it\(/gm)?.length ?? 0

/** As far as `jest --json` is of interest. */
interface Report {
  readonly numPassedTests: number
  readonly numTotalTests: number
}

/** The configuration as a project of its own inside the one where everything is installed; returns what Jest reports. */
async function runUnder(configuration: string, project: string): Promise<Report> {
  const isModule = configuration.includes('export default')
  const [, name = ''] = /^\/\/ (\S+)/.exec(configuration) ?? []
  const files = {
    'package.json': JSON.stringify({ type: isModule ? 'module' : 'commonjs' }),
    [name]: configuration,
    [configuration.includes('ts-jest') ? 'goals.test.ts' : 'goals.test.js']: test ?? '',
  }
  await mkdir(project)
  await Promise.all(Object.entries(files).map(([file, text]) => writeFile(join(project, file), text)))
  const words = `${isModule ? command?.trim() : 'npx jest'} --json`
  return JSON.parse(await run(project, 'sh', '-c', words)) as Report
}

const peers = newestOf('@tanstack/react-query', 'xstate', 'react', '@supabase/supabase-js')
const directory = await createDirectory('jest')
try {
  const tarball = await packPackage(directory)
  // `ts-jest` runs the compiler as a library, which TypeScript 7 is not.
  const jest = { jest: 'latest', 'ts-jest': 'latest', typescript: '^5' }
  const project = join(directory, 'project')
  await createProject(project, { 'realtime-coalescer': tarball, ...peers, ...jest })
  for (const [index, configuration] of configurations.entries()) {
    const { numPassedTests, numTotalTests } = await runUnder(configuration, join(project, `configuration-${index}`))
    if (numPassedTests !== testCount || numTotalTests !== testCount) {
      throw new Error(
        `Expected ${testCount} tests to pass, got ${numPassedTests} of ${numTotalTests}:\n${configuration}`,
      )
    }
    console.log(`ok    ${configuration.split('\n', 2).join(' ')}`)
  }
} finally {
  await removeDirectory(directory)
}
