import { fork } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { fillMarks, goalsTable, renderTable } from './support/markdown.ts'
import type { BenchResult, Results, StoredResult } from './support/results.ts'

const names = [
  'intake',
  'flush',
  'calls',
  'requests',
  'regret',
  'memory',
  'herd',
  'size',
  'endToEnd',
  'feed',
  'pixels',
  'panel',
] as const
const root = join(import.meta.dirname, '..')
const resultsPath = join(root, 'bench/results.json')
const documents = ['README.md', 'docs/performance.md']

/** They need the demo's files where they are. */
const drivesDemo: readonly string[] = ['endToEnd', 'feed', 'pixels', 'panel'] satisfies (typeof names)[number][]

/** Builds a benchmark as an app is built, but for those that drive the demo. */
async function prepare(name: string): Promise<{ file: string; flags: string[] }> {
  const source = join(root, `bench/${name}.ts`)
  if (drivesDemo.includes(name)) return { file: source, flags: ['--import', 'tsx'] }
  const file = join(root, `node_modules/.cache/realtime-coalescer-bench/${name}.mjs`)
  await build({
    entryPoints: [source],
    outfile: file,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    define: { 'import.meta.dirname': JSON.stringify(join(root, 'bench')) },
    logLevel: 'error',
  })
  return { file, flags: [] }
}

/** Runs one benchmark in a process of its own, so that none warms up another's code. */
async function runBench(name: string): Promise<BenchResult> {
  const { file, flags } = await prepare(name)
  return new Promise((resolve, reject) => {
    let result: BenchResult | undefined
    const child = fork(file, [], {
      cwd: root,
      execArgv: ['--expose-gc', '--max-old-space-size=6000', ...flags],
      env: { ...process.env, NODE_ENV: 'production' },
    })
    child.on('message', (message) => (result = message as BenchResult))
    child.on('error', reject)
    child.on('exit', (code) => {
      if (code === 0 && result) resolve(result)
      else
        reject(new Error(`Expected bench '${name}' to report a result, got exit code ${code}. See its output above.`))
    })
  })
}

function print(name: string, result: BenchResult, seconds: number): void {
  console.log(`\n## ${name} (${seconds.toFixed(0)} s)`)
  for (const [title, table] of Object.entries(result.tables)) console.log(`\n${title}\n\n${renderTable(table)}`)
  if (result.goals.length > 0) console.log(`\ngoals\n\n${renderTable(goalsTable(result.goals))}`)
}

function readBenches(): Record<string, StoredResult> {
  return existsSync(resultsPath) ? { ...(JSON.parse(readFileSync(resultsPath, 'utf8')) as Results).benches } : {}
}

/** Adds a result to those of earlier runs, and brings the documents up to date. */
function save(name: string, result: StoredResult): void {
  const benches = { ...readBenches(), [name]: result }
  const ordered = Object.fromEntries(names.filter((one) => benches[one]).map((one) => [one, benches[one]]))
  const results = {
    machine: { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, node: process.versions.node },
    benches: ordered,
  } as Results
  writeFileSync(resultsPath, `${JSON.stringify(results, undefined, 2)}\n`)
  for (const path of documents.filter((one) => existsSync(join(root, one)))) {
    const document = readFileSync(join(root, path), 'utf8')
    const filled = fillMarks(document, results)
    if (filled !== document) writeFileSync(join(root, path), filled)
  }
}

const WRITE = '--write'
const wanted = process.argv.slice(2).filter((argument) => argument !== WRITE)
const isWritten = process.argv.includes(WRITE)
const unknown = wanted.find((name) => !(names as readonly string[]).includes(name))
if (unknown !== undefined) {
  console.error(
    `Expected a benchmark, got '${unknown}'. Pass one of: ${names.join(', ')}; or none to run all; ${WRITE} keeps the results.`,
  )
  process.exit(1)
}

for (const name of wanted.length > 0 ? wanted : names.filter((one) => existsSync(join(root, `bench/${one}.ts`)))) {
  const startedAt = performance.now()
  const result = await runBench(name)
  print(name, result, (performance.now() - startedAt) / 1000)
  if (!isWritten) continue
  const { files = {}, ...stored } = result
  for (const [path, text] of Object.entries(files)) writeFileSync(join(root, path), text)
  save(name, stored)
}
