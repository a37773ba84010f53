/**
 * Follows README from an empty folder, with the packed package: its install command, then its first program, as they
 * stand there, under npm and pnpm. Prints how long each took to the first success, and fails if the program does not
 * print what README says.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { root, run } from './support/run.ts'
import { createDirectory, packPackage, removeDirectory } from './support/tarball.ts'

interface Block {
  readonly language: string
  readonly code: string
}

/** The code blocks of a section, in order. */
function blocksOf(page: string, heading: string): Block[] {
  const [, section = ''] = page.split(`\n## ${heading}\n`)
  const [own = ''] = section.split('\n## ')
  return [...own.matchAll(/```(\w+)[^\n]*\n([\s\S]*?)```/g)].map(([, language = '', code = '']) => ({ language, code }))
}

/** What the comments after `console.log` calls say is printed. */
const printedBy = (code: string): string[] =>
  [...code.matchAll(/console\.log\(.*\) \/\/ (.*)/g)].map(([, said = '']) => said)

async function follow(manager: 'npm' | 'pnpm', install: string, program: string, directory: string): Promise<void> {
  await mkdir(directory)
  await writeFile(join(directory, 'package.json'), '{ "private": true, "type": "module" }\n')
  const beganMs = performance.now()
  const packages = install.trim().split(/\s+/).slice(2)
  if (manager === 'npm') await run(directory, 'npm', 'install', '--no-audit', '--no-fund', ...packages)
  else await run(directory, 'npx', '--yes', 'pnpm@9', 'add', ...packages)
  await writeFile(join(directory, 'first-use.js'), program)
  const printed = (await run(directory, 'node', 'first-use.js')).trim().split('\n')
  const expected = printedBy(program)
  if (expected.length === 0 || printed.join() !== expected.join()) {
    throw new Error(`Expected README's first program to print ${expected.join()}, got ${printed.join()}.`)
  }
  console.log(`${manager}: ${((performance.now() - beganMs) / 1000).toFixed(1)} s to the first success`)
}

const readme = await readFile(join(root, 'README.md'), 'utf8')
const install = blocksOf(readme, 'Install').find(({ language }) => language === 'sh')
const program = blocksOf(readme, 'First use').find(({ language }) => language === 'ts')
if (!install || !program) throw new Error('Expected README to have an install command and a first program.')
const directory = await createDirectory('first-use')
try {
  const tarball = await packPackage(directory)
  const command = install.code.replace(/(?<=\s)realtime-coalescer(?=\s)/, tarball)
  await follow('npm', command, program.code, join(directory, 'npm'))
  await follow('pnpm', command, program.code, join(directory, 'pnpm'))
} finally {
  await removeDirectory(directory)
}
