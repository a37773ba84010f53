'use client'
import type { ReactElement } from 'react'
import { formatMs } from '../monitor/format.ts'
import type { TimelineRequest } from '../monitor/timeline.ts'

/** How a request stands, and how long it took. */
export function RequestStateLabel({ request }: { readonly request: TimelineRequest }): ReactElement {
  const { state, tookMs } = request
  return (
    <span className="rtc-fetch" data-state={state}>
      {state}
      {tookMs !== undefined && ` in ${formatMs(tookMs)}`}
    </span>
  )
}
