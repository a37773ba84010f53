import { cp, mkdir, mkdtemp, readFile, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { buildPackage } from './build.ts'
import { folderManifests, linkTests, publishedManifest, repositoryUrl } from './manifest.ts'
import { root, run } from './run.ts'

/** What the package is built from and what its pages link to. */
const sources = ['src', 'tsconfig.json', 'tsconfig.build.json', 'bin', 'LICENSE', 'README.md', 'CHANGELOG.md']
const pages = ['CONTRIBUTING.md', 'SECURITY.md', 'docs', 'examples']

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
  const filter = (path: string) => basename(path) !== 'node_modules' && basename(path) !== 'dist'
  await Promise.all(
    [...sources, ...pages].map((name) => cp(join(root, name), join(copy, name), { recursive: true, filter })),
  )
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'))
  await writeManifests(copy)
  const promises = join(copy, 'docs/promises.md')
  await writeFile(promises, linkTests(await readFile(promises, 'utf8'), repositoryUrl))
  await buildPackage(copy)
  await run(copy, 'npm', 'pack', '--ignore-scripts', '--pack-destination', directory)
  const tarball = (await readdir(directory)).find((name) => name.endsWith('.tgz'))
  if (!tarball) throw new Error(`npm pack left no tarball in ${directory}.`)
  return join(directory, tarball)
}

async function writeManifests(directory: string): Promise<void> {
  const own = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    readonly files: readonly string[]
    readonly exports: Parameters<typeof folderManifests>[0]
  }
  const folders = folderManifests(own.exports)
  for (const [folder, manifest] of folders) {
    await mkdir(join(directory, folder))
    await writeFile(join(directory, folder, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`)
  }
  const manifest = publishedManifest({ ...own, files: [...own.files, ...folders.keys()] }, repositoryUrl)
  await writeFile(join(directory, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`)
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
