import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { build } from 'esbuild'
import { root, run } from './run.ts'

/**
 * Builds the package in a directory that holds its sources: ES modules and declarations by the compiler, and from those
 * the same modules once more for `require()`. Each entry point keeps its modules apart from the others', so that what
 * they share exists once in an app.
 */
export async function buildPackage(directory: string): Promise<void> {
  const esm = join(directory, 'dist')
  const cjs = join(esm, 'cjs')
  await rm(esm, { recursive: true, force: true })
  await run(directory, join(root, 'node_modules/.bin/tsc'), '-p', 'tsconfig.build.json')
  const files = (await readdir(esm, { recursive: true, withFileTypes: true }))
    .filter((file) => file.isFile())
    .map((file) => join(file.parentPath, file.name))
  await build({
    entryPoints: files.filter((path) => path.endsWith('.js')),
    outbase: esm,
    outdir: cjs,
    format: 'cjs',
    platform: 'node',
    target: 'es2022',
    logLevel: 'warning',
  })
  await Promise.all(
    files
      .filter((path) => path.endsWith('.d.ts'))
      .map(async (path) => {
        const target = join(cjs, path.slice(esm.length))
        await mkdir(dirname(target), { recursive: true })
        // Their maps stay with the first copy.
        await writeFile(target, (await readFile(path, 'utf8')).replace(/\n\/\/# sourceMappingURL=.*$/, '\n'))
      }),
  )
  await writeFile(join(cjs, 'package.json'), '{ "type": "commonjs" }\n')
}
