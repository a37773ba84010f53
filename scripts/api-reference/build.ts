/**
 * Writes docs/api from the docstrings of what the entry points export. Fails if a public name has none. With `--check`
 * writes nothing, and fails if docs/api is not what would be written.
 */
import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const written = join(import.meta.dirname, '../../docs/api')

async function readPages(directory: string): Promise<string> {
  const names = (await readdir(directory, { recursive: true })).filter((name) => name.endsWith('.md')).sort()
  const pages = await Promise.all(
    names.map(async (name) => `${name}\n${await readFile(join(directory, name), 'utf8')}`),
  )
  return pages.join('\n')
}

/** Returns whether the pages were written without a complaint. */
function write(out: string): boolean {
  const args = ['exec', '--no', '--', 'typedoc', '--out', out, '--treatWarningsAsErrors', '--logLevel', 'Warn']
  return spawnSync('npm', args, { cwd: import.meta.dirname, stdio: 'inherit' }).status === 0
}

const isCheck = process.argv.includes('--check')
const out = isCheck ? await mkdtemp(join(tmpdir(), 'realtime-coalescer-api-')) : written
try {
  if (!write(out)) process.exitCode = 1
  else if (isCheck && (await readPages(out)) !== (await readPages(written))) {
    console.error('docs/api is out of date. Run: npm run docs:api')
    process.exitCode = 1
  }
} finally {
  if (isCheck) await rm(out, { recursive: true, force: true })
}
