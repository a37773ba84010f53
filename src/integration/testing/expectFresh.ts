import { type InfiniteData, type Query, hashKey } from '@tanstack/react-query'
import { failType } from '../../actions/validate.ts'
import { isInfinite } from '../query/fetches/observe.ts'
import type { BoundQuery } from './bindings.ts'
import { reachingKey } from './checkKeys.ts'
import { hashData } from './hashData.ts'
import type { TestApp, TestAppWithoutFeed } from './testApp.ts'
import type { TestRow, TestServer, TestWrite } from './testServer.ts'

/**
 * Expects every mounted query to show what the server would answer now. Await `coalescer.settled()` first.
 *
 * @throws Error that names each query that does not, the change it lacks, and why that has not reached it.
 */
export function expectFresh(app: TestApp | TestAppWithoutFeed): void {
  if (typeof app?.server?.boundTo !== 'function') {
    failType('app', 'a test app', app, 'Pass what createTestApp() returned.')
  }
  const problems = app.queryClient
    .getQueryCache()
    .getAll()
    .flatMap((query) => {
      const bound = query.isActive() ? app.server.boundTo(query.queryKey, query.options.queryFn) : undefined
      return bound && !isFresh(query, bound, app.server) ? [explain(app, query, bound)] : []
    })
  if (problems.length > 0) throw new Error(`Expected every screen to be fresh.\n${problems.join('\n')}`)
}

function isFresh(query: Query, bound: BoundQuery, server: TestServer): boolean {
  const { data, status, fetchStatus } = query.state
  if (data === undefined) return false
  if (showsAnswer(query, data, bound)) return true
  // What a function makes of its answers is known to nobody, but when it asked for them.
  const hasLanded = status === 'success' && fetchStatus !== 'fetching'
  return bound.isWrapped && hasLanded && missedBy(query, bound, server).length === 0
}

function showsAnswer(query: Query, data: unknown, { answer }: BoundQuery): boolean {
  if (!isInfinite(query)) return hashData(data) === hashData(answer())
  const { pages, pageParams } = data as InfiniteData<unknown>
  return hashData(pages) === hashData(pageParams.map((pageParam) => answer(pageParam)))
}

/** The writes to what a query shows that came after the table was last read for it, or for the first of its pages. */
function missedBy(query: Query, { queryKey, reads }: BoundQuery, server: TestServer): readonly TestWrite[] {
  const pages = isInfinite(query) ? (query.state.data as InfiniteData<unknown> | undefined)?.pages.length : 1
  const answered = server.requests.filter(
    (request) => request.outcome === 'ok' && hashKey(request.queryKey) === hashKey(queryKey),
  )
  const versionOf = (table: string): number =>
    answered.filter((request) => request.reads.includes(table)).slice(-(pages || 1))[0]?.version ?? 0
  const versions = new Map(reads.map((table) => [table, versionOf(table)]))
  return server.writes.filter(({ table, version }) => version > (versions.get(table) ?? Infinity))
}

/** A key as it is told of: `id 7`, or all columns of one that has several. */
function nameKey(key: TestRow): string {
  const columns = Object.entries(key).map(([column, value]) => `${column} ${JSON.stringify(value)}`)
  return columns.join(' and the ')
}

function explain(app: TestApp | TestAppWithoutFeed, query: Query, bound: BoundQuery): string {
  const { queryKey } = bound
  const name = `\`${hashKey(queryKey).replaceAll('"', "'")}\``
  const missed = missedBy(query, bound, app.server)
  const tables = 'tables' in app ? app.tables : undefined
  const isLost = ({ table }: TestWrite): boolean => !!tables && reachingKey(tables, table, queryKey) === undefined
  const lost = missed.findLast(isLost)
  const change = lost ?? missed.at(-1)
  const { status, fetchStatus } = query.state
  if (!change && bound.isWrapped) {
    return `${name} has been answered, but its \`queryFn\` ${status === 'error' ? 'has failed' : 'has not ended'}.`
  }
  if (!change) return `${name} shows what the server has never answered: something else has written to its cache.`
  const older = `${name} is older than the ${change.eventType} of \`${change.table}\` with the ${nameKey(change.key)}`
  if (lost && tables?.[lost.table] === undefined) {
    return `${older}: ${name} reads \`${lost.table}\`, which is none of the feed's tables.`
  }
  if (lost) return `${older}: ${name} reads \`${lost.table}\`, whose keys do not match it.`
  const { pendingKeys } = app.coalescer.getSnapshot()
  const failed = status === 'error' ? ' after a request that failed' : ''
  const state = `${pendingKeys} keys are pending, the query is ${fetchStatus}${failed}`
  const obstacle = 'feed' in app ? app.feed.obstacleTo(change) : undefined
  return 'realtime' in app
    ? `${older}: its keys match; the feed is ${app.realtime.getStatus()}, ${state}${obstacle ? `; ${obstacle}` : ''}.`
    : `${older}: ${state}. Schedule a key that matches it after each write of \`${change.table}\`.`
}
