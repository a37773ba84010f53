import type { Recording } from '../../shared/scenarios.ts'
import { until, untilQuiet } from '../../shared/until.ts'
import { playStorm } from '../controls.ts'
import type { Demo } from '../demo.ts'
import type { RunState } from '../run.ts'

/** Longer than changes arrive late by a fault of the lab. */
const quietMs = 600

/** Plays a recording; gives its figures once the screen has nothing left to do because of it. */
export async function playRun(demo: Demo, title: string, recording: Recording): Promise<RunState> {
  const { run } = demo
  run.begin(title)
  try {
    await playStorm(recording)
    await settle(demo)
  } finally {
    run.end()
  }
  return run.getState()
}

/**
 * Resolves when no change has arrived for a while, nothing is pending, and every request has its answer, those too that
 * a later one has replaced: they would slow down whatever comes next.
 */
async function settle({ session }: Demo): Promise<void> {
  const { coalescer, queryClient, requests, wire } = session
  await untilQuiet(() => wire.changes, quietMs)
  await coalescer.settled()
  await until(() => requests.inFlight === 0 && queryClient.isFetching() === 0, 'the last answer')
}
