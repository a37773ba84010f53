import type { Session } from './session.ts'
import { until } from './until.ts'

/**
 * Resolves when the feed is live and has nothing left to catch up with, and every request has its answer: from then on
 * only changes lead to requests. A client that is slow to hear of its attachment catches up twice, seconds apart, so no
 * silence of any length tells this.
 */
export function untilReady({ coalescer, queryClient, realtime, requests }: Session): Promise<void> {
  return until(() => {
    const { link, repair, recheck } = realtime.actor.getSnapshot().value
    const { phase, pendingKeys, inFlight } = coalescer.getSnapshot()
    const isWhole = link === 'live' && repair === 'intact' && recheck === 'unneeded'
    const isAnswered = inFlight === 0 && requests.inFlight === 0 && queryClient.isFetching() === 0
    return isWhole && phase === 'idle' && pendingKeys === 0 && isAnswered
  }, 'the feed and the first data')
}
