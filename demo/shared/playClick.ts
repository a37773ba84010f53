import { MutationObserver } from '@tanstack/react-query'
import type { StrategyName } from 'realtime-coalescer'
import { checkInOptions, followCheckIns, plainCheckInOptions } from './checkIn.ts'
import { answerPlainly } from './plainFeed.ts'
import { mountAll } from './screen.ts'
import { type ServerAddress, type SessionOptions, createSession } from './session.ts'
import { until, untilQuiet } from './until.ts'
import { untilReady } from './untilReady.ts'

/** How late the changes of the click arrive: after it has been answered, and what it touches has been fetched. */
export const echoDelayMs = 300
/** Longer than that. */
const quietMs = 700

/** Plain TanStack Query, or the library under a strategy. */
export type ClickWay = 'plain' | StrategyName

/** What one click led to. */
export interface ClickResult {
  readonly scenario: 'click'
  readonly way: ClickWay
  /** Row changes received over the socket. */
  readonly changes: number
  /** GETs of this app, by endpoint. */
  readonly requests: Readonly<Record<string, number>>
  readonly totalRequests: number
  /** The check-ins that the goal showed, one after the other. */
  readonly shown: readonly number[]
}

/** Checks in by a click, in an app of its own that shows every query. */
export async function playClick(
  address: ServerAddress,
  way: ClickWay,
  options: Pick<SessionOptions, 'transport' | 'isLatencyHere'> = {},
): Promise<ClickResult> {
  const session = createSession(address, { ...options, ...(way !== 'plain' && { strategy: way }) })
  const { coalescer, queries, queryClient, realtime, requests, wire } = session
  const unmount = mountAll(session)
  const isIdle = (): boolean => requests.inFlight === 0 && queryClient.isFetching() === 0
  try {
    if (way === 'plain') await answerPlainly(session)
    else {
      realtime.initialize(queryClient)
      await untilReady(session)
    }
    await until(isIdle, 'the first data')

    const goal = queryClient.getQueryData(queries.goals.queryKey)?.data[0]
    if (goal === undefined) throw new Error('Expected a goal to check in for, found none.')
    const { shown, end } = followCheckIns(session, goal.id)
    requests.reset()
    const changesBefore = wire.changes
    const mutation = new MutationObserver(
      queryClient,
      way === 'plain' ? plainCheckInOptions(session) : checkInOptions(session),
    )
    await mutation.mutate(goal)
    await until(() => wire.changes > changesBefore, 'the echo')
    await untilQuiet(() => wire.changes + requests.total, quietMs)
    await coalescer.settled()
    await until(isIdle, 'the last answer')
    end()
    return {
      scenario: 'click',
      way,
      changes: wire.changes - changesBefore,
      requests: Object.fromEntries(Object.entries(requests.counts).filter(([endpoint]) => endpoint.startsWith('GET '))),
      totalRequests: requests.total,
      shown,
    }
  } finally {
    unmount()
    await session.stop()
  }
}
