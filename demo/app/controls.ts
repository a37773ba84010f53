import { askJson } from '../shared/api.ts'
import type { Recording } from '../shared/scenarios.ts'
import type { StormResult } from '../server/api/storm.ts'

const at = (path: string): string => `${location.origin}/api${path}`

/** Settings of the realtime server that the page can change. */
export interface FeedFaults {
  readonly upgrade: 'accept' | 'refuse'
  readonly duplicateChanges: boolean
  readonly loseChanges: boolean
  readonly deliveryDelayMs: number
  readonly pollIntervalMs: number
}

export type FeedAccident = 'terminateSockets' | 'crashChannels' | 'expireTokens' | 'restart'

/** Resolves when the last write has been made. */
export const playStorm = (recorded: Recording): Promise<StormResult> => askJson(at('/storm'), 'POST', { recorded })

export const setLatencyMs = (latencyMs: number): Promise<void> => askJson(at('/metrics'), 'PATCH', { latencyMs })

export const setErrorRate = (errorRate: number): Promise<void> => askJson(at('/metrics'), 'PATCH', { errorRate })

/** Rejects on a real project, which has no faults to read. */
export const readFaults = (): Promise<{ settings: FeedFaults }> => askJson(at('/faults'), 'GET')

export const setFaults = (faults: Partial<FeedFaults>): Promise<unknown> => askJson(at('/faults'), 'PATCH', faults)

export const causeAccident = (accident: FeedAccident): Promise<void> => askJson(at(`/faults/${accident}`), 'POST', {})

/** What the API answers, past the cache and the counters. */
export const readData = (path: string): Promise<{ data: unknown }> => askJson(at(path), 'GET')
