import type { Query } from '@tanstack/react-query'
import { type FeedMessage, readFeedMessage } from '../../actions/feedMessage.ts'
import type { Moment } from '../../actions/pendingKey.ts'
import { identifyKey } from '../../actions/queryKeys.ts'
import { RecentIds } from '../../actions/recentIds.ts'
import type {
  BroadcastMessage,
  ChangeEvent,
  InvalidateEvent,
  QueryKey,
  RefetchEvent,
  RefetchType,
} from '../../actions/types.ts'
import type { CatchUpEffect } from '../../machines/feedPort.ts'
import type { ChangeSink, CoalescerInternals } from '../query/internals.ts'
import { type AnswerPort, createAnswer } from './answer.ts'
import { HeardLog } from './heardLog.ts'
import { changeOfMessage } from './resolveMessages.ts'
import type { ResolvedService } from './resolveService.ts'
import type { OwnEchoes } from './ownEchoes.ts'
import { createTableRoute } from './tableRoute.ts'

export interface ChangeRouter {
  /** Takes whatever a feed tells. @throws TypeError for a malformed payload, or without a query client. */
  handleChange(payload: unknown): void
  /** Takes a message of a topic, in the shape that supabase-js gives to `broadcast` callbacks. */
  handleMessage(topic: string, message: unknown): void
  /** What changes of all tables, and messages, can touch; each key once. */
  catchUpKeys(): readonly QueryKey[]
  /** Invalidates what `catchUpKeys()` says, or what it said at the last mark. */
  catchUp(source: string, effect: CatchUpEffect): void
  /** When changes came, by what they may touch. */
  readonly heard: HeardLog
}

/** Brings changes to their table's handler, and what the handlers want done to the coalescer. */
export function createChangeRouter(
  service: ResolvedService,
  internals: CoalescerInternals,
  echoes: OwnEchoes,
): ChangeRouter {
  const recentIds = new RecentIds()
  const heard = new HeardLog()
  const port: AnswerPort = {
    internals,
    invalidate: (queryKeys, source, moment) => invalidate(queryKeys, source, undefined, moment),
    apply(change, handler, moment) {
      if (internals.buffersChanges()) send({ type: 'CHANGE', change, handler }, moment)
      else internals.applyChange(change, handler, sinkOf(moment), moment?.seenSince)
    },
  }
  const sinkOf = (moment: Moment | undefined): ChangeSink => ({
    invalidate: (queryKeys, source) => port.invalidate(queryKeys, source, moment),
    refetch: (queryKeys, queryType, source) => send({ type: 'REFETCH', queryKeys, queryType, source }, moment),
    fetchLost: (queryKeys, source) => internals.fetchLost(queryKeys, [source], moment),
  })
  const tables = new Map([...service.tables.values()].map((table) => [table.id, createTableRoute(table, port, echoes)]))
  const messages = new Map(
    [...service.messages].map(([event, answer]) => [event, createAnswer(`messages.${event}`, answer, port)]),
  )
  const unknownEvents = new RecentIds()
  /** What was marked last, and at which logical time. */
  let marked: { readonly queryKeys: readonly QueryKey[]; readonly at: number } | undefined

  function send(event: InvalidateEvent | RefetchEvent | ChangeEvent, moment?: Moment): void {
    if (moment) internals.date(event, moment)
    if (internals.isStopped()) internals.takeLate(event)
    else service.coalescer.send(event)
  }

  function invalidate(
    queryKeys: readonly QueryKey[],
    source: string,
    refetchType?: RefetchType,
    moment?: Moment,
  ): void {
    if (queryKeys.length > 0) send({ type: 'INVALIDATE', queryKeys, source, refetchType }, moment)
  }

  function report(message: string): void {
    internals.report(new Error(message), { type: 'feedFailed', message })
  }

  function routeOf({ schema, table }: { readonly schema: string; readonly table: string }) {
    const route = tables.get(`${schema}.${table}`)
    if (!route) {
      const known = [...tables.keys()].join(', ')
      report(
        `Expected a change of one of ${known}, got one of ${schema}.${table}. It is ignored; add the table to \`tables\` to answer it.`,
      )
    } else heard.note(route)
    return route
  }

  function takeMessage(message: BroadcastMessage): void {
    const answer = messages.get(message.event)
    if (answer) {
      heard.note(answer)
      answer.take(changeOfMessage(message))
    } else if (!unknownEvents.isRepeated(message.event)) {
      report(
        `Expected a change of a table, or one of the \`messages\`, got '${message.event}'. It is ignored; add the event to \`messages\` to answer it.`,
      )
    }
  }

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

  function catchUpKeys(): readonly QueryKey[] {
    // Under `direct` a key that is named twice would be fetched twice.
    const keys = new Map<string, QueryKey>()
    for (const answer of [...tables.values(), ...messages.values()]) {
      for (const queryKey of answer.catchUpKeys()) keys.set(identifyKey(queryKey), queryKey)
    }
    return [...keys.values()]
  }

  function expectQueryClient() {
    const queryClient = internals.queryClient()
    if (queryClient) return queryClient
    throw new TypeError(
      'Expected a query client before handleChange(), got none. Pass `queryClient` to createCoalescer(), or call initialize(queryClient) first.',
    )
  }

  function take(message: FeedMessage): void {
    if (internals.isStopped()) return
    const queryClient = expectQueryClient()
    if (message.id !== undefined && recentIds.isRepeated(message.id)) return
    internals.asChange(rowsOf(message), () => {
      if (message.kind === 'message') takeMessage(message.message)
      else if (message.kind === 'signal') routeOf(message.signal)?.takeSignal(message.signal)
      else routeOf(message.change)?.takeChange(message.change, message.feed, queryClient)
    })
  }

  return {
    handleChange: (payload) => take(readFeedMessage(payload)),
    handleMessage: (_topic, message) => take(readFeedMessage(message)),
    catchUpKeys,
    catchUp(source, effect) {
      if (internals.isStopped()) return
      if (effect === 'refetchOlder') return refetchOlder(source)
      const queryKeys = catchUpKeys()
      invalidate(queryKeys, source, effect === 'mark' ? 'none' : 'active')
      marked = effect === 'mark' ? { queryKeys, at: internals.logicalNow() } : undefined
    },
    heard,
  }
}

/** How many rows a message tells of having changed. */
function rowsOf(message: FeedMessage): number {
  if (message.kind === 'message') return 0
  return message.kind === 'signal' ? (message.signal.rows ?? 1) : 1
}
