import type { QueryKey } from '@tanstack/react-query'
import { createRandom } from './measure.ts'

/** One change of the feed and the keys its handler names. */
export interface TraceEvent {
  readonly atMs: number
  readonly queryKeys: readonly QueryKey[]
}

export interface Trace {
  readonly name: string
  /** Whether the goal of reaching the optimum holds for it. */
  readonly kind: 'burst' | 'steady' | 'other'
  /** The mounted queries. */
  readonly mounted: readonly QueryKey[]
  readonly events: readonly TraceEvent[]
}

const every = (count: number, stepMs: number, queryKeys: readonly QueryKey[], startMs = 0): TraceEvent[] =>
  Array.from({ length: count }, (_, i) => ({ atMs: startMs + i * stepMs, queryKeys }))

function poisson(perSecond: number, seconds: number, queryKeys: readonly QueryKey[], seed: number): TraceEvent[] {
  const random = createRandom(seed)
  const events: TraceEvent[] = []
  let atMs = 0
  for (;;) {
    atMs += (-Math.log(1 - random()) * 1000) / perSecond
    if (atMs > seconds * 1000) return events
    events.push({ atMs: Math.round(atMs), queryKeys: [queryKeys[Math.floor(random() * queryKeys.length)] ?? []] })
  }
}

const goals = ['goals', 'list'] as const
const dashboard = ['dashboard', 'home'] as const
const lists: QueryKey[] = [goals, ['check_ins', 'g1'], ['summaries', 'today'], ['partners'], dashboard]

/** The feeds that the policies are compared on, the same in every run. */
export const traces: readonly Trace[] = [
  {
    name: 'regenerate: DELETE + INSERT',
    kind: 'burst',
    mounted: [['motivations', 'today'], dashboard],
    events: every(2, 8, [['motivations'], ['motivations', 'today'], ['dashboard']]),
  },
  {
    name: 'check-in: four tables',
    kind: 'burst',
    mounted: [...lists, ['goals', 'g1'], ['dashboard', 'analytics']],
    events: [
      { atMs: 0, queryKeys: [['check_ins'], ['check_ins', 'g1'], ['dashboard']] },
      { atMs: 12, queryKeys: [['goals'], ['goals', 'g1'], ['dashboard', 'home']] },
      { atMs: 20, queryKeys: [['summaries'], ['dashboard', 'analytics']] },
      { atMs: 35, queryKeys: [['partners'], ['dashboard']] },
    ],
  },
  {
    name: '20 changes in 100 ms, every 2 s',
    kind: 'burst',
    mounted: [goals, dashboard],
    events: Array.from({ length: 10 }, (_, i) => every(20, 5, [['goals'], ['dashboard']], i * 2000)).flat(),
  },
  {
    name: 'bulk import of 10,000 rows in 10 s',
    kind: 'steady',
    mounted: [goals, dashboard],
    events: every(10_000, 1, [['goals'], ['dashboard']]),
  },
  {
    name: 'a change every 60 ms for 10 s',
    kind: 'steady',
    mounted: [goals],
    events: every(167, 60, [['goals']]),
  },
  {
    name: 'a change every 400 ms for 20 s',
    kind: 'steady',
    mounted: [goals],
    events: every(50, 400, [['goals']]),
  },
  {
    name: 'Poisson, 2 per s over 5 queries',
    kind: 'other',
    mounted: lists,
    events: poisson(2, 60, lists, 1),
  },
  {
    name: 'Poisson, 20 per s over 5 queries',
    kind: 'other',
    mounted: lists,
    events: poisson(20, 30, lists, 2),
  },
]
