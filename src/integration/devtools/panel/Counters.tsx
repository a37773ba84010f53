'use client'
import type { ReactElement } from 'react'
import type { CoalescerSnapshot } from '../../query/coalescer.ts'
import { formatMs } from '../monitor/format.ts'

/** What was done, and what was saved. */
export function Counters({ snapshot }: { snapshot: CoalescerSnapshot<string> }): ReactElement {
  const { stats, pendingKeys, inFlight, held = 0 } = snapshot
  const wouldBe = stats.fetchesStarted + stats.fetchesSaved
  const share = wouldBe > 0 ? ` (${Math.round((100 * stats.fetchesSaved) / wouldBe)} %)` : ''
  const counters: readonly (readonly [name: string, value: string, isLead?: boolean])[] = [
    ['fetches saved', `${stats.fetchesSaved}${share}`, true],
    ['fetches', String(stats.fetchesStarted)],
    ['events', String(stats.eventsReceived)],
    ['flushes', String(stats.flushes)],
    ['pending', String(pendingKeys)],
    ['in flight', String(inFlight)],
    ['held', String(held)],
    ['failed', String(stats.fetchesFailed)],
    ['longest wait', formatMs(stats.longestWaitMs)],
  ]
  return (
    <dl className="rtc-counters">
      {counters.map(([name, value, isLead]) => (
        <div key={name} data-lead={isLead}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
