import type { QueryClient } from '@tanstack/react-query'
import { RecentChanges } from '../../actions/changeIdentity.ts'
import { sourceOf } from '../../actions/effects.ts'
import type { FeedKind, Signal } from '../../actions/feedMessage.ts'
import { RowShape } from '../../actions/rowShape.ts'
import { readStatementChange, watchReads } from '../../actions/statementChange.ts'
import type { Change, QueryKey, StatementChange } from '../../actions/types.ts'
import type { OwnEchoes } from './ownEchoes.ts'
import { type Answer, type AnswerPort, createAnswer, expectUsable } from './answer.ts'
import { isForeignDelete } from './foreignDelete.ts'
import type { ResolvedTable } from './resolveTable.ts'

/** What is done for the changes of one table. */
export interface TableRoute extends Pick<Answer, 'catchUpKeys'> {
  takeChange(change: Change, feed: FeedKind, queryClient: QueryClient): void
  takeSignal(signal: Signal): void
}

export function createTableRoute(
  table: ResolvedTable,
  port: AnswerPort,
  echoes: Pick<OwnEchoes, 'momentOf' | 'heard'>,
): TableRoute {
  const { internals } = port
  const answer = createAnswer(table.id, table, port)
  const recent = new RecentChanges()
  const shapes: Record<FeedKind, RowShape> = { postgres_changes: new RowShape(), broadcast: new RowShape() }

  const hasBufferedChanges = (): boolean => internals.pending.changes.length > 0

  /** The keys for a statement; `undefined` if they depend on what it does not tell. */
  function statementKeysOf(change: StatementChange): readonly QueryKey[] | undefined {
    const watched = watchReads(change)
    try {
      const queryKeys = table.statementKeys?.(watched.change)
      expectUsable(queryKeys ?? [])
      return watched.hasMissed() ? undefined : queryKeys
    } catch (error) {
      if (!watched.hasMissed()) {
        const message = `keys() of ${table.id} threw for a statement: what it may touch is invalidated.`
        internals.report(error, { type: 'feedFailed', message })
      }
      return undefined
    }
  }

  return {
    catchUpKeys: answer.catchUpKeys,
    takeChange(change, feed, queryClient) {
      if (recent.isRepeated(change, table.primaryKey)) return
      echoes.heard(table)
      const moment = echoes.momentOf(change, table)
      const { report } = internals
      if (isForeignDelete({ queryClient, report, hasBufferedChanges }, change, table, answer.catchUpKeys)) return
      const completeness = shapes[feed].judge(change, table)
      if (completeness !== 'incomplete') answer.take(change, moment)
      if (completeness !== 'complete') port.invalidate(answer.catchUpKeys(), sourceOf(change), moment)
    },
    takeSignal(signal) {
      echoes.heard(table)
      if (signal.rows === 0) return
      const change = readStatementChange(signal, table.primaryKey)
      const queryKeys = change && statementKeysOf(change)
      port.invalidate(queryKeys ?? answer.catchUpKeys(), `${signal.table}:${signal.operation}`)
    },
  }
}
