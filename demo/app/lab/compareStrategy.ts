import type { StrategyName } from 'realtime-coalescer'
import type { Recording } from '../../shared/scenarios.ts'
import type { Demo } from '../demo.ts'
import { playRun } from './playRun.ts'

/** What a storm led to under one strategy. */
export interface Comparison {
  readonly strategy: StrategyName
  readonly requests: number
  readonly longestToFreshMs: number
}

/** Plays a recording under one strategy. Rejects when the screen stays behind. */
export async function compareStrategy(
  demo: Demo,
  strategy: StrategyName,
  recording: Recording,
  title = `Compare all: ${strategy}`,
): Promise<Comparison> {
  const { coalescer } = demo.session
  coalescer.switchStrategy(strategy)
  await coalescer.settled()
  const { requests, longestToFreshMs, behindHashes } = await playRun(demo, title, recording)
  if (behindHashes.length > 0) throw new Error(`Under ${strategy} the screen is behind: ${behindHashes.join(', ')}.`)
  return { strategy, requests, longestToFreshMs }
}
