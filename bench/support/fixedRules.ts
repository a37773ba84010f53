import { hashKey, partialMatchKey } from '@tanstack/react-query'
import type { Trace } from './traces.ts'

/** A rule without memory: when keys are flushed that came first and last at two times. */
export interface FixedRule {
  readonly name: string
  readonly groups: 'together' | 'perKey'
  /** When what waits is flushed; `flushedAtMs` is when the group was last. */
  dueAtMs(firstAtMs: number, lastAtMs: number, flushedAtMs: number): number
  /** The first event after a burst is flushed at once; the burst is over after so long a quiet. */
  readonly leadingMs?: number
  /** Fetches start so long after the first marking that they answer. */
  readonly fetchDelayMs?: number
}

const maxWaitMs = 1000

const window = (waitMs: number, groups: FixedRule['groups']): FixedRule => ({
  name: `window ${waitMs}${groups === 'perKey' ? ' per key' : ''}`,
  groups,
  dueAtMs: (firstAtMs) => firstAtMs + waitMs,
})

const debounce = (quietMs: number, longestMs: number, groups: FixedRule['groups'] = 'together'): FixedRule => ({
  name: `${groups === 'perKey' ? 'perKey' : 'debounce'} ${quietMs}${longestMs === maxWaitMs ? '' : `, at most ${longestMs}`}`,
  groups,
  dueAtMs: (firstAtMs, lastAtMs) => Math.min(lastAtMs + quietMs, firstAtMs + longestMs),
})

const leading = (quietMs: number): FixedRule => ({
  ...debounce(quietMs, maxWaitMs),
  name: `debounce ${quietMs}, leading`,
  leadingMs: quietMs,
})

const hybrid = (quietMs: number, fetchDelayMs: number): FixedRule => ({
  ...debounce(quietMs, maxWaitMs),
  name: `hybrid ${quietMs} + ${fetchDelayMs}`,
  fetchDelayMs,
})

const throttle = (everyMs: number, groups: FixedRule['groups']): FixedRule => ({
  name: `throttle ${everyMs}${groups === 'perKey' ? ' per key' : ''}`,
  groups,
  dueAtMs: (firstAtMs, _lastAtMs, flushedAtMs) => Math.max(firstAtMs, flushedAtMs + everyMs),
})

const waits = [10, 20, 30, 50, 80, 120, 150, 200, 250, 350, 500, 700, 1000, 1400, 2000]
const upTo = (longestMs: number): number[] => waits.filter((waitMs) => waitMs <= longestMs)

/** Every rule that an app could have been tuned to, from 10 ms to 2 s. */
export const fixedRules: readonly FixedRule[] = [
  ...waits.map((waitMs) => window(waitMs, 'together')),
  ...waits.map((waitMs) => window(waitMs, 'perKey')),
  ...upTo(700).map((quietMs) => debounce(quietMs, maxWaitMs)),
  ...[50, 150, 350, 700, 1400].map((quietMs) => debounce(quietMs, 2000)),
  ...upTo(700).map((quietMs) => debounce(quietMs, maxWaitMs, 'perKey')),
  ...[20, 50, 80, 150, 250, 500].map(leading),
  ...[20, 50, 150].flatMap((quietMs) => [100, 200, 500].map((delayMs) => hybrid(quietMs, delayMs))),
  ...[100, 200, 350, 500, 700, 1000, 1400, 2000].flatMap((everyMs) => [
    throttle(everyMs, 'together'),
    throttle(everyMs, 'perKey'),
  ]),
  { name: 'no wait', groups: 'together', dueAtMs: (firstAtMs) => firstAtMs },
]

interface Group {
  readonly keys: Set<number>
  firstAtMs: number
  lastAtMs: number
  flushedAtMs: number
}

interface Query {
  /** The newest change that a flush has asked for, and the newest that a fetch has started after. */
  askedFor: number
  answered: number
  freeAtMs: number
  isFollowed: boolean
  readonly starts: number[]
}

/**
 * When the fetches of each mounted query start if a fixed rule decides when to flush, and what a flush does is what the
 * coalescer does: one fetch in flight and one to follow for each query, none for what is fresh already.
 */
export function startsUnder(rule: FixedRule, trace: Trace, latencyMs: number): number[][] {
  const queries = trace.mounted.map((): Query => ({
    askedFor: 0,
    answered: 0,
    freeAtMs: -Infinity,
    isFollowed: false,
    starts: [],
  }))
  const queriesOf: Query[][] = []
  const newestOf: number[] = []
  const idOf = new Map<string, number>()
  const groups: Group[] = []
  const groupOf = (id: number): Group => {
    const index = rule.groups === 'perKey' ? id : 0
    return (groups[index] ??= { keys: new Set(), firstAtMs: Infinity, lastAtMs: -Infinity, flushedAtMs: -Infinity })
  }
  const touched = trace.events.map(({ queryKeys }) =>
    queryKeys.map((queryKey) => {
      const hash = hashKey(queryKey)
      const known = idOf.get(hash)
      if (known !== undefined) return known
      idOf.set(hash, idOf.size)
      queriesOf.push(queries.filter((_, index) => partialMatchKey(trace.mounted[index]!, queryKey)))
      newestOf.push(0)
      return idOf.size - 1
    }),
  )
  let seq = 0
  let lastOfAllAtMs = -Infinity
  let fetchAtMs = Infinity
  const ask = (query: Query, atMs: number): void => {
    if (query.askedFor <= query.answered) return
    if (query.freeAtMs > atMs) {
      query.isFollowed = true
      return
    }
    query.answered = seq
    query.freeAtMs = atMs + latencyMs
    query.isFollowed = false
    query.starts.push(atMs)
  }
  const flush = (group: Group, atMs: number): void => {
    for (const id of group.keys) {
      for (const query of queriesOf[id] ?? []) query.askedFor = Math.max(query.askedFor, newestOf[id] ?? 0)
    }
    group.keys.clear()
    group.flushedAtMs = atMs
    // A fetch in flight is followed as it ends, however long the marked ones wait.
    for (const query of queries) if (rule.fetchDelayMs === undefined || query.freeAtMs > atMs) ask(query, atMs)
    if (rule.fetchDelayMs !== undefined) fetchAtMs = Math.min(fetchAtMs, atMs + rule.fetchDelayMs)
  }
  const dueOf = (group: Group): number =>
    group.keys.size === 0 ? Infinity : rule.dueAtMs(group.firstAtMs, group.lastAtMs, group.flushedAtMs)
  const passUntil = (untilMs: number): void => {
    for (;;) {
      let atMs = fetchAtMs
      for (const group of groups) atMs = Math.min(atMs, dueOf(group))
      for (const query of queries) if (query.isFollowed) atMs = Math.min(atMs, query.freeAtMs)
      if (!(atMs < untilMs)) return
      for (const query of queries) if (query.isFollowed && query.freeAtMs <= atMs) ask(query, atMs)
      for (const group of groups) if (dueOf(group) <= atMs) flush(group, atMs)
      if (fetchAtMs <= atMs) {
        fetchAtMs = Infinity
        for (const query of queries) ask(query, atMs)
      }
    }
  }
  for (const [index, { atMs }] of trace.events.entries()) {
    passUntil(atMs)
    seq += 1
    const isFirst = atMs > lastOfAllAtMs + (rule.leadingMs ?? Infinity)
    lastOfAllAtMs = atMs
    for (const id of touched[index] ?? []) {
      newestOf[id] = seq
      const group = groupOf(id)
      if (group.keys.size === 0) group.firstAtMs = atMs
      group.lastAtMs = atMs
      group.keys.add(id)
    }
    const [group] = groups
    if (isFirst && group) flush(group, atMs)
  }
  passUntil(Infinity)
  return queries.map(({ starts }) => starts)
}
