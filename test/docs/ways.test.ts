import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { root } from './codeblocks.ts'

const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const namesIn = (text: string | undefined): string[] =>
  [...(text ?? '').matchAll(/'(\w+)'/g)].map(([, name]) => name ?? '')

it('the diagram of a query on its way has every place where the fetch that it owes may wait, and no other', () => {
  const way = read('src/integration/query/fetches/way.ts')
  const stages = namesIn(/export type Stage = (.*)/.exec(way)?.[1])
  expect(stages.length).toBeGreaterThan(3)
  const diagram = /state "a query" as query \{([^]*?)--\n/.exec(read('docs/how-it-works.md'))?.[1] ?? ''
  const arrows = [...diagram.matchAll(/(\S+) --> (\w+)/g)].flatMap(([, from, to]) => [from, to])
  expect(new Set(arrows)).toEqual(new Set(['[*]', 'fresh', 'due', ...stages]))
})
