import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { QueryClient, environmentManager } from '@tanstack/react-query'
import { createCoalescer } from 'realtime-coalescer'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { type CodeBlock, extractBlocks, promisedOutput, readBlocks, root } from './codeblocks.ts'
import type { Goal } from './globals.ts'

const directory = join(root, 'reports/codeblocks')
const blocks = readBlocks()
// CONTRIBUTING shows files as they stand in `src/machines`, with imports from there.
const folderOf = ({ page }: CodeBlock): string => (page === 'CONTRIBUTING.md' ? 'machines' : 'pages')
const fileOf = (block: CodeBlock): string =>
  join(directory, folderOf(block), `${block.page.replaceAll(/\W/g, '-')}-${block.line}.${block.language}`)

const config = {
  extends: '../../tsconfig.json',
  compilerOptions: {
    noUnusedLocals: false,
    noUnusedParameters: false,
    rootDirs: ['.', '../../src'],
  },
  include: ['.', '../../test/docs/globals.ts'],
}

beforeAll(() => {
  rmSync(directory, { recursive: true, force: true })
  for (const block of blocks) mkdirSync(join(directory, folderOf(block)), { recursive: true })
  writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(config))
  for (const block of blocks) writeFileSync(fileOf(block), `${block.code}\nexport {}\n`)
})

describe('the code in the pages', () => {
  it('compiles', () => {
    let errors = ''
    try {
      execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', directory, '--pretty', 'false'], { encoding: 'utf8' })
    } catch (error) {
      errors = (error as { stdout: string }).stdout
    }
    expect(errors).toBe('')
  })

  it('is found in README and in the guides', () => {
    expect(blocks.filter(({ page }) => page === 'README.md').length).toBeGreaterThanOrEqual(2)
    expect(blocks.filter(({ words }) => words.includes('run')).length).toBeGreaterThanOrEqual(5)
  })

  it('says with words after the fence no more than `run` and `continued`', () => {
    const words = new Set(blocks.flatMap((block) => block.words))
    expect([...words].filter((word) => word !== 'run' && word !== 'continued')).toEqual([])
  })
})

describe('a block marked `run`', () => {
  afterEach(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
    vi.restoreAllMocks()
  })

  const runnable = blocks.filter(({ words }) => words.includes('run'))
  it.each(runnable.map((block) => [`${block.page}:${block.line}`, block] as const))(
    'prints what its comments say: %s',
    async (_, block) => {
      environmentManager.setIsServer(() => false)
      vi.useFakeTimers()
      vi.setTimerTickMode('nextTimerAsync')
      const queryClient = new QueryClient()
      const coalescer = createCoalescer({ queryClient })
      vi.stubGlobal('queryClient', queryClient)
      vi.stubGlobal('coalescer', coalescer)
      vi.stubGlobal('fetchGoals', async (): Promise<Goal[]> => [{ id: 1, user_id: 7, title: 'Run', done: false }])
      vi.stubGlobal('saveGoal', async (goal: { id: number; title: string }) => ({ user_id: 7, done: false, ...goal }))
      const printed: string[] = []
      vi.spyOn(console, 'log').mockImplementation((...values: unknown[]) => {
        printed.push(values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).join(' '))
      })
      await import(fileOf(block))
      coalescer.stop({ pending: 'drop' })
      queryClient.clear()
      expect(printed).toEqual(promisedOutput(block.code))
      expect(printed).not.toEqual([])
    },
  )
})

describe('extractBlocks', () => {
  it('reads language, words, line and code, and prepends what a block continues', () => {
    const text = [
      'Text',
      '```ts run',
      'const a = 1',
      '```',
      '```sh',
      'npm ci',
      '```',
      '  ```tsx continued',
      '  a',
      '  ```',
      '',
    ].join('\n')
    expect(extractBlocks('page.md', text)).toEqual([
      { page: 'page.md', line: 2, language: 'ts', words: ['run'], code: 'const a = 1\n' },
      { page: 'page.md', line: 8, language: 'tsx', words: ['continued'], code: 'const a = 1\na\n' },
    ])
  })
})
