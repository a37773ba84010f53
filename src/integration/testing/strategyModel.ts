import { QueryClient, QueryObserver } from '@tanstack/react-query'
import type { CoalescerClock } from '../../actions/clock.ts'
import { failType } from '../../actions/validate.ts'
import { debounce } from '../../machines/debounce.ts'
import type { StrategyDefinition } from '../../machines/defineStrategy.ts'
import { createCoalescerWith } from '../query/createCoalescerWith.ts'
import { createStepClock } from './stepClock.ts'

/** One promise a strategy has to keep. */
export interface StrategyCase {
  /** The rule, as in `'G3: no event waits longer than maxWaitMs'`. */
  readonly name: string
  /** Resolves if the strategy keeps it; rejects with an error that names the rule otherwise. Sets no timer. */
  readonly run: () => Promise<void>
}

/** The conformance cases of a strategy. */
export interface StrategyModel {
  readonly cases: readonly StrategyCase[]
}

const MAX_WAIT_MS = 1000
const QUIET_MS = 100
const EVENTS = 10

interface World {
  readonly clock: CoalescerClock & { step(ms: number): Promise<void>; now(): number }
  readonly coalescer: ReturnType<typeof create>['coalescer']
  /** How often the query has been asked for. */
  requests(): number
  /** When flushes ran. */
  readonly flushes: readonly number[]
  invalidate(): void
}

const key = ['tested'] as const

/** A coalescer with the strategy and another one to switch to and from. */
function create(definition: StrategyDefinition, queryClient: QueryClient, clock: CoalescerClock) {
  const quietMs = definition.quietMs === 0 ? 0 : QUIET_MS
  const coalescer = createCoalescerWith(
    { tested: definition, other: debounce },
    { queryClient, clock, quietMs, maxWaitMs: MAX_WAIT_MS, onError: () => undefined },
  )
  return { coalescer }
}

async function inWorld(definition: StrategyDefinition, play: (world: World) => Promise<void>): Promise<void> {
  const clock = createStepClock()
  let requests = 0
  const queryClient = new QueryClient({ defaultOptions: { queries: { retry: false, staleTime: Infinity } } })
  queryClient.setQueryData(key, 0)
  const observer = new QueryObserver(queryClient, { queryKey: key, queryFn: () => Promise.resolve((requests += 1)) })
  const unmount = observer.subscribe(() => undefined)
  const { coalescer } = create(definition, queryClient, clock)
  const flushes: number[] = []
  coalescer.on('flushed', () => flushes.push(clock.now()))
  try {
    const invalidate = (): void => coalescer.scheduleInvalidate(key)
    await play({ clock, coalescer, flushes, invalidate, requests: () => requests })
  } finally {
    coalescer.stop({ pending: 'drop' })
    unmount()
    queryClient.clear()
  }
}

/** Rules by name; each throws what it has seen instead. */
const rules: Readonly<Record<string, (world: World, definition: StrategyDefinition) => Promise<void>>> = {
  'G2: one burst is one flush, and one fetch per query': async (world, { quietMs }) => {
    for (let event = 0; event < EVENTS; event += 1) world.invalidate()
    await world.clock.step(3 * MAX_WAIT_MS)
    // Without a window every event is a burst of its own.
    const allowed = quietMs === 0 ? EVENTS : 1
    if (world.flushes.length > allowed) throw new Error(`it took ${world.flushes.length} flushes`)
    if (world.requests() > world.flushes.length) throw new Error(`it took ${world.requests()} fetches`)
    if (world.requests() === 0) throw new Error('it took no fetch at all')
  },
  'G3: no event waits longer than maxWaitMs': async (world) => {
    let oldestAtMs: number | undefined
    world.coalescer.on('flushed', () => (oldestAtMs = undefined))
    for (let ms = 0; ms < 4 * MAX_WAIT_MS; ms += QUIET_MS / 2) {
      oldestAtMs ??= world.clock.now()
      world.invalidate()
      await world.clock.step(QUIET_MS / 2)
      const waitedMs = world.clock.now() - (oldestAtMs ?? world.clock.now())
      if (waitedMs > MAX_WAIT_MS) throw new Error(`one has waited ${waitedMs} ms of ${MAX_WAIT_MS}`)
    }
  },
  'G4: a stream that never ends is fetched again and again': async (world) => {
    for (let ms = 0; ms < 5 * MAX_WAIT_MS; ms += QUIET_MS / 2) {
      world.invalidate()
      await world.clock.step(QUIET_MS / 2)
    }
    if (world.requests() < 3) throw new Error(`in ${5 * MAX_WAIT_MS} ms there were ${world.requests()} fetches`)
  },
  'G7: a switch to it loses nothing': async (world) => {
    world.coalescer.switchStrategy('other')
    world.invalidate()
    world.coalescer.switchStrategy('tested')
    await world.clock.step(3 * MAX_WAIT_MS)
    if (world.requests() === 0) throw new Error('what waited at the switch was never fetched')
  },
  'G7: a switch away from it loses nothing': async (world) => {
    world.invalidate()
    world.coalescer.switchStrategy('other')
    await world.clock.step(3 * MAX_WAIT_MS)
    if (world.requests() === 0) throw new Error('what waited at the switch was never fetched')
  },
  'G9: a stop that flushes leaves nothing behind': async (world) => {
    world.invalidate()
    world.coalescer.stop({ pending: 'flush' })
    await world.clock.step(0)
    if (world.flushes.length === 0) throw new Error('what waited at the stop was not flushed')
  },
  'G9: after a stop that drops there is no flush': async (world) => {
    world.invalidate()
    const before = world.flushes.length
    world.coalescer.stop({ pending: 'drop' })
    await world.clock.step(3 * MAX_WAIT_MS)
    if (world.flushes.length > before) throw new Error('it flushed')
  },
}

/**
 * The promises a strategy of the app has to keep, each as a case for the test runner at hand:
 * `for (const { name, run } of strategyModel(throttle).cases) test(name, run)`.
 *
 * @throws TypeError for what `defineStrategy` has not returned.
 */
export function strategyModel(definition: StrategyDefinition): StrategyModel {
  if (typeof (definition as StrategyDefinition | undefined)?.machineFor !== 'function') {
    failType('definition', 'what `defineStrategy` returned', definition, 'Pass a strategy.')
  }
  return {
    cases: Object.entries(rules).map(([name, rule]) => ({
      name,
      run: () =>
        inWorld(definition, async (world) => {
          try {
            await rule(world, definition)
            const { strategy } = world.coalescer.getSnapshot()
            if (strategy !== 'tested' && strategy !== 'other') throw new Error('the strategy has died')
          } catch (error) {
            throw new Error(`${name}: ${(error as Error).message}.`, { cause: error })
          }
        }),
    })),
  }
}
