import { existsSync, readdirSync } from 'node:fs'
import { cp, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { root } from './run.ts'
import { installProject } from './tarball.ts'

/** Those that are projects of their own: the test of the demo runs where the demo is. */
export const exampleNames: readonly string[] = readdirSync(join(root, 'examples')).filter((name) =>
  existsSync(join(root, 'examples', name, 'package.json')),
)

/** Copies an example out of the repository into a directory and installs it with the packed package. */
export async function installExample(name: string, tarball: string, directory: string): Promise<string> {
  const copy = join(directory, name)
  const filter = (path: string) => !['node_modules', 'dist', 'package-lock.json'].includes(basename(path))
  await cp(join(root, 'examples', name), copy, { recursive: true, filter })
  const path = join(copy, 'package.json')
  const manifest = JSON.parse(await readFile(path, 'utf8')) as { dependencies: Record<string, string> }
  manifest.dependencies['realtime-coalescer'] = tarball
  await writeFile(path, JSON.stringify(manifest))
  await installProject(copy)
  return copy
}
