import { partialMatchKey } from '@tanstack/react-query'
import type { FlushedRecord } from 'realtime-coalescer'
import { pathOfQuery, queryNames } from '../shared/queries.ts'
import type { Session } from '../shared/session.ts'
import { thin } from './samples.ts'

/** The figures at one moment of a run. */
export interface Sample {
  /** Since the run began, in milliseconds. */
  readonly atMs: number
  readonly changes: number
  readonly requests: number
  /** Requests an app without the library would have made by now, those that have nothing to do with changes included. */
  readonly direct: number
}

/** What a run has led to. */
interface Figures extends Sample {
  readonly title: string
  /** GETs by endpoint. */
  readonly requestsOf: Readonly<Record<string, number>>
  /** GETs by endpoint, as an app without the library would have made them. */
  readonly directOf: Readonly<Record<string, number>>
  readonly longestToFreshMs: number
  readonly samples: readonly Sample[]
  /** When the strategy was switched, and to which. */
  readonly switches: readonly { readonly atMs: number; readonly strategy: string }[]
}

/** The figures of the latest run, and what holds now. */
export interface RunState extends Figures {
  /** Whether a run has begun since the page was opened. */
  readonly hasBegun: boolean
  /** Hashes of the queries on screen that show older data than a change that has arrived. */
  readonly behindHashes: readonly string[]
  /** Changes since the page was opened. */
  readonly received: number
}

export interface Run {
  getState(): RunState
  subscribe(listener: () => void): () => void
  /** Sets all figures to zero. */
  begin(title: string): void
  /** Keeps the figures as they are until the next run, which begins with the next change or request if nobody begins it. */
  end(): void
}

const sampleEveryMs = 100
const idleAfterMs = 1500

/** Keeps the figures of a run up to date: at most ten times a second, and not at all while nothing happens. */
export function createRun(session: Session): Run {
  const { coalescer, freshness, queries, queryClient, requests, wire } = session
  const listeners = new Set<() => void>()
  let title = 'Opening the page'
  let hasBegun = false
  let isFrozen = false
  let startedAtMs = performance.now()
  let changesBefore = wire.changes
  let directOf: Record<string, number> = {}
  let samples: Sample[] = []
  let switches: Figures['switches'] = []
  let timer: ReturnType<typeof setInterval> | undefined
  let activeAtMs = 0
  let startedBefore = 0

  const measure = (): Figures => {
    const sample: Sample = {
      atMs: performance.now() - startedAtMs,
      changes: wire.changes - changesBefore,
      requests: requests.total,
      direct: Object.values(directOf).reduce((sum, count) => sum + count, 0),
    }
    samples = thin([...samples, sample])
    const { counts: requestsOf } = requests
    return { ...sample, title, requestsOf, directOf, longestToFreshMs: freshness.longestMs, samples, switches }
  }
  let figures = measure()
  const read = (): RunState => ({
    ...figures,
    hasBegun,
    behindHashes: freshness.behindHashes(),
    received: wire.changes,
  })
  let state = read()

  const update = (): void => {
    if (!isFrozen) figures = measure()
    state = read()
    for (const listener of listeners) listener()
  }
  const tick = (): void => {
    if (performance.now() - activeAtMs > idleAfterMs && state.behindHashes.length === 0) {
      clearInterval(timer)
      timer = undefined
    }
    update()
  }
  const wake = (): void => {
    activeAtMs = performance.now()
    timer ??= setInterval(tick, sampleEveryMs)
  }
  const setToZero = (newTitle: string): void => {
    title = newTitle
    requests.reset()
    freshness.reset()
    changesBefore = wire.changes
    directOf = {}
    unfreeze()
  }
  /** From here on the figures are shown; they have counted since they were set to zero. */
  const unfreeze = (): void => {
    isFrozen = false
    startedAtMs = performance.now()
    samples = []
    switches = []
  }
  /** Something has happened. */
  const stir = (): void => {
    if (isFrozen) unfreeze()
    wake()
  }

  const addDirect = (endpoint: string, count: number): void => {
    directOf = { ...directOf, [endpoint]: (directOf[endpoint] ?? 0) + count }
  }
  /** Each event would have been a request of every query on screen that it matches. */
  const countDirect = ({ keys }: FlushedRecord): void => {
    stir()
    for (const name of queryNames) {
      const { queryKey } = queries[name]
      if (!queryClient.getQueryCache().find({ queryKey, exact: true })?.isActive()) continue
      for (const key of keys) {
        if (partialMatchKey(queryKey, key.queryKey)) addDirect(`GET /api${pathOfQuery[name]}`, key.events)
      }
    }
  }
  /** A request that the coalescer has not asked for, such as a mount or a retry, is one without the library too. */
  const countRequest = (endpoint: string): void => {
    stir()
    const { fetchesStarted } = coalescer.getSnapshot().stats
    const isOfCoalescer = fetchesStarted !== startedBefore
    startedBefore = fetchesStarted
    if (!isOfCoalescer && endpoint.startsWith('GET ')) addDirect(endpoint, 1)
  }

  coalescer.on('flushed', countDirect)
  coalescer.on('strategySwitched', () => {
    switches = [...switches, { atMs: performance.now() - startedAtMs, strategy: coalescer.getSnapshot().strategy }]
    update()
  })
  coalescer.subscribe(wake)
  wire.subscribe(stir)
  requests.subscribe(countRequest)

  return {
    getState: () => state,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    begin(newTitle) {
      hasBegun = true
      setToZero(newTitle)
      wake()
      update()
    },
    end() {
      if (isFrozen) return
      update()
      setToZero('Since the last run')
      isFrozen = true
    },
  }
}
