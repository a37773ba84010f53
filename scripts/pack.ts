/** Packs the package as it is published, into the directory named, else the working directory. */
import { copyFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { createDirectory, packPackage, removeDirectory } from './support/tarball.ts'

const directory = await createDirectory('pack')
try {
  const tarball = await packPackage(directory)
  const target = join(resolve(process.argv[2] ?? '.'), basename(tarball))
  await copyFile(tarball, target)
  console.log(target)
} finally {
  await removeDirectory(directory)
}
