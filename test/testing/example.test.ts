import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { root, run } from '../../scripts/support/run.ts'
import { createDirectory, removeDirectory } from '../../scripts/support/tarball.ts'

const example = 'examples/demo-test/demo.test.ts'

/** Runs the example in a copy of what it imports of the demo, with the demo's tables as they are edited. */
async function runExample(edit: (tables: string) => string): Promise<string> {
  const directory = await createDirectory('example')
  onTestFinished(() => removeDirectory(directory))
  for (const path of [example, 'demo/shared/queryKeys.ts', 'demo/shared/tables.ts']) {
    await mkdir(join(directory, path, '..'), { recursive: true })
    await cp(join(root, path), join(directory, path))
  }
  await symlink(join(root, 'node_modules'), join(directory, 'node_modules'))
  const paths = {
    'realtime-coalescer': [join(root, 'src/index.ts')],
    'realtime-coalescer/*': [join(root, 'src/*.ts')],
  }
  await writeFile(join(directory, 'tsconfig.json'), JSON.stringify({ compilerOptions: { paths } }))
  await writeFile(join(directory, 'package.json'), JSON.stringify({ type: 'module' }))
  const tables = join(directory, 'demo/shared/tables.ts')
  await writeFile(tables, edit(await readFile(tables, 'utf8')))
  return run(directory, 'npx', 'tsx', '--test', '--test-reporter=tap', example)
}

it('takes no more than 40 lines', async () => {
  expect((await readFile(join(root, example), 'utf8')).trimEnd().split('\n').length).toBeLessThanOrEqual(40)
})

it('passes with the tables of the demo', async () => {
  expect(await runExample((tables) => tables)).toContain('# fail 0')
})

it('fails with the query and the table when a key of a table is missing', async () => {
  const withoutKey = (tables: string): string => {
    const edited = tables.replace(/(check_ins: \[[^\]]*)analyticsQueryKeys\.all,/, '$1')
    expect(edited).not.toBe(tables)
    return edited
  }
  const failure = await runExample(withoutKey).then(
    () => 'it passed',
    (error: unknown) => String(error),
  )
  expect(failure).toContain(
    "`['analytics','overview']` is older than the INSERT of `check_ins` with the id 1: `['analytics','overview']` reads `check_ins`, whose keys do not match it.",
  )
  expect(failure).toContain('# pass 4')
})
