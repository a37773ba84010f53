import type { StrategyName } from 'realtime-coalescer'
import ws from 'ws'
import type { Backend } from '../server/backend.ts'
import type { FeedName } from './feeds.ts'
import { type ScenarioName, scenarios } from './scenarios.ts'
import { mountAll } from './screen.ts'
import { createSession } from './session.ts'
import { until } from './until.ts'
import { untilReady } from './untilReady.ts'

/** What one scenario led to under one strategy. */
export interface ScenarioResult {
  readonly scenario: ScenarioName
  readonly strategy: StrategyName
  readonly feed: FeedName
  /** Row changes received over the socket. */
  readonly changes: number
  /** GETs the server counted, by endpoint. */
  readonly requests: Readonly<Record<string, number>>
  readonly totalRequests: number
  /** Fetches `direct` would have started for the same events, less those started. */
  readonly fetchesSaved: number
  /** Longest time from a commit to the data that shows it, in milliseconds. */
  readonly longestToFreshMs: number
  /** The median of these times, in milliseconds. */
  readonly medianToFreshMs: number
}

/** Plays a scenario against a mounted app with its own connection. Rejects when the screen stays behind at the end. */
export async function playScenario(
  backend: Backend,
  scenario: ScenarioName,
  strategy: StrategyName,
  feed: FeedName = 'postgres_changes',
): Promise<ScenarioResult> {
  const { latencyMs, recording } = scenarios[scenario]
  backend.api.setLatencyMs(0)
  // Node 20 has no WebSocket of its own; the client takes the `ws` package's.
  const session = createSession(backend, { strategy, feed, transport: ws as unknown as typeof WebSocket })
  const { coalescer, freshness, queryClient, realtime, wire } = session
  const unmount = mountAll(session)
  try {
    realtime.initialize(queryClient)
    await untilReady(session)

    backend.api.setLatencyMs(latencyMs)
    backend.api.resetCounts()
    freshness.reset()
    const count = () => backend.realtime.stats[feed === 'broadcast' ? 'messages' : 'frames']
    const sentBefore = count()
    const savedBefore = coalescer.getSnapshot().stats.fetchesSaved
    const changesBefore = wire.changes
    await backend.playStorm({ recorded: recording })
    await backend.realtime.drained()
    const sent = count() - sentBefore
    await until(() => wire.changes - changesBefore >= sent, 'the last change to arrive')
    await coalescer.settled()
    await until(() => freshness.behind === 0 && queryClient.isFetching() === 0, 'the screen to show the last change')

    const gets = Object.entries(backend.api.counts()).filter(([endpoint]) => endpoint.startsWith('GET '))
    return {
      scenario,
      strategy,
      feed,
      changes: sent,
      requests: Object.fromEntries(gets),
      totalRequests: gets.reduce((total, [, count]) => total + count, 0),
      fetchesSaved: coalescer.getSnapshot().stats.fetchesSaved - savedBefore,
      longestToFreshMs: Math.round(freshness.longestMs),
      medianToFreshMs: Math.round(freshness.medianMs),
    }
  } finally {
    unmount()
    await session.stop()
  }
}
