/**
 * Builds, checks, tests and packs the last commit, in a clone that has nothing but what is committed. Leaves the tarball
 * in the working directory, and publishes nothing.
 */
import { spawn } from 'node:child_process'
import { copyFile, readFile, readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { findObstacles } from './support/obstacles.ts'
import { repositoryUrl } from './support/manifest.ts'
import { root, run } from './support/run.ts'
import { createDirectory, removeDirectory } from './support/tarball.ts'

/** Runs a step with its output in view. */
function step(directory: string, env: Readonly<Record<string, string>>, command: string, ...args: readonly string[]) {
  console.log(`\n== ${command} ${args.join(' ')}`)
  return new Promise<void>((resolve, reject) => {
    const child = spawn(command, args, { cwd: directory, stdio: 'inherit', env: { ...process.env, ...env } })
    child.on('error', reject)
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${command} ${args.join(' ')} failed.`))))
  })
}

async function release(version: string): Promise<void> {
  const directory = await createDirectory('release')
  const clone = join(directory, 'clone')
  try {
    await step(root, {}, 'git', 'clone', '--quiet', '--no-hardlinks', root, clone)
    await step(clone, {}, 'npm', 'ci')
    await step(clone, {}, 'npm', 'run', 'check')
    await step(clone, {}, 'npm', 'test')
    await step(clone, {}, 'npm', 'run', 'pack', '--', directory)
    const filename = (await readdir(directory)).find((name) => name.endsWith('.tgz'))
    if (!filename) throw new Error('npm run pack left no tarball.')
    const tarball = join(directory, filename)
    await step(clone, { TARBALL: tarball }, 'npm', 'run', 'check:peers')
    await step(clone, { TARBALL: tarball }, 'npm', 'run', 'check:jest')
    await copyFile(tarball, join(root, basename(tarball)))
    console.log(`\n${basename(tarball)} is ready. To publish it:\n`)
    console.log(`  npm publish ${basename(tarball)}`)
    console.log(`  git tag -a v${version} -m v${version} && git push origin v${version}`)
  } finally {
    await removeDirectory(directory)
  }
}

const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string }
const obstacles = findObstacles({
  version,
  repositoryUrl,
  changelog: await readFile(join(root, 'CHANGELOG.md'), 'utf8'),
  status: await run(root, 'git', 'status', '--porcelain'),
  tags: (await run(root, 'git', 'tag')).split('\n'),
})
if (obstacles.length > 0) {
  console.error(obstacles.join('\n'))
  process.exitCode = 1
} else await release(version)
