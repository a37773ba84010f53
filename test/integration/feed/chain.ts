import { isDeepStrictEqual } from 'node:util'
import { QueryClient, QueryObserver } from '@tanstack/react-query'
import type { SupabaseClient } from '@supabase/supabase-js'
import { type Change, type Coalescer, type CoalescerOptions, type ErrorInfo, createCoalescer } from 'realtime-coalescer'
import { type RealtimeService, createRealtimeService } from 'realtime-coalescer/supabase'
import { read } from '../../../demo/server/api/reads.ts'
import type { Backend } from '../../../demo/server/backend.ts'
import { connect, until } from '../../backend/support.ts'
import { type HeldTime, holdTime } from './heldTime.ts'

type Row = { readonly id: number } & Record<string, unknown>

/** The screens of the app, by the path they are read from. */
export const paths = ['goals', 'partners', 'check-ins'] as const
export type Path = (typeof paths)[number]

export interface ChainOptions extends Omit<CoalescerOptions, 'queryClient'> {
  readonly backstopMs?: number
  /** Whether deletions of goals come unfiltered, too. @default true */
  readonly unfilteredDeletes?: boolean
}

/** The whole way from the database to the screen: the unmodified client, a feed, a coalescer, and mounted queries. */
export interface Chain {
  readonly supabase: SupabaseClient
  readonly realtime: RealtimeService
  readonly coalescer: Coalescer
  readonly queryClient: QueryClient
  /** Of the feed and the coalescer. Passes only in `quiet`, `right`, and where a test says so. */
  readonly time: HeldTime
  readonly statuses: string[]
  readonly errors: { readonly error: unknown; readonly info: ErrorInfo }[]
  /** How many changes of goals have been patched. */
  readonly patched: () => number
  /** Catch-ups that were flushed. */
  readonly catchUps: () => number
  status(status: ReturnType<RealtimeService['getStatus']>): Promise<void>
  /** Nothing is under way or owed any more, in the feed, in the coalescer, or on the wire. */
  quiet(): Promise<void>
  /** The ids of rows on the screen that differ from the database, by path. */
  differences(): Promise<Partial<Record<Path, number[]>>>
  /** Waits until no row differs. */
  right(): Promise<void>
  /** Requests since the last call, by path. */
  requests(): Partial<Record<Path, number>>
  /** Ends everything; returns what is left of it. */
  end(): Promise<{ channels: number; timers: number; isCacheWatched: boolean; isConnected: boolean }>
}

const byId = (rows: readonly Row[]): Row[] => [...rows].sort((a, b) => a.id - b.id)

/**
 * Starts a chain that is live, with all its screens loaded. Changes of goals are patched into their list; the screens
 * of the other tables are refetched. The client is restless, so that faults pass quickly.
 */
export async function startChain(backend: Backend, options: ChainOptions = {}): Promise<Chain> {
  const { backstopMs, unfilteredDeletes, ...coalescerOptions } = options
  const time = holdTime()
  const errors: Chain['errors'] = []
  let patched = 0
  let catchUps = 0
  const queryClient = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity, retry: false } } })
  const coalescer = createCoalescer({
    clock: time.clock,
    quietMs: 30,
    onError: (error, info) => errors.push({ error, info }),
    ...coalescerOptions,
  })
  coalescer.on('flushed', ({ keys }) => {
    if (keys.some(({ sources }) => sources.includes('realtime:catchUp'))) catchUps += 1
  })
  const supabase = connect(backend, { reconnectAfterMs: () => 30, timeout: 3000 })

  const handle = (change: Change) => ({
    patch: [
      {
        queryKey: ['goals'],
        update: (rows: Row[] | undefined) => {
          if (!rows) return undefined
          patched += 1
          const row = change.new as Row
          return row['user_id'] === 7 ? byId([...rows.filter(({ id }) => id !== row.id), row]) : rows
        },
      },
    ],
  })
  const realtime = createRealtimeService({
    supabase,
    coalescer,
    channel: 'db',
    schema: 'public',
    backstopMs,
    tables: {
      goals: { filter: 'user_id=eq.7', unfilteredDeletes, handle, catchUp: [['goals']] },
      partners: { keys: () => [['partners']] },
      check_ins: { filter: 'user_id=eq.7', keys: () => [['check-ins']] },
    },
  })
  const statuses: string[] = []
  realtime.subscribe(() => statuses.push(realtime.getStatus()))

  const ask = async (path: Path): Promise<Row[]> => {
    const response = await fetch(`${backend.url}/api/${path}`)
    if (!response.ok) throw new Error(`${response.status} for ${path}`)
    return ((await response.json()) as { data: Row[] }).data
  }
  const screens = paths.map((path) => {
    const observer = new QueryObserver(queryClient, { queryKey: [path], queryFn: () => ask(path) })
    return { path, observer, unmount: observer.subscribe(() => undefined) }
  })

  const isQuiet = (): boolean => {
    const { link, repair, recheck } = realtime.actor.getSnapshot().value
    const { phase, pendingKeys, inFlight } = coalescer.getSnapshot()
    return (
      link === 'live' &&
      repair === 'intact' &&
      recheck === 'unneeded' &&
      phase === 'idle' &&
      pendingKeys + inFlight === 0
    )
  }
  const chain: Chain = {
    supabase,
    realtime,
    coalescer,
    queryClient,
    time,
    statuses,
    errors,
    patched: () => patched,
    catchUps: () => catchUps,
    status: (status) => until(() => realtime.getStatus() === status, `status ${status}`),
    async quiet() {
      await backend.realtime.drained()
      await time.until(isQuiet, 'quiet')
      await time.during(coalescer.settled())
    },
    async differences() {
      const differences: Partial<Record<Path, number[]>> = {}
      for (const { path, observer } of screens) {
        const { data } = await read(backend.db, `/${path}`)
        const ids = differingIds(observer.getCurrentResult().data ?? [], data as Row[])
        if (ids.length > 0) differences[path] = ids
      }
      return differences
    },
    async right() {
      let differences: Partial<Record<Path, number[]>> = {}
      const isRight = async () => Object.keys((differences = await chain.differences())).length === 0
      await time.until(isRight, 'a screen that is right').catch((cause: unknown) => {
        throw new Error(`Still different: ${JSON.stringify(differences)}`, { cause })
      })
    },
    requests() {
      const counts = backend.api.counts()
      backend.api.resetCounts()
      return Object.fromEntries(
        paths.flatMap((path) => (counts[`GET /api/${path}`] ? [[path, counts[`GET /api/${path}`]]] : [])),
      )
    },
    async end() {
      realtime.stop()
      coalescer.stop({ pending: 'drop' })
      for (const { unmount } of screens) unmount()
      // The gaps of a client that is connecting again end with it.
      await supabase.removeAllChannels()
      await supabase.realtime.disconnect()
      const { system } = realtime.actor
      const timers = Object.keys(system.getSnapshot()._scheduledEvents).length
      const left = {
        channels: supabase.getChannels().length,
        timers,
        isCacheWatched: queryClient.getQueryCache().hasListeners(),
        isConnected: supabase.realtime.isConnected(),
      }
      queryClient.clear()
      return left
    },
  }

  realtime.initialize(queryClient)
  await chain.status('live')
  await until(() => screens.every(({ observer }) => observer.getCurrentResult().isSuccess), 'screens')
  await time.until(() => coalescer.getSnapshot().stats.flushes > 0, 'the first catch-up')
  await chain.quiet()
  chain.requests()
  statuses.length = 0
  errors.length = 0
  return chain
}

/** The ids of rows that are on one side only, or differ. */
function differingIds(shown: readonly Row[], stored: readonly Row[]): number[] {
  const storedById = new Map(stored.map((row) => [row.id, row]))
  const differing = shown.filter((row) => !isDeepStrictEqual(row, storedById.get(row.id))).map(({ id }) => id)
  const shownIds = new Set(shown.map(({ id }) => id))
  return [...differing, ...stored.flatMap(({ id }) => (shownIds.has(id) ? [] : [id]))]
}
