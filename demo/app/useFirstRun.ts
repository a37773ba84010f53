import { useEffect } from 'react'
import type { RealtimeStatus } from 'realtime-coalescer/react'
import { untilReady } from '../shared/untilReady.ts'
import { useDemo } from './demo.ts'

/** Begins the first run once the page has loaded all it shows: what a visitor then sees begins at zero. */
export function useFirstRun(status: RealtimeStatus): void {
  const { session, run } = useDemo()
  useEffect(() => {
    if (status !== 'live' || run.getState().hasBegun) return undefined
    let isCurrent = true
    const begin = async (): Promise<void> => {
      const isReady = await untilReady(session).then(
        () => true,
        () => false,
      )
      if (!isCurrent || run.getState().hasBegun) return
      if (isReady) run.begin('Since the page was ready')
      // A page in the background takes as long as it stays there.
      else await begin()
    }
    void begin()
    return () => {
      isCurrent = false
    }
  }, [status, session, run])
}
