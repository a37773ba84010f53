import { useEffect } from 'react'
import type { RealtimeStatus } from 'realtime-coalescer/react'
import { until } from '../shared/until.ts'
import { useDemo } from './demo.ts'
import { untilQuiet } from '../shared/until.ts'

/** Longer than the feed takes from being live to its first catch-up. */
const quietMs = 1000

/** Begins the first run once the page has loaded all it shows: what a visitor then sees begins at zero. */
export function useFirstRun(status: RealtimeStatus): void {
  const { session, run } = useDemo()
  useEffect(() => {
    if (status !== 'live' || run.getState().hasBegun) return undefined
    let isCurrent = true
    const begin = async () => {
      await untilQuiet(() => session.requests.total, quietMs)
      await until(() => session.requests.inFlight === 0, 'the first data')
      if (isCurrent && !run.getState().hasBegun) run.begin('Since the page was ready')
    }
    begin().catch(() => undefined)
    return () => {
      isCurrent = false
    }
  }, [status, session, run])
}
