import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { strategyNames } from '../../demo/shared/strategies.ts'
import {
  type AllResults,
  describeClicks,
  describeStorm,
  drawStorm,
  stormsOf,
} from '../../scripts/support/stormPicture.ts'
import { root } from './codeblocks.ts'

const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const all = JSON.parse(read('docs/images/storm.json')) as AllResults
const results = stormsOf(all)

describe('the storms that README shows', () => {
  it('are the recorded results, in the picture and in the table', () => {
    expect(read('docs/images/storm.svg')).toBe(drawStorm(results))
    expect(read('README.md')).toContain(describeStorm(results))
    expect(read('README.md')).toContain(describeClicks(all))
  })

  it('hold every scenario under every strategy', () => {
    const combinations = new Set(results.map(({ scenario, strategy }) => `${scenario} ${strategy}`))
    expect(combinations.size).toBe(4 * strategyNames.length)
    expect(results.length).toBe(4 * strategyNames.length)
  })

  it('hold one click in each way: one request for each endpoint, and one change on the screen', () => {
    const clicks = all.filter((result) => result.scenario === 'click')
    expect(clicks.map(({ way }) => way)).toEqual(['plain', ...strategyNames])
    for (const { shown } of clicks) expect(shown).toHaveLength(2)
    for (const { requests } of clicks.slice(1)) expect(new Set(Object.values(requests))).toEqual(new Set([1]))
  })

  it.each(['debounce', 'adaptive'])(
    'cost least requests under %s for bursts: one for each endpoint touched',
    (name) => {
      for (const { requests } of results.filter((one) => 'ab'.includes(one.scenario) && one.strategy === name)) {
        expect(new Set(Object.values(requests))).toEqual(new Set([1]))
      }
    },
  )
})
