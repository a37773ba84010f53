import { QueryClient, QueryObserver } from '@tanstack/react-query'
import type { InspectionEvent } from 'xstate'
import type { Change } from '../../actions/types.ts'
import { debounce } from '../../machines/debounce.ts'
import type { StrategyDefinition } from '../../machines/defineStrategy.ts'
import type { OptionOf } from '../../machines/registry.ts'
import type { Coalescer } from '../query/coalescer.ts'
import { createCoalescerWith } from '../query/createCoalescerWith.ts'
import { type StepClock, createStepClock } from './testClock.ts'

export const MAX_WAIT_MS = 1000
export const QUIET_MS = 100

/** The strategy under test, and another one to switch to and from. */
export type TestedRegistry = Readonly<Record<'tested' | 'other', StrategyDefinition>>

export const registryOf = (tested: StrategyDefinition): TestedRegistry => ({ tested, other: debounce })

/** One query on screen, a coalescer under the strategy, and simulated time. */
export interface StrategyWorld {
  readonly clock: StepClock
  readonly coalescer: Coalescer<'tested' | 'other', OptionOf<TestedRegistry>>
  /** When flushes ran. */
  readonly flushes: readonly number[]
  /** How often the query has been asked for. */
  requests(): number
  /** Whether the query is marked stale. */
  isStale(): boolean
  /** Tells of a change of the query. */
  invalidate(options?: { readonly urgent?: boolean }): void
  /** Tells of a change of the query as a feed does, with a handler; returns how often that has run. */
  change(): () => number
  /** Hides the page, or shows it again. */
  hide(isHidden: boolean): void
}

const queryKey = ['tested'] as const

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
  let requests = 0
  let isHidden = false
  const queryClient = new QueryClient({ defaultOptions: { queries: { retry: false, staleTime: Infinity } } })
  queryClient.setQueryData(queryKey, 0)
  const observer = new QueryObserver(queryClient, { queryKey, queryFn: () => Promise.resolve((requests += 1)) })
  const unmount = observer.subscribe(() => undefined)
  const coalescer = createCoalescerWith(registry, {
    queryClient,
    clock,
    quietMs: registry.tested.quietMs === 0 ? 0 : QUIET_MS,
    maxWaitMs: MAX_WAIT_MS,
    isHidden: () => isHidden,
    onError: () => undefined,
    ...(inspect && { inspect }),
  })
  const flushes: number[] = []
  coalescer.on('flushed', () => flushes.push(clock.now()))
  try {
    await play({
      clock,
      coalescer,
      flushes,
      requests: () => requests,
      isStale: () => queryClient.getQueryState(queryKey)?.isInvalidated === true,
      invalidate: (options) => coalescer.scheduleInvalidate(queryKey, options),
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
    unmount()
    queryClient.clear()
  }
}
