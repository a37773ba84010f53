import { type Snapshot, type ActorRef, sendTo } from 'xstate'
import { tell } from '../../src/machines/orchestrator.ts'
import type { StrategyReport } from '../../src/machines/strategy.ts'

tell({ type: 'PENDING', keyIds: [], urgent: false })
tell(() => ({ type: 'FLUSH', reason: 'manual' }))
// @ts-expect-error -- misspelt
tell({ type: 'PENDNG', keyIds: [], urgent: false })
// @ts-expect-error -- without what it is about
tell({ type: 'PENDING' })
// @ts-expect-error -- no reason of a flush
tell(() => ({ type: 'FLUSH', reason: 'bored' }))

declare const parent: ActorRef<Snapshot<unknown>, StrategyReport>
sendTo(parent, { type: 'REFETCH_DUE' })
// @ts-expect-error -- misspelt
sendTo(parent, { type: 'REFECTH_DUE' })
