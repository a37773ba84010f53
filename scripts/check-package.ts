/** Packs the package as it is published, and has publint and attw look at the tarball. */
import { join } from 'node:path'
import { root, run } from './support/run.ts'
import { createDirectory, packPackage, removeDirectory } from './support/tarball.ts'

const bin = (name: string): string => join(root, 'node_modules/.bin', name)

const directory = await createDirectory('package')
try {
  const tarball = await packPackage(directory)
  console.log(await run(directory, bin('publint'), 'run', tarball, '--strict'))
  console.log(await run(directory, bin('attw'), tarball))
} finally {
  await removeDirectory(directory)
}
