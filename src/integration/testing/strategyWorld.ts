import { QueryClient, QueryObserver } from '@tanstack/react-query'
import type { InspectionEvent } from 'xstate'
import type { Change } from '../../actions/types.ts'
import { debounce } from '../../machines/debounce.ts'
import type { StrategyDefinition } from '../../machines/strategyDefinition.ts'
import type { OptionOf } from '../../machines/registry.ts'
import type { Coalescer } from '../query/coalescer.ts'
import { createCoalescerWith } from '../query/createCoalescerWith.ts'
import { type StepClock, createStepClock } from './testClock.ts'

export const MAX_WAIT_MS = 1000
export const QUIET_MS = 100

/** The strategy under test, and another one to switch to and from. */
export type TestedRegistry = Readonly<Record<'tested' | 'other', StrategyDefinition>>

export const registryOf = (tested: StrategyDefinition): TestedRegistry => ({ tested, other: debounce })

/** Some queries on screen, a coalescer under the strategy, and simulated time. */
export interface StrategyWorld {
  readonly clock: StepClock
  readonly coalescer: Coalescer<'tested' | 'other', OptionOf<TestedRegistry>>
  /** When flushes ran. */
  readonly flushes: readonly number[]
  /** How often the strategy has asked for a flush with nothing pending; seen only where an inspector watches. */
  readonly needless: number
  /** How often the first query has been asked for. */
  requests(): number
  /** How many queries have not been asked for. */
  unfetched(): number
  /** Whether the first query is marked stale. */
  isStale(): boolean
  /** Tells of a change of the first query. */
  invalidate(options?: { readonly urgent?: boolean }): void
  /** Tells of a change of each query, one after the other. */
  invalidateAll(): void
  /** Tells of a change of the query as a feed does, with a handler; returns how often that has run. */
  change(): () => number
  /** Hides the page, or shows it again. */
  hide(isHidden: boolean): void
}

const queryKeys = [['tested'], ['tested too'], ['tested as well']] as const
const [queryKey] = queryKeys

const change: Change = {
  schema: 'public',
  table: 'tested',
  eventType: 'UPDATE',
  new: {},
  old: {},
  commitTimestamp: null,
  errors: null,
}

/** Plays a scene in a world of its own, and ends the world. */
export async function inStrategyWorld(
  registry: TestedRegistry,
  play: (world: StrategyWorld) => Promise<void>,
  inspect?: (event: InspectionEvent) => void,
): Promise<void> {
  const clock = createStepClock()
  let isHidden = false
  let needless = 0
  const requests = queryKeys.map(() => 0)
  const queryClient = new QueryClient({ defaultOptions: { queries: { retry: false, staleTime: Infinity } } })
  const mounted = queryKeys.map((key, index) => {
    queryClient.setQueryData(key, 0)
    const queryFn = (): Promise<number> => Promise.resolve((requests[index] = (requests[index] ?? 0) + 1))
    return new QueryObserver(queryClient, { queryKey: key, queryFn }).subscribe(() => undefined)
  })
  const watch = (event: InspectionEvent): void => {
    if (event.type === '@xstate.event' && event.event.type === 'DUE' && coalescer.getSnapshot().pendingKeys === 0) {
      needless += 1
    }
    inspect?.(event)
  }
  const coalescer = createCoalescerWith(registry, {
    queryClient,
    clock,
    quietMs: registry.tested.quietMs === 0 ? 0 : QUIET_MS,
    maxWaitMs: MAX_WAIT_MS,
    isHidden: () => isHidden,
    onError: () => undefined,
    ...(inspect && { inspect: watch }),
  })
  const flushes: number[] = []
  coalescer.on('flushed', () => flushes.push(clock.now()))
  try {
    await play({
      clock,
      coalescer,
      flushes,
      get needless() {
        return needless
      },
      requests: () => requests[0] ?? 0,
      unfetched: () => requests.filter((count) => count === 0).length,
      isStale: () => queryClient.getQueryState(queryKey)?.isInvalidated === true,
      invalidate: (options) => coalescer.scheduleInvalidate(queryKey, options),
      invalidateAll: () => queryKeys.forEach((key) => coalescer.scheduleInvalidate(key)),
      change() {
        let runs = 0
        coalescer.send({ type: 'CHANGE', change, handler: () => ((runs += 1), { invalidate: [queryKey] }) })
        return () => runs
      },
      hide(hides) {
        isHidden = hides
      },
    })
  } finally {
    coalescer.stop({ pending: 'drop' })
    mounted.forEach((unmount) => unmount())
    queryClient.clear()
  }
}
