import { formatError, formatValue } from '../../devtools/monitor/format.ts'
import type { AnyCoalescer } from '../../query/coalescer.ts'
import { internalsOf } from '../../query/internals.ts'
import { toJsonSafe } from '../jsonSafe.ts'
import { FLUSH, QUERY, REQUEST } from './lanes.ts'
import type { Recording } from './recording.ts'

/** How many of the queries of a flush get an arrow of their own. */
const MAX_ARROWS = 20

/**
 * Records what the actors of a coalescer do not tell: what each flush decided, and the requests of all queries, whoever
 * asked for them. Answers are recorded without their data. Returns a function that ends it.
 */
export function watchQueries(
  coalescer: AnyCoalescer,
  lane: string,
  recording: Recording,
  sanitize: Sanitize,
): () => void {
  for (const one of [FLUSH, QUERY, REQUEST]) recording.addLane(one)
  const stepOf = (from: string, to: string, label: string, detail: unknown) => ({
    atMs: Date.now(),
    from,
    to,
    label,
    detail: toJsonSafe(sanitize(detail)),
  })
  /** The first step of this turn: what a flush has led to is told before the flush itself. */
  let firstOfTurn: number | undefined
  const add = (from: string, to: string, label: string, detail: unknown): void => {
    if (firstOfTurn === undefined) queueMicrotask(() => (firstOfTurn = undefined))
    firstOfTurn ??= recording.next
    recording.add(stepOf(from, to, label, detail))
  }

  const endFlushes = coalescer.on('flushed', (record) => {
    const { reason, keys, fetched, skippedFresh, markedStale } = record
    const outcome = `${fetched.length} to fetch, ${skippedFresh} fresh already, ${markedStale} marked`
    let at = firstOfTurn ?? recording.next
    firstOfTurn = undefined
    const insert = (from: string, to: string, label: string, detail: unknown): void =>
      recording.add(stepOf(from, to, label, detail), at++)
    insert(lane, FLUSH.id, `${reason}: ${count(keys.length, 'key')}, ${outcome}`, { type: 'flushed', ...record })
    for (const queryHash of fetched.slice(0, MAX_ARROWS)) {
      insert(FLUSH.id, QUERY.id, `fetch ${queryHash}`, { type: 'fetch', queryHash })
    }
    const others = fetched.length - MAX_ARROWS
    if (others > 0) insert(FLUSH.id, QUERY.id, `… ${others} more`, { type: 'fetch', queryHashes: fetched })
  })

  let endCache: (() => void) | undefined
  const watchCache = (): void => {
    const cache = internalsOf(coalescer).queryClient()?.getQueryCache()
    endCache ??= cache?.subscribe((event) => {
      if (event.type !== 'updated') return
      const { queryKey, queryHash, state } = event.query
      const name = formatValue(queryKey)
      const told = { queryKey, queryHash, type: event.action.type }
      switch (event.action.type) {
        case 'fetch':
          return add(QUERY.id, REQUEST.id, name, { ...told, why: coalescer.explain(queryKey) })
        case 'success':
          if (event.action.manual) return add(QUERY.id, QUERY.id, `${name} written`, told)
          return add(REQUEST.id, QUERY.id, `${name} answered`, told)
        case 'failed':
          return add(REQUEST.id, REQUEST.id, `${name} failed, tries again`, { ...told, error: event.action.error })
        case 'error':
          return add(REQUEST.id, QUERY.id, `${name} failed: ${formatError(state.error)}`, {
            ...told,
            error: state.error,
          })
        case 'invalidate':
          return add(QUERY.id, QUERY.id, `${name} marked stale`, told)
        case 'pause':
          return add(REQUEST.id, REQUEST.id, `${name} paused`, told)
        case 'continue':
          return add(REQUEST.id, REQUEST.id, `${name} goes on`, told)
        default:
          return undefined
      }
    })
  }
  watchCache()
  // A coalescer without a client gets its own when its feed begins.
  const endSnapshots = coalescer.subscribe(watchCache)
  return () => {
    endFlushes()
    endSnapshots()
    endCache?.()
  }
}

/** Returns what may be shown of an event. */
export type Sanitize = (event: unknown) => unknown

const count = (many: number, what: string): string => `${many} ${what}${many === 1 ? '' : 's'}`
