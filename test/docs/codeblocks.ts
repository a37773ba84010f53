import { readFileSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'

export const root = resolve(import.meta.dirname, '../..')

/** A fenced block of TypeScript in a page. */
export interface CodeBlock {
  readonly page: string
  /** The line of its opening fence, from 1. */
  readonly line: number
  readonly language: 'ts' | 'tsx'
  /** The words after the language: `run` executes the block, `continued` puts the page's block before it in front. */
  readonly words: readonly string[]
  readonly code: string
}

/** Every page whose code must compile; the API reference is generated and holds signatures only. */
export function findPages(): string[] {
  const inDocs = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'))
  return ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', ...inDocs.map((name) => `docs/${name}`)]
}

export function extractBlocks(page: string, text: string): CodeBlock[] {
  const blocks: CodeBlock[] = []
  const fence = /^( *)```(tsx?)([^\n]*)\n([\s\S]*?)^\1```$/gm
  for (const match of text.matchAll(fence)) {
    const [, indent = '', language, words = '', body = ''] = match
    const own = body.replaceAll(new RegExp(`^${indent}`, 'gm'), '')
    const before = words.includes('continued') ? blocks.at(-1)?.code : ''
    if (before === undefined) throw new Error(`${page}: the first block continues nothing.`)
    blocks.push({
      page,
      line: text.slice(0, match.index).split('\n').length,
      language: language as 'ts' | 'tsx',
      words: words.split(' ').filter((word) => word !== ''),
      code: before + own,
    })
  }
  return blocks
}

export const readBlocks = (): CodeBlock[] =>
  findPages().flatMap((page) => extractBlocks(page, readFileSync(join(root, page), 'utf8')))

/** What the block says it prints: the comment after each `console.log(…)`. */
export const promisedOutput = (code: string): string[] =>
  code.split('\n').flatMap((line) => line.match(/console\.log\(.*\) \/\/ (.*)$/)?.[1] ?? [])
