import { cp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { root, run } from './run.ts'

const compilerOptions = {
  target: 'ES2022',
  module: 'NodeNext',
  moduleResolution: 'NodeNext',
  lib: ['ES2022', 'DOM'],
  types: ['node'],
  jsx: 'react-jsx',
  strict: true,
  exactOptionalPropertyTypes: true,
  // The declarations of the package itself are under test.
  skipLibCheck: false,
  rootDir: 'consumer',
  outDir: 'out',
}

/** Compiles a consumer of every entry point in a project that has the package installed, and runs it. */
export async function checkConsumer(project: string, compiler = 'node_modules/.bin/tsc'): Promise<void> {
  await cp(join(root, 'test/package/consumer'), join(project, 'consumer'), { recursive: true })
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['consumer'] }))
  try {
    await run(project, compiler, '-p', '.', '--pretty', 'false')
  } catch (error) {
    // Declarations of other packages may not hold under options as strict as these.
    const own = String(error)
      .split('\n')
      .filter((line) => /^(consumer|node_modules\/realtime-coalescer)/.test(line))
    if (own.length > 0) throw new Error(own.join('\n'), { cause: error })
  }
  for (const name of ['core', 'supabase', 'react']) {
    const printed = await run(project, 'node', `out/${name}.js`)
    if (!printed.includes(`${name} works`)) throw new Error(`${name}.js printed ${printed}`)
  }
}
