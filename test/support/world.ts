import {
  type DefaultError,
  QueryClient,
  type QueryKey,
  type QueryObserver,
  type QueryObserverOptions,
  focusManager,
  onlineManager,
} from '@tanstack/react-query'
import {
  type Coalescer,
  type CoalescerOptions,
  type ErrorInfo,
  type FlushedRecord,
  type InvalidateOptions,
  createCoalescer,
} from 'realtime-coalescer'
import { onTestFinished } from 'vitest'
import { createTestScreens } from '../../src/integration/testing/testScreens.ts'
import { SimulatedServer, type Versioned } from './simulatedServer.ts'
import { advanceUntil } from './simulatedTime.ts'

export type ShowOptions = Partial<QueryObserverOptions<Versioned, DefaultError, Versioned, Versioned, QueryKey>>

/** A component that shows a query. */
export interface Shown {
  readonly observer: QueryObserver<Versioned>
  /** The version on the screen; `undefined` before the first answer. */
  version(): number | undefined
  unmount(): void
}

export interface World {
  readonly server: SimulatedServer
  readonly queryClient: QueryClient
  readonly coalescer: Coalescer
  readonly flushed: FlushedRecord[]
  readonly errors: { readonly error: unknown; readonly info: ErrorInfo }[]
  /** Mounts a component that shows the query of a key. */
  show(queryKey: QueryKey, options?: ShowOptions): Shown
  /** Mounts a component and lets its first request end. */
  showLoaded(queryKey: QueryKey, options?: ShowOptions): Promise<Shown>
  /** Writes on the server and tells the coalescer, as a change of the feed does. */
  change(queryKey: QueryKey, options?: InvalidateOptions): void
  hide(): void
  unhide(): void
  goOffline(): void
  goOnline(): void
  /** Stops the coalescer and unmounts what is shown. */
  end(): void
}

export interface WorldOptions extends CoalescerOptions {
  readonly server?: SimulatedServer
  /** What every query has unless told otherwise, besides no retries and no garbage collection. */
  readonly queries?: ShowOptions
  /** Whether TanStack's own focus and reconnect refetches run, as under a provider. @default true */
  readonly mounted?: boolean
  /** Whether the world ends by itself after the test. @default true */
  readonly endsWithTest?: boolean
}

/**
 * A server, a query client and a coalescer under simulated time. Queries count as fresh for ever, so that only the
 * coalescer and mounts fetch. It ends with the test.
 */
export function createWorld({
  server = new SimulatedServer(),
  queries,
  mounted = true,
  endsWithTest = true,
  ...options
}: WorldOptions = {}): World {
  const queryClient = new QueryClient({
    defaultOptions: {
      queries: { queryFn: server.queryFn, retry: false, gcTime: Infinity, staleTime: Infinity, ...(queries as object) },
    },
  })
  if (mounted) queryClient.mount()
  const errors: World['errors'] = []
  const flushed: FlushedRecord[] = []
  const coalescer = createCoalescer({
    queryClient,
    onError: (error, info) => errors.push({ error, info }),
    ...options,
  })
  coalescer.on('flushed', (record) => flushed.push(record))
  const screens = createTestScreens(queryClient)
  let hasEnded = false

  const world: World = {
    server,
    queryClient,
    coalescer,
    flushed,
    errors,
    show(queryKey, showOptions) {
      const unmount = screens.show<Versioned>(queryKey, undefined, showOptions)
      const { observer } = unmount
      return { observer, unmount, version: () => observer.getCurrentResult().data?.version }
    },
    async showLoaded(queryKey, showOptions) {
      const shown = world.show(queryKey, showOptions)
      await advanceUntil(() => server.runningOf(queryKey) === 0)
      return shown
    },
    change(queryKey, invalidate) {
      server.write(queryKey, invalidate?.exact === true)
      coalescer.scheduleInvalidate(queryKey, invalidate)
    },
    hide: () => focusManager.setFocused(false),
    unhide: () => focusManager.setFocused(true),
    goOffline: () => onlineManager.setOnline(false),
    goOnline: () => onlineManager.setOnline(true),
    end() {
      if (hasEnded) return
      hasEnded = true
      coalescer.stop({ pending: 'drop' })
      screens.end()
      if (mounted) queryClient.unmount()
      queryClient.clear()
    },
  }
  if (endsWithTest) onTestFinished(() => world.end())
  return world
}
