import fc from 'fast-check'
import type { RefetchQueryType, RefetchType, StrategyName, StrategyOption, Timing } from 'realtime-coalescer'
import { strategyNames } from '../../src/machines/strategies.ts'
import { eventKeys, pool } from './pool.ts'

/** What holds for a whole trace. */
export interface TraceConfig {
  readonly strategy: StrategyName
  readonly timing: Timing
  readonly maxConcurrentRefetches: number
  readonly whenHidden: 'defer' | 'refetch'
  /** Whether an inspector is attached, which sends every event through the actors. */
  readonly inspected: boolean
  readonly retry: number
  readonly staleTimeMs: number
  readonly gcTimeMs: number
  /** Whether requests end when their fetch is cancelled. */
  readonly abortable: boolean
  /** How long requests take, in order of their start, over and over. */
  readonly latenciesMs: readonly number[]
  /** Queries on screen, and loaded, when the trace begins. */
  readonly loaded: readonly number[]
  readonly seed: number
}

/** What the world does next; numbers are indices into the pool of queries or of event keys. */
export type Step =
  | {
      readonly do: 'invalidate'
      readonly keys: readonly number[]
      readonly refetchType?: RefetchType
      readonly urgent?: boolean
    }
  | { readonly do: 'refetch'; readonly keys: readonly number[]; readonly queryType: RefetchQueryType }
  | {
      readonly do: 'change'
      readonly invalidate: readonly number[]
      readonly refetch: readonly number[]
      readonly patch?: number
      readonly cancel?: number
      readonly throws?: boolean
    }
  | {
      readonly do: 'clientInvalidate' | 'clientRefetch'
      readonly key: number
      readonly type?: 'active' | 'inactive' | 'all'
      readonly byPredicate?: boolean
    }
  | { readonly do: 'reenter'; readonly in: 'flushed' | 'queryFn' | 'listener'; readonly key: number }
  | {
      readonly do: 'mount' | 'unmount' | 'toggle' | 'remove' | 'cancel' | 'appRefetch' | 'nextPage'
      readonly query: number
    }
  | { readonly do: 'clear' | 'hide' | 'unhide' | 'offline' | 'online' | 'serverDown' | 'serverUp' }
  | { readonly do: 'flush' | 'settled' | 'reset' | 'drain' }
  | { readonly do: 'switch'; readonly strategy: StrategyOption }
  | { readonly do: 'wait'; readonly ms: number }
  | {
      readonly do: 'mutate'
      readonly query: number
      readonly commitMs: number
      readonly outcome: 'success' | 'failure' | 'never'
      /** Whether `onMutate` writes the row into the cache, besides cancelling what loads it. */
      readonly writes: boolean
    }
  | {
      readonly do: 'foreignState'
      readonly query: number
      readonly claims: 'idle' | 'fetching'
      readonly isNew: boolean
    }
  | { readonly do: 'hydrate'; readonly query: number; readonly latencyMs: number }
  | { readonly do: 'restore' | 'hang' | 'unhang' | 'hideSilently' | 'showSilently' }

export interface Trace {
  readonly config: TraceConfig
  readonly steps: readonly Step[]
  /** How the trace ends: by `stop` with its policy, at once or after quiet. */
  readonly end: { readonly afterQuiet: boolean; readonly pending: 'markStale' | 'flush' | 'drop' }
}

/**
 * Kinds of steps that traces take besides their own, all unless some are asked for: `mutations`, `foreign`,
 * `hydration`, `restores`, `hangs`, `isHidden`.
 */
const asked = process.env['SIMULATION_REAL_APPS']?.split(',')

export const isAsked = (kind: RealAppKind): boolean => asked?.includes(kind) ?? true

export type RealAppKind = 'mutations' | 'foreign' | 'hydration' | 'restores' | 'hangs' | 'isHidden'

const strategyName = fc.constantFrom(...strategyNames)
const key = fc.nat({ max: eventKeys.length - 1 })
const keys = fc.array(key, { minLength: 1, maxLength: 3 })
const query = fc.nat({ max: pool.length - 1 })
const delayMs = fc.constantFrom(0, 20, 50, 150)

const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq: 1 })

type Fields = Readonly<Record<string, fc.Arbitrary<unknown>>>

/** A step whose undefined fields are left out, as exact optional properties demand. */
const step = (name: Step['do'], fields: Fields): fc.Arbitrary<Step> =>
  fc.record(fields).map(
    (values) =>
      // The fields of each step are spelled out where it is built; `Step` has no way to check them by name here.
      ({ do: name, ...Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) }) as Step,
  )

const invalidate = step('invalidate', {
  keys,
  refetchType: optional(fc.constantFrom<RefetchType>('active', 'inactive', 'all', 'none')),
  urgent: fc.option(fc.constant(true), { nil: undefined, freq: 4 }),
})

const change = step('change', {
  invalidate: fc.array(key, { maxLength: 2 }),
  refetch: fc.array(key, { maxLength: 1 }),
  patch: optional(query),
  cancel: fc.option(query, { nil: undefined, freq: 5 }),
  throws: fc.option(fc.constant(true), { nil: undefined, freq: 9 }),
})

const switchStep = fc
  .record({
    name: strategyName,
    quietMs: optional(delayMs),
    maxWaitMs: optional(fc.constantFrom(50, 100, 400)),
    leading: optional(fc.boolean()),
  })
  .map(({ name, ...timing }): Step => ({
    do: 'switch',
    strategy: { name, ...Object.fromEntries(Object.entries(timing).filter(([, value]) => value !== undefined)) },
  }))

const realAppSteps: Record<RealAppKind, fc.Arbitrary<Step>> = {
  mutations: step('mutate', {
    query,
    commitMs: fc.constantFrom(0, 30, 100, 400),
    outcome: fc.constantFrom('success', 'success', 'success', 'failure', 'never'),
    writes: fc.boolean(),
  }),
  foreign: step('foreignState', { query, claims: fc.constantFrom('idle', 'idle', 'fetching'), isNew: fc.boolean() }),
  hydration: step('hydrate', { query, latencyMs: fc.constantFrom(0, 50, 250, 700) }),
  restores: fc.constant<Step>({ do: 'restore' }),
  hangs: fc.constantFrom<Step>({ do: 'hang' }, { do: 'unhang' }, { do: 'wait', ms: 11_000 }),
  isHidden: fc.constantFrom<Step>({ do: 'hideSilently' }, { do: 'showSilently' }, { do: 'showSilently' }),
}

const askedSteps = Object.entries(realAppSteps).flatMap(([kind, arbitrary]) =>
  isAsked(kind as RealAppKind) ? [{ weight: 5, arbitrary }] : [],
)

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  ...askedSteps,
  {
    weight: 14,
    arbitrary: step('wait', { ms: fc.oneof(fc.nat({ max: 60 }), fc.constantFrom(0, 1, 50, 100, 150, 500)) }),
  },
  { weight: 3, arbitrary: fc.constant<Step>({ do: 'drain' }) },
  { weight: 12, arbitrary: invalidate },
  { weight: 4, arbitrary: step('refetch', { keys, queryType: fc.constantFrom<RefetchQueryType>('active', 'all') }) },
  { weight: 6, arbitrary: change },
  {
    weight: 3,
    arbitrary: fc.constantFrom('clientInvalidate' as const, 'clientRefetch' as const).chain((name) =>
      step(name, {
        key,
        type: optional(fc.constantFrom('active', 'inactive', 'all')),
        byPredicate: optional(fc.boolean()),
      }),
    ),
  },
  {
    weight: 2,
    arbitrary: step('reenter', { in: fc.constantFrom('flushed', 'queryFn', 'listener'), key }),
  },
  {
    weight: 12,
    arbitrary: fc
      .constantFrom('mount' as const, 'mount', 'unmount', 'toggle', 'remove', 'cancel', 'appRefetch', 'nextPage')
      .chain((name) => step(name, { query })),
  },
  {
    weight: 8,
    arbitrary: fc
      .constantFrom(
        'hide' as const,
        'unhide',
        'unhide',
        'offline',
        'online',
        'online',
        'serverDown',
        'serverUp',
        'clear',
      )
      .map((name): Step => ({ do: name })),
  },
  {
    weight: 4,
    arbitrary: fc.constantFrom('flush' as const, 'flush', 'settled', 'reset').map((name): Step => ({ do: name })),
  },
  { weight: 4, arbitrary: switchStep },
)

const config: fc.Arbitrary<TraceConfig> = fc.record({
  strategy: strategyName,
  timing: fc.record({
    quietMs: delayMs,
    maxWaitMs: fc.constantFrom(50, 100, 300),
    refetchDelayMs: fc.constantFrom(0, 40, 200),
    leading: fc.boolean(),
    jitterMs: fc.constantFrom(0, 0, 0, 30, 500),
    maxBufferedChanges: fc.constantFrom(1, 2, 10_000),
  }),
  maxConcurrentRefetches: fc.constantFrom(Infinity, Infinity, 1, 2),
  whenHidden: fc.constantFrom('defer' as const, 'defer', 'refetch'),
  inspected: fc.boolean(),
  retry: fc.constantFrom(0, 0, 1, 3),
  staleTimeMs: fc.constantFrom(0, Infinity, Infinity, 200),
  gcTimeMs: fc.constantFrom(Infinity, Infinity, 100),
  abortable: fc.boolean(),
  latenciesMs: fc.array(fc.constantFrom(0, 10, 50, 100, 250, 700), { minLength: 1, maxLength: 4 }),
  loaded: fc.uniqueArray(query, { maxLength: pool.length }),
  seed: fc.nat(),
})

/** Traces of up to `maxSteps` steps. */
export const traces = (maxSteps: number): fc.Arbitrary<Trace> =>
  fc.record({
    config,
    steps: fc.array(anyStep, { maxLength: maxSteps, size: 'max' }),
    end: fc.record({
      afterQuiet: fc.boolean(),
      pending: fc.constantFrom('markStale' as const, 'flush', 'drop'),
    }),
  })
