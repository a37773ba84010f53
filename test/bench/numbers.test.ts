import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fillMarks, findMarks, lookUp } from '../../bench/support/markdown.ts'
import type { Results } from '../../bench/support/results.ts'

const root = join(import.meta.dirname, '../..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const results = JSON.parse(read('bench/results.json')) as Results
const documents = ['README.md', 'docs/performance.md'].filter((path) => existsSync(join(root, path)))
const words = (text: string): string => text.replace(/\s+/g, ' ').trim()

describe.each(documents)('%s', (path) => {
  it('shows every marked number and table as bench/results.json has it', () => {
    for (const { mark, shown } of findMarks(read(path))) {
      const measured = lookUp(results, mark)
      expect({ mark, isMeasured: measured !== undefined }).toEqual({ mark, isMeasured: true })
      expect({ mark, shown: words(shown) }).toEqual({ mark, shown: words(measured ?? '') })
    }
  })

  it('closes every mark it opens', () => {
    const text = read(path)
    expect(findMarks(text).length).toBe(text.split('<!-- bench:').length - 1)
    expect(findMarks(text).length).toBe(text.split('<!-- /bench -->').length - 1)
  })
})

describe('docs/performance.md', () => {
  const marks = new Set(findMarks(read('docs/performance.md')).map(({ mark }) => mark))

  it('shows every table that the benchmarks measure', () => {
    const tables = Object.entries(results.benches).flatMap(([bench, { tables: own }]) =>
      Object.keys(own).map((name) => `${bench}.tables.${name}`),
    )
    expect(tables.length).toBeGreaterThan(0)
    expect(tables.filter((table) => !marks.has(table))).toEqual([])
  })

  it('shows every goal, met or missed, and names each missed one in its text', () => {
    expect(marks.has('all.goals')).toBe(true)
    const text = words(read('docs/performance.md'))
    const missed = Object.values(results.benches).flatMap(({ goals }) => goals.filter(({ met }) => !met))
    for (const { goal } of missed) expect(text).toContain(`**${goal}**`)
  })
})

describe('a marked number', () => {
  const document = 'It takes <!-- bench:size.values.core -->0<!-- /bench --> kB.'

  it('is filled in from the results', () => {
    const value = lookUp(results, 'size.values.core')
    expect(fillMarks(document, results)).toBe(document.replace('>0<', `>${value}<`))
  })

  it('is found to differ when it is not what was measured', () => {
    const [found] = findMarks(document)
    expect(found).toEqual({ mark: 'size.values.core', shown: '0' })
    expect(lookUp(results, 'size.values.core')).not.toBe('0')
  })

  it('stays as it is when nothing of that name was measured', () => {
    const unknown = document.replace('core', 'nothing')
    expect(lookUp(results, 'size.values.nothing')).toBeUndefined()
    expect(fillMarks(unknown, results)).toBe(unknown)
  })
})
