import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'

/** The modules that a bundler takes in for an app that imports one entry point, and the packages it leaves lazy. */
async function bundle(entry: string) {
  const { metafile } = await build({
    entryPoints: [new URL(`../../src/${entry}.ts`, import.meta.url).pathname],
    bundle: true,
    splitting: true,
    format: 'esm',
    packages: 'external',
    metafile: true,
    write: false,
    outdir: '/out',
  })
  const output = Object.values(metafile.outputs).find(({ entryPoint }) => entryPoint?.endsWith(`src/${entry}.ts`))
  const importsOf = (kind: string) => (output?.imports ?? []).filter((one) => one.kind === kind).map(({ path }) => path)
  return {
    modules: Object.keys(metafile.inputs),
    packages: importsOf('import-statement'),
    lazy: importsOf('dynamic-import'),
  }
}

describe('a production bundle', () => {
  it.each(['index', 'supabase', 'react'])('holds nothing of devtools and inspector with %s alone', async (entry) => {
    const { modules, packages, lazy } = await bundle(entry)
    expect(modules.filter((module) => /devtools|inspect\//.test(module))).toEqual([])
    expect([...packages, ...lazy].filter((name) => /mermaid|statelyai/.test(name))).toEqual([])
  })

  it('loads the diagram library and the Stately inspector only when they are used', async () => {
    const [devtools, inspect] = await Promise.all([bundle('devtools'), bundle('inspect')])
    expect(devtools.lazy).toEqual(['beautiful-mermaid'])
    expect(devtools.packages).not.toContain('beautiful-mermaid')
    expect(inspect.lazy).toEqual(['@statelyai/inspect'])
    expect(inspect.packages).not.toContain('@statelyai/inspect')
  })
})
