import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'

const execute = promisify(execFile)

export const root = resolve(import.meta.dirname, '../..')

const packed = ['src', 'package.json', 'tsconfig.json', 'tsconfig.build.json', 'LICENSE', 'README.md', 'CHANGELOG.md']

/** Runs a command; on failure throws what it printed. Returns its standard output. */
export async function run(directory: string, command: string, ...args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await execute(command, args, { cwd: directory, maxBuffer: 2 ** 26 })
    return stdout
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    throw new Error(`${command} ${args.join(' ')} failed in ${directory}:\n${stdout}${stderr}`, { cause: error })
  }
}

/** A directory outside of the repository, so that nothing resolves into its `node_modules`. */
export const createDirectory = async (name: string): Promise<string> =>
  realpath(await mkdtemp(join(tmpdir(), `realtime-coalescer-${name}-`)))

export const removeDirectory = (directory: string): Promise<void> => rm(directory, { recursive: true, force: true })

/**
 * Builds and packs a copy of the sources, so that the working tree's `dist` is neither read nor written. With the
 * environment variable `TARBALL` set, takes that tarball as it is: so a release is checked as it will be published.
 */
export async function packPackage(directory: string): Promise<string> {
  if (process.env.TARBALL) return resolve(process.env.TARBALL)
  const copy = join(directory, 'package')
  await mkdir(copy)
  await Promise.all(packed.map((name) => cp(join(root, name), join(copy, name), { recursive: true })))
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'))
  await run(copy, join(root, 'node_modules/.bin/tsc'), '-p', 'tsconfig.build.json')
  await run(copy, 'npm', 'pack', '--ignore-scripts', '--pack-destination', directory)
  const tarball = (await readdir(directory)).find((name) => name.endsWith('.tgz'))
  if (!tarball) throw new Error(`npm pack left no tarball in ${directory}.`)
  return join(directory, tarball)
}

/** Installs dependencies into a fresh project; a value may be a version, or the path of a tarball. */
export async function createProject(
  directory: string,
  dependencies: Readonly<Record<string, string>>,
  fields: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  await mkdir(directory, { recursive: true })
  const manifest = { name: 'consumer', version: '1.0.0', private: true, type: 'module', ...fields, dependencies }
  await writeFile(join(directory, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`)
  await installProject(directory)
}

export async function installProject(directory: string): Promise<void> {
  await run(directory, 'npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error')
}
