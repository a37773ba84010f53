import { environmentManager } from '@tanstack/react-query'
import { expect, it } from 'vitest'
import { type Feed, drawFeeds } from '../../bench/support/feeds.ts'
import { fixedRules, startsUnder } from '../../bench/support/fixedRules.ts'
import { changesByQuery, judge } from '../../bench/support/outcome.ts'
import { type PolicyName, policies } from '../../bench/support/policies.ts'
import { replay } from '../../bench/support/replay.ts'

environmentManager.setIsServer(() => false)

const feeds = drawFeeds(7, 2).filter(({ trace }) => trace.events.length < 500)
/** An event that names several keys leads several times: each key is told by itself. */
const ofOneKey = feeds.filter(({ trace }) => trace.events.every(({ queryKeys }) => queryKeys.length === 1))

it.each<[PolicyName, string, readonly Feed[]]>([
  ['debounce', 'debounce 150', feeds],
  ['perKey', 'perKey 150', feeds],
  ['hybrid', 'hybrid 150 + 200', feeds],
  ['debounce, leading', 'debounce 150, leading', ofOneKey],
])('%s starts the same fetches at the same times as the fixed rule "%s"', async (policy, ruleName, heard) => {
  const rule = fixedRules.find(({ name }) => name === ruleName)!
  expect(heard.length).toBeGreaterThan(5)
  for (const { trace, latencyMs } of heard) {
    const { starts } = await replay(trace, policies[policy], latencyMs)
    expect({ feed: trace.name, starts: startsUnder(rule, trace, latencyMs) }).toEqual({ feed: trace.name, starts })
  }
})

it('judges fetches by when they show the changes that came before they started', () => {
  const feed = {
    name: 'two',
    kind: 'other',
    mounted: [['goals', 'list']],
    events: [0, 10, 500].map((atMs) => ({ atMs, queryKeys: [['goals']] })),
  } as const
  const changes = changesByQuery(feed)
  expect(changes).toEqual([[0, 10, 500]])
  expect(judge(changes, [[5, 105, 600]], 100)).toEqual({
    requests: 3,
    meanMs: (105 + 195 + 200) / 3,
    p95Ms: 200,
    staleMs: 205 + 200,
  })
  expect(judge(changes, [[5, 105]], 100).meanMs).toBe(Infinity)
})
