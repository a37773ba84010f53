import { assign, setup } from 'xstate'
import type { RealtimeStatus } from '../actions/feedStatus.ts'
import { latestRepairAtMs, RECHECK_MS, untilLatestRepairMs, untilRepairMs } from '../actions/repairing.ts'
import type { FeedMachineEvent, FeedMachinePort } from './feedPort.ts'

export interface FeedContext {
  readonly port: FeedMachinePort
  /** When the open gap is repaired at the latest. */
  readonly latestRepairAtMs: number
}

/** The guards, delays and actions of a feed. */
export const feedSetup = setup({
  types: {} as {
    context: FeedContext
    input: { port: FeedMachinePort }
    events: FeedMachineEvent
  },
  delays: {
    untilRepair: ({ context }) => untilRepairMs(context.latestRepairAtMs, context.port.now()),
    untilLatestRepair: ({ context }) => untilLatestRepairMs(context.latestRepairAtMs, context.port.now()),
    untilRecheck: RECHECK_MS,
    backstop: ({ context }) => context.port.backstopMs ?? 0,
  },
  guards: {
    isStatus: ({ event }, params: { status: RealtimeStatus }) =>
      event.type === 'STATUS' && event.status === params.status,
    marksFirst: ({ context }) => context.port.firstCatchUp === 'markStale',
    refetchesFirst: ({ context }) => context.port.firstCatchUp === 'refetch',
    hasBackstop: ({ context }) => context.port.backstopMs !== undefined,
    isAwake: ({ context }) => context.port.isAwake(),
  },
  actions: {
    boundRepair: assign({ latestRepairAtMs: ({ context }) => latestRepairAtMs(context.port.now()) }),
    markStale: ({ context }) => context.port.catchUp('firstConnect', 'mark'),
    refetchOlder: ({ context }) => context.port.catchUp('firstConnect', 'refetchOlder'),
    catchUp: ({ context }) => context.port.catchUp('gap', 'refetch'),
    sweep: ({ context }) => context.port.catchUp('backstop', 'refetch'),
  },
})
