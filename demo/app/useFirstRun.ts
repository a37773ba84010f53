import { useEffect } from 'react'
import type { RealtimeStatus } from 'realtime-coalescer/react'
import { until, untilQuiet } from '../shared/until.ts'
import { useDemo } from './demo.ts'

/** Longer than requests of one flush are apart. */
const quietMs = 1000

/** Begins the first run once the page has loaded all it shows: what a visitor then sees begins at zero. */
export function useFirstRun(status: RealtimeStatus): void {
  const { session, run } = useDemo()
  useEffect(() => {
    if (status !== 'live' || run.getState().hasBegun) return undefined
    let isCurrent = true
    const begin = async () => {
      const { coalescer } = session
      await until(() => coalescer.getSnapshot().stats.flushes > 0, 'the first catch-up').catch(() => undefined)
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
