import type { StrategyName } from 'realtime-coalescer'
import type { Recording } from '../../shared/scenarios.ts'
import { until } from '../../shared/until.ts'
import { playStorm } from '../controls.ts'
import type { Demo } from '../demo.ts'

/** What a storm led to under one strategy. */
export interface Comparison {
  readonly strategy: StrategyName
  readonly requests: number
  readonly longestToFreshMs: number
}

const quietMs = 400
const settleTimeoutMs = 60_000

/** Plays a recording under one strategy and waits until the screen shows its last change. */
export async function compareStrategy(demo: Demo, strategy: StrategyName, recording: Recording): Promise<Comparison> {
  const { run, session } = demo
  const { coalescer, freshness, queryClient, requests, wire } = session
  coalescer.switchStrategy(strategy)
  await coalescer.settled()
  run.begin(`Compare all: ${strategy}`)
  await playStorm(recording)
  await arrival(wire)
  await coalescer.settled()
  await until(
    () => freshness.behind === 0 && queryClient.isFetching() === 0,
    'the last change on screen',
    settleTimeoutMs,
  )
  return { strategy, requests: requests.total, longestToFreshMs: freshness.longestMs }
}

/** Resolves when no change has arrived for a while: the page cannot know which one was the last. */
async function arrival(wire: { readonly changes: number }): Promise<void> {
  let seen = wire.changes
  let sinceMs = performance.now()
  await until(
    () => {
      if (wire.changes !== seen) {
        seen = wire.changes
        sinceMs = performance.now()
      }
      return performance.now() - sinceMs >= quietMs
    },
    'the last change to arrive',
    settleTimeoutMs,
  )
}
