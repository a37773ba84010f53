import { partialMatchKey } from '@tanstack/react-query'
import type { FlushedRecord } from 'realtime-coalescer'
import { pathOfQuery, queryNames } from '../shared/queries.ts'
import type { Session } from '../shared/session.ts'

/** The figures at one moment of a run. */
export interface Sample {
  /** Since the run began, in milliseconds. */
  readonly atMs: number
  readonly changes: number
  readonly requests: number
  /** Requests an app without the library would have made. */
  readonly direct: number
}

/** What has happened since the last button was pressed. */
export interface RunState extends Sample {
  readonly title: string
  /** GETs by endpoint. */
  readonly requestsOf: Readonly<Record<string, number>>
  /** GETs by endpoint, as an app without the library would have made them. */
  readonly directOf: Readonly<Record<string, number>>
  /** Queries on screen that show older data than a change that has arrived. */
  readonly behind: number
  readonly longestToFreshMs: number
  /** Changes since the page was opened. */
  readonly received: number
  readonly samples: readonly Sample[]
  /** When the strategy was switched, and to which. */
  readonly switches: readonly { readonly atMs: number; readonly strategy: string }[]
}

export interface Run {
  getState(): RunState
  subscribe(listener: () => void): () => void
  /** Sets all figures to zero. */
  begin(title: string): void
}

const sampleEveryMs = 100
const idleAfterMs = 1500
const maxSamples = 900

/** Keeps the figures of a run up to date: at most ten times a second, and not at all while nothing happens. */
export function createRun(session: Session): Run {
  const { coalescer, freshness, queries, queryClient, requests, wire } = session
  const listeners = new Set<() => void>()
  let title = 'Since the page was opened'
  let startedAtMs = performance.now()
  let base = { changes: 0, direct: 0 }
  let directOf: Record<string, number> = {}
  let samples: Sample[] = []
  let switches: RunState['switches'] = []
  let timer: ReturnType<typeof setInterval> | undefined
  let activeAtMs = 0

  const readDirect = () => {
    const { fetchesSaved, fetchesStarted } = coalescer.getSnapshot().stats
    return fetchesSaved + fetchesStarted
  }
  const read = (): RunState => {
    const sample: Sample = {
      atMs: performance.now() - startedAtMs,
      changes: wire.changes - base.changes,
      requests: requests.total,
      direct: readDirect() - base.direct,
    }
    samples = thin([...samples, sample])
    return {
      ...sample,
      title,
      requestsOf: requests.counts,
      directOf,
      behind: freshness.behind,
      longestToFreshMs: freshness.longestMs,
      received: wire.changes,
      samples,
      switches,
    }
  }
  let state = read()

  const update = (): void => {
    state = read()
    for (const listener of listeners) listener()
  }
  const tick = (): void => {
    if (performance.now() - activeAtMs > idleAfterMs && state.behind === 0) {
      clearInterval(timer)
      timer = undefined
    }
    update()
  }
  const wake = (): void => {
    activeAtMs = performance.now()
    timer ??= setInterval(tick, sampleEveryMs)
  }

  const countDirect = ({ keys }: FlushedRecord): void => {
    directOf = { ...directOf }
    for (const name of queryNames) {
      const { queryKey } = queries[name]
      const query = queryClient.getQueryCache().find({ queryKey, exact: true })
      if (!query?.isActive()) continue
      const endpoint = `GET /api${pathOfQuery[name]}`
      for (const key of keys) {
        if (partialMatchKey(queryKey, key.queryKey)) directOf[endpoint] = (directOf[endpoint] ?? 0) + key.events
      }
    }
  }

  coalescer.on('flushed', countDirect)
  coalescer.on('strategySwitched', () => {
    switches = [...switches, { atMs: performance.now() - startedAtMs, strategy: coalescer.getSnapshot().strategy }]
    update()
  })
  coalescer.subscribe(wake)
  wire.subscribe(wake)
  requests.subscribe(wake)

  return {
    getState: () => state,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    begin(newTitle) {
      title = newTitle
      startedAtMs = performance.now()
      requests.reset()
      freshness.reset()
      base = { changes: wire.changes, direct: readDirect() }
      directOf = {}
      samples = []
      switches = []
      wake()
      update()
    },
  }
}

/** Keeps a long run drawable: every second sample of the older half goes. */
function thin(samples: Sample[]): Sample[] {
  if (samples.length <= maxSamples) return samples
  const half = samples.length / 2
  return samples.filter((_, index) => index > half || index % 2 === 0)
}
