import type { Query, QueryClient } from '@tanstack/react-query'
import { RecentChanges } from '../../actions/changeIdentity.ts'
import { readBroadcast } from '../../actions/broadcastPayload.ts'
import { readChange } from '../../actions/changePayload.ts'
import { resolveEffects, sourceOf } from '../../actions/effects.ts'
import { identifyKey } from '../../actions/queryKeys.ts'
import { RowShape } from '../../actions/rowShape.ts'
import type { Change, ChangeHandler, QueryKey, RefetchType } from '../../actions/types.ts'
import type { CoalescerEvent } from '../../machines/events.ts'
import type { CatchUpEffect } from '../../machines/feedSetup.ts'
import type { ChangeSink, CoalescerInternals } from '../query/internals.ts'
import { type ForeignDeletePort, isForeignDelete } from './foreignDelete.ts'
import type { ResolvedService } from './resolveService.ts'
import type { ResolvedTable } from './resolveTable.ts'

export interface ChangeRouter {
  /** Takes a change in the payload shape of supabase-js. @throws TypeError for a malformed one, or without a query client. */
  handleChange(payload: unknown): void
  /** Takes a message of a topic, in the shape that supabase-js gives to `broadcast` callbacks. */
  handleMessage(topic: string, message: unknown): void
  /** Invalidates what changes of all tables can touch. */
  catchUp(source: string, effect: CatchUpEffect): void
}

/** Brings changes to their table's handler, and what the handlers want done to the coalescer. */
export function createChangeRouter(service: ResolvedService, internals: CoalescerInternals): ChangeRouter {
  const recent = new RecentChanges()
  /** What was marked last, and at which logical time. */
  let marked: { readonly queryKeys: readonly QueryKey[]; readonly at: number } | undefined
  const tables = [...service.tables.values()]
  const shapes = new Map(tables.map(({ id }) => [id, new RowShape()]))
  const handlers = new Map(tables.map((table) => [table.id, guardHandler(table)]))

  function send(event: CoalescerEvent): void {
    if (!internals.isStopped()) service.coalescer.send(event)
  }

  function invalidate(queryKeys: readonly QueryKey[], source: string, refetchType?: RefetchType): void {
    if (queryKeys.length > 0) send({ type: 'INVALIDATE', queryKeys, source, refetchType })
  }

  function catchUpKeysOf(table: ResolvedTable): readonly QueryKey[] {
    try {
      const queryKeys = table.catchUpKeys()
      for (const queryKey of queryKeys) identifyKey(queryKey)
      return queryKeys
    } catch (error) {
      const message = `The catch-up keys of ${table.id} are unknown: its keys() threw when called without a change.`
      internals.report(error, { type: 'feedFailed', message })
      return []
    }
  }

  /** A handler that never throws: what it cannot handle is caught up with instead. */
  function guardHandler(table: ResolvedTable): ChangeHandler {
    return (change) => {
      try {
        const effects = resolveEffects(table.handle, change)
        for (const queryKey of effects.invalidate) identifyKey(queryKey)
        for (const { queryKey } of effects.refetch) identifyKey(queryKey)
        return effects
      } catch (error) {
        internals.handlerFailed({ change, error })
        return { invalidate: catchUpKeysOf(table) }
      }
    }
  }

  const foreignDeletePort = (queryClient: QueryClient): ForeignDeletePort => ({
    queryClient,
    report: internals.report,
    hasBufferedChanges() {
      const { phase, pendingKeys } = service.coalescer.getSnapshot()
      return internals.buffersChanges() && (phase !== 'idle' || pendingKeys > 0)
    },
  })

  /** Refetches what is on screen and has not been fetched since the mark. */
  function refetchOlder(source: string): void {
    const cache = internals.queryClient()?.getQueryCache()
    if (!cache || !marked) return
    const older = new Set<Query>()
    for (const queryKey of marked.queryKeys) {
      for (const query of cache.findAll({ queryKey, type: 'active' })) {
        if ((internals.entryOf(query.queryHash)?.startedAt ?? 0) < marked.at) older.add(query)
      }
    }
    const queryKeys = [...older].map((query) => query.queryKey)
    if (queryKeys.length > 0) send({ type: 'INVALIDATE', queryKeys, exact: true, source })
  }

  function apply(change: Change, handler: ChangeHandler): void {
    if (internals.buffersChanges()) send({ type: 'CHANGE', change, handler })
    else internals.applyChange(change, handler, sink)
  }

  const sink: ChangeSink = {
    invalidate,
    refetch: (queryKeys, queryType, source) => send({ type: 'REFETCH', queryKeys, queryType, source }),
    fetchLost: (queryKeys) => internals.fetchLost(queryKeys),
  }

  function handleChange(payload: unknown): void {
    const change = readChange(payload)
    if (internals.isStopped()) return
    const queryClient = internals.queryClient()
    if (!queryClient) {
      throw new TypeError(
        'Expected a query client before handleChange(), got none. Pass `queryClient` to createCoalescer(), or call initialize(queryClient) first.',
      )
    }
    const id = `${change.schema}.${change.table}`
    const table = service.tables.get(id)
    const handler = handlers.get(id)
    const shape = shapes.get(id)
    if (!table || !handler || !shape) {
      const known = [...service.tables.keys()].join(', ')
      const message = `Expected a change of one of ${known}, got one of ${change.schema}.${change.table}. It is ignored; add the table to \`tables\` to answer it.`
      internals.report(new Error(message), { type: 'feedFailed', message })
      return
    }
    if (recent.isRepeated(change, table.primaryKey)) return
    if (isForeignDelete(foreignDeletePort(queryClient), change, table, () => catchUpKeysOf(table))) return
    const completeness = shape.judge(change, table)
    if (completeness !== 'incomplete') apply(change, handler)
    if (completeness !== 'complete') invalidate(catchUpKeysOf(table), sourceOf(change))
  }

  return {
    handleChange,
    handleMessage(_topic, message) {
      handleChange(readBroadcast(message))
    },
    catchUp(source, effect) {
      if (internals.isStopped()) return
      if (effect === 'refetchOlder') return refetchOlder(source)
      // Under `direct` a key that is named twice would be fetched twice.
      const keys = new Map<string, QueryKey>()
      for (const table of service.tables.values()) {
        for (const queryKey of catchUpKeysOf(table)) keys.set(identifyKey(queryKey), queryKey)
      }
      const queryKeys = [...keys.values()]
      invalidate(queryKeys, source, effect === 'mark' ? 'none' : 'active')
      marked = effect === 'mark' ? { queryKeys, at: internals.logicalNow() } : undefined
    },
  }
}
