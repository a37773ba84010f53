import type { QueryKey } from '@tanstack/react-query'
import { createRandom } from './measure.ts'
import type { Trace, TraceEvent } from './traces.ts'

/** A random feed, and how long the requests of the app take that hears it. */
export interface Feed {
  readonly kind: FeedKind
  readonly trace: Trace
  readonly latencyMs: number
}

/** Random numbers by the ranges that feeds are drawn from. */
interface Draw {
  /** Evenly from a range. */
  number(from: number, to: number): number
  /** A whole number, both ends included. */
  count(from: number, to: number): number
  /** As likely in each factor of the range as in another of the same width. */
  scale(from: number, to: number): number
  /** Of a memoryless process, with this mean. */
  gap(mean: number): number
  /** With a heavy tail: `least` times a Pareto variable of this exponent. */
  pareto(least: number, exponent: number): number
  pick<Item>(items: readonly Item[]): Item
}

function createDraw(seed: number): Draw {
  const random = createRandom(seed)
  const number = (from: number, to: number): number => from + (to - from) * random()
  return {
    number,
    count: (from, to) => Math.floor(number(from, to + 1)),
    scale: (from, to) => Math.exp(number(Math.log(from), Math.log(to))),
    gap: (mean) => -Math.log(1 - random()) * mean,
    pareto: (least, exponent) => least * (1 - random()) ** (-1 / exponent),
    pick: (items) => items[Math.floor(random() * items.length)]!,
  }
}

type Times = readonly number[]

/** Times one gap after the other, from somewhere in the first second. */
function repeat(draw: Draw, endMs: number, nextGapMs: () => number, around: (atMs: number) => Times): Times {
  const times: number[] = []
  for (let atMs = draw.number(0, 1000); atMs < endMs && times.length < MAX_CHANGES; atMs += nextGapMs()) {
    times.push(...around(atMs))
  }
  return times
}

const MAX_CHANGES = 2000
const alone = (atMs: number): Times => [atMs]

/** When the changes of one table come. */
const processes = {
  lone: (draw, endMs) => {
    const longestMs = draw.scale(5000, 20_000)
    return repeat(draw, endMs, () => draw.number(2500, longestMs), alone)
  },
  pairs: (draw, endMs) => {
    const withinMs = draw.scale(5, 250)
    const meanMs = draw.scale(1500, 8000)
    return repeat(
      draw,
      endMs,
      () => withinMs + draw.gap(meanMs),
      (atMs) => [atMs, atMs + draw.number(0, withinMs)],
    )
  },
  bursts: (draw, endMs) => {
    const spreadMs = draw.scale(5, 400)
    const rows = draw.count(3, 30)
    const meanMs = draw.scale(1000, 8000)
    return repeat(
      draw,
      endMs,
      () => spreadMs + draw.gap(meanMs),
      (atMs) => Array.from({ length: rows }, () => atMs + draw.number(0, spreadMs)),
    )
  },
  streams: (draw, endMs) => {
    const everyMs = draw.scale(15, 2500)
    const wobble = draw.number(0, 0.3)
    return repeat(draw, endMs, () => everyMs * (1 + draw.number(-wobble, wobble)), alone)
  },
  Poisson: (draw, endMs) => {
    const meanMs = draw.scale(40, 3000)
    return repeat(draw, endMs, () => draw.gap(meanMs), alone)
  },
  'heavy-tailed': (draw, endMs) => {
    const leastMs = draw.scale(5, 200)
    const exponent = draw.number(0.7, 1.8)
    return repeat(draw, endMs, () => Math.min(30_000, draw.pareto(leastMs, exponent)), alone)
  },
} satisfies Record<string, (draw: Draw, endMs: number) => Times>

type ProcessKind = keyof typeof processes
const processKinds = Object.keys(processes) as ProcessKind[]

export type FeedKind = ProcessKind | 'mixed' | 'overlapping keys'
export const feedKinds: readonly FeedKind[] = [...processKinds, 'mixed', 'overlapping keys']

const tables = ['goals', 'check_ins', 'summaries', 'partners', 'motivations'] as const
const dashboard: QueryKey = ['dashboard', 'home']

/** One table, or up to four that change each by the same kind of process. */
const apart = (draw: Draw, kind: ProcessKind, endMs: number): TraceEvent[] =>
  tables
    .slice(0, draw.count(1, 4))
    .flatMap((table) => processes[kind](draw, endMs).map((atMs) => ({ atMs, queryKeys: [[table]] })))

/** Tables that change each in a way of its own, one of them now in one and then in another. */
const mixed = (draw: Draw, endMs: number): TraceEvent[] => [
  ...tables
    .slice(0, draw.count(2, 4))
    .flatMap((table) =>
      processes[draw.pick(processKinds)](draw, endMs).map((atMs) => ({ atMs, queryKeys: [[table]] })),
    ),
  ...processes[draw.pick(processKinds)](draw, endMs).map((atMs) => ({ atMs, queryKeys: [['goals', 'list']] })),
]

/** Changes name a list, a row of it and what is made of both, so that keys of several tables match one query. */
const overlapping = (draw: Draw, endMs: number): TraceEvent[] =>
  tables.slice(0, draw.count(2, 4)).flatMap((table) => {
    const shared = draw.pick<readonly QueryKey[]>([[], [dashboard], [['dashboard']], [dashboard, ['goals', 'list']]])
    return processes[draw.pick(processKinds)](draw, endMs).map((atMs) => ({
      atMs,
      queryKeys: [
        ...draw.pick<readonly QueryKey[]>([[[table]], [[table, 'list']], [[table], [table, 'row']]]),
        ...shared,
      ],
    }))
  })

function eventsOf(draw: Draw, kind: FeedKind, endMs: number): TraceEvent[] {
  if (kind === 'mixed') return mixed(draw, endMs)
  return kind === 'overlapping keys' ? overlapping(draw, endMs) : apart(draw, kind, endMs)
}

/** Draws so many feeds of each kind. The same seed draws the same feeds. */
export function drawFeeds(seed: number, ofEachKind: number): Feed[] {
  return feedKinds.flatMap((kind, kindIndex) =>
    Array.from({ length: ofEachKind }, (_, index): Feed => {
      const draw = createDraw(seed + 1000 * kindIndex + index)
      const endMs = draw.number(30_000, 60_000)
      const latencyMs = Math.round(draw.scale(40, 1200))
      const events = eventsOf(draw, kind, endMs)
        .map(({ atMs, queryKeys }) => ({ atMs: Math.round(atMs), queryKeys }))
        .toSorted((a, b) => a.atMs - b.atMs)
      const roots = new Set(events.flatMap(({ queryKeys }) => queryKeys.map(([root]) => root)))
      const mounted: QueryKey[] = [...roots].flatMap((root): QueryKey[] =>
        root === 'dashboard'
          ? [dashboard, [root, 'analytics']]
          : kind === 'overlapping keys'
            ? [
                [root, 'list'],
                [root, 'row'],
              ]
            : [[root, 'list']],
      )
      return { kind, latencyMs, trace: { name: `${kind} ${index + 1}`, kind: 'other', mounted, events } }
    }),
  )
}
