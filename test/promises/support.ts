import type { QueryClient, QueryKey } from '@tanstack/react-query'
import { type ChangeEffects, type StrategyName, coalesceQueryClient } from 'realtime-coalescer'
import { changeOf } from '../support/changeOf.ts'
import { type World, type WorldOptions, createWorld } from '../support/world.ts'

/** Short windows that differ from every default, so that a promise kept by a default alone shows. */
export const timing = { quietMs: 50, maxWaitMs: 200, refetchDelayMs: 40 } as const

const asked = process.env['PROMISE_STRATEGIES']?.split(',')
const isAsked = (strategy: StrategyName): boolean => asked?.includes(strategy) ?? true

export const coalescing = (['debounce', 'batch', 'perKey', 'hybrid', 'adaptive'] as const).filter(isAsked)

export const everyStrategy = [...coalescing, ...(['direct'] as const).filter(isAsked)]

/** For promises that no strategy has a part in keeping. */
export const anyStrategy = asked ? coalescing.slice(0, 1) : coalescing

/** The ways in which an event reaches a coalescer; CLIENT: through the query client that `coalesceQueryClient` wraps. */
export const eventKinds = ['INVALIDATE', 'REFETCH', 'CHANGE', 'CLIENT'] as const

/** Of these, what an app sends itself to mark queries stale. */
export const invalidations = ['INVALIDATE', 'CLIENT'] as const

/** A world whose coalescer runs a strategy with `timing`. */
export const worldOf = (strategy: StrategyName, options: WorldOptions = {}): World =>
  createWorld({ strategy, ...timing, ...options })

/** When a lone event is flushed, counted from the event. */
export const flushDelayOf = (strategy: StrategyName, quietMs: number = timing.quietMs): number => {
  if (strategy === 'direct') return 0
  // Of a root that nothing is known of yet.
  return strategy === 'adaptive' ? 2 * quietMs : quietMs
}

/** Whether keys that differ in their first element wait apart. */
export const keepsRootsApart = (strategy: StrategyName): boolean => ['perKey', 'adaptive', 'direct'].includes(strategy)

/** When a lone event's fetch starts, counted from the event. */
export const fetchDelayOf = (strategy: StrategyName): number =>
  flushDelayOf(strategy) + (strategy === 'hybrid' ? timing.refetchDelayMs : 0)

/** Sends a change whose handler asks for `effects`. */
export function sendChange({ coalescer }: World, effects: ChangeEffects, table = 'goals'): void {
  coalescer.send({ type: 'CHANGE', change: changeOf(table), handler: () => effects })
}

/** The query client of a world whose invalidations go through its coalescer. */
export const clientOf = ({ queryClient, coalescer }: World): QueryClient => coalesceQueryClient(queryClient, coalescer)

/** Writes on the server and tells the coalescer of it in one of these ways. */
export function announce(world: World, kind: (typeof eventKinds)[number], queryKey: QueryKey): void {
  world.server.write(queryKey)
  if (kind === 'INVALIDATE') world.coalescer.scheduleInvalidate(queryKey)
  else if (kind === 'REFETCH') world.coalescer.scheduleRefetch(queryKey)
  else if (kind === 'CLIENT') void clientOf(world).invalidateQueries({ queryKey })
  else sendChange(world, { invalidate: [queryKey] })
}

/** When the requests of a query started, in milliseconds of simulated time. */
export const startsOf = ({ server }: World, queryKey: QueryKey): number[] =>
  server.requestsOf(queryKey).map((request) => request.startedAtMs)

export const isInvalidated = ({ queryClient }: World, queryKey: QueryKey): boolean | undefined =>
  queryClient.getQueryState(queryKey)?.isInvalidated

/** Tells, after the fact, whether a promise has resolved. */
export function watchPromise(promise: Promise<unknown>): { isResolved: boolean } {
  const watch = { isResolved: false }
  void promise.then(() => (watch.isResolved = true))
  return watch
}

/** Calls flush() and settled(), and tells, after the fact, which of the two promises have resolved. */
export function watchEnd({ coalescer }: World): () => readonly [flush: boolean, settled: boolean] {
  const [flush, settled] = [watchPromise(coalescer.flush()), watchPromise(coalescer.settled())]
  return () => [flush.isResolved, settled.isResolved]
}
