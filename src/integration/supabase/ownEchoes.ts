import { identifyOwnRow } from '../../actions/ownRow.ts'
import { OwnWrites } from '../../actions/ownWrites.ts'
import type { Moment } from '../../actions/pendingKey.ts'
import type { Change } from '../../actions/types.ts'
import { failType } from '../../actions/validate.ts'
import type { CoalescerInternals } from '../query/internals.ts'
import { readBegin } from './ownBegin.ts'
import type { ResolvedService } from './resolveService.ts'
import type { ResolvedTable } from './resolveTable.ts'

/** How long the echo of an own write may take while the feed is live. */
const LONGEST_ECHO_MS = 10_000

/** The own writes of the app, and the changes that are their echoes. */
export interface OwnEchoes {
  /** @throws TypeError for an unknown table, or a row without its primary key. */
  own(table: unknown, rows: unknown): void
  /** Tells since when fetches have seen a change, at once or when the echo of its commit comes; `undefined` if never. */
  momentOf(change: Change, table: ResolvedTable): Moment | undefined
  /** The feed has told something of a table. */
  heard(table: object): void
  /** Changes may be missed from here on, or have been missed until here. */
  interrupted(): void
}

export interface OwnEchoesPort {
  readonly service: Pick<ResolvedService, 'tables' | 'schema'>
  readonly internals: CoalescerInternals
  isLive(): boolean
  /** The feed is live, and has told nothing of a table that the app has written to. */
  dead(): void
}

export function createOwnEchoes({ service, internals, isLive, dead }: OwnEchoesPort): OwnEchoes {
  const clock = internals.actorOptions.clock ?? globalThis
  const writes = new OwnWrites(internals.now)
  const timers = new Map<ResolvedTable, unknown>()
  /** Tables whose silence has been told of once: they may never say anything. */
  const silent = new Set<ResolvedTable>()
  let hasBeenLive = false

  function unwatch(table: ResolvedTable): void {
    clock.clearTimeout(timers.get(table) as never)
    timers.delete(table)
  }

  function watch(table: ResolvedTable): void {
    // What a filter lets through is decided by values that a response need not have.
    if (table.filter !== undefined || silent.has(table) || timers.has(table) || !isLive()) return
    const judge = (): void => {
      timers.delete(table)
      silent.add(table)
      if (isLive()) dead()
    }
    timers.set(table, clock.setTimeout(judge, LONGEST_ECHO_MS))
  }

  return {
    own(name, rows) {
      const table = expectTable(service, name)
      const own = readRows(table, rows)
      if (own.length === 0 || internals.isStopped()) return
      const seq = internals.newLogicalTime()
      const atMs = internals.now()
      const begin = readBegin(
        own.map(({ row }) => row),
        atMs,
        internals,
      )
      const isAwaited = own.map(({ row, rowId }) => writes.add({ table, row, rowId, seq, atMs, ...begin }))
      if (isAwaited.includes(true)) watch(table)
    },
    momentOf: (change, table) => writes.take(change, table),
    heard(id) {
      const table = id as ResolvedTable
      silent.delete(table)
      unwatch(table)
    },
    interrupted() {
      const isLiveNow = isLive()
      writes.interrupted(isLiveNow && hasBeenLive)
      hasBeenLive ||= isLiveNow
      for (const table of timers.keys()) unwatch(table)
    },
  }
}

function expectTable({ tables, schema }: OwnEchoesPort['service'], name: unknown): ResolvedTable {
  const table = typeof name === 'string' ? tables.get(name.includes('.') ? name : `${schema}.${name}`) : undefined
  if (!table) {
    failType(
      'table',
      `one of ${[...tables.keys()].join(', ')}`,
      name,
      'Pass the name of a table that is one of the `tables` of the service.',
    )
  }
  return table
}

function readRows(table: ResolvedTable, rows: unknown) {
  if (rows === undefined || rows === null) return []
  return (Array.isArray(rows) ? (rows as readonly unknown[]) : [rows]).map((row) => {
    const rowId = typeof row === 'object' && row !== null ? identifyOwnRow(table, row) : undefined
    if (rowId === undefined) {
      failType(
        'rows',
        `rows of ${table.id} with ${table.primaryKey.join(', ')}`,
        row,
        'Pass what the write returned: add .select() to it.',
      )
    }
    return { rowId, row: row as Readonly<Record<string, unknown>> }
  })
}
