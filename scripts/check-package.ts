/** Packs the package as it is published, has publint and attw look at the tarball, and looks at its declarations. */
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readDeclarations } from './support/declarations.ts'
import { root, run } from './support/run.ts'
import { createDirectory, packPackage, removeDirectory } from './support/tarball.ts'

const bin = (name: string): string => join(root, 'node_modules/.bin', name)

/** The types of XState's machines differ between its versions: an app compiles against those it has. */
async function checkDeclarations(directory: string, tarball: string): Promise<void> {
  const unpacked = join(directory, 'unpacked')
  await mkdir(unpacked)
  await run(unpacked, 'tar', '-xzf', tarball)
  const manifest = JSON.parse(await readFile(join(unpacked, 'package/package.json'), 'utf8')) as {
    readonly exports: Readonly<Record<string, string | { readonly import: { readonly types: string } }>>
  }
  const entryPoints = Object.values(manifest.exports).flatMap((target) =>
    typeof target === 'string' ? [] : [target.import.types],
  )
  const { files, machines } = await readDeclarations(join(unpacked, 'package'), entryPoints)
  if (machines.length > 0) {
    throw new Error(
      `Expected the declarations of the entry points to name no type of an XState machine, got:\n${machines.join('\n')}\nMove the types they export to files that import no machine.`,
    )
  }
  console.log(`Declarations: ${entryPoints.length} entry points reach ${files} files, none names a machine's type.`)
}

const directory = await createDirectory('package')
try {
  const tarball = await packPackage(directory)
  console.log(await run(directory, bin('publint'), 'run', tarball, '--strict'))
  console.log(await run(directory, bin('attw'), tarball))
  await checkDeclarations(directory, tarball)
} finally {
  await removeDirectory(directory)
}
