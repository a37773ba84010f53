import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { strategyNames } from '../../demo/shared/strategies.ts'
import { type StormResults, describeStorm, drawStorm } from '../../scripts/support/stormPicture.ts'
import { root } from './codeblocks.ts'

const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const results = JSON.parse(read('docs/images/storm.json')) as StormResults

describe('the storms that README shows', () => {
  it('are the recorded results, in the picture and in the table', () => {
    expect(read('docs/images/storm.svg')).toBe(drawStorm(results))
    expect(read('README.md')).toContain(describeStorm(results))
  })

  it('hold every scenario under every strategy', () => {
    const combinations = new Set(results.map(({ scenario, strategy }) => `${scenario} ${strategy}`))
    expect(combinations.size).toBe(4 * strategyNames.length)
    expect(results.length).toBe(4 * strategyNames.length)
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
