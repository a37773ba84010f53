import { assign, sendTo, setup } from 'xstate'
import { closeGate } from '../actions/gate.ts'
import type { FlushReason } from '../actions/types.ts'
import { describe } from './describe.ts'
import { definitionOf, windowOptions } from './strategyDefinition.ts'
import type { StrategyEvent, StrategyInput, StrategyMachine } from './strategy.ts'

export interface DirectContext extends StrategyInput {
  readonly reason: FlushReason
  readonly keyIds: readonly string[] | undefined
}

const allPending = { keyIds: undefined }

/** Flushes each event at once, as an app without a coalescer does. */
export const directMachine: StrategyMachine = setup({
  types: {} as {
    context: DirectContext
    input: StrategyInput
    events: StrategyEvent
  },
  guards: {
    hasPending: ({ context }) => context.port.queue.size > 0,
    canFlush: ({ context }) => context.port.queue.size > 0 && !context.port.isHeld(),
  },
  actions: {
    closeGate: ({ context }) => closeGate(context.port.gate),
    openGate: ({ context }) => {
      Object.assign(context.port.gate, { open: true, overdueAtMs: Infinity, maxBufferedChanges: Infinity })
    },
    noteEventKeys: assign(({ event }) =>
      event.type === 'PENDING' ? ({ reason: 'direct', keyIds: event.keyIds } as const) : {},
    ),
    noteRequest: assign(({ event }) => (event.type === 'FLUSH' ? { reason: event.reason, ...allPending } : {})),
    noteSwitch: assign({ reason: 'switch', ...allPending }),
    reportDue: sendTo(
      ({ context }) => context.parentRef,
      ({ context }) => ({ type: 'DUE', reason: context.reason, keyIds: context.keyIds, fetch: 'now' }) as const,
    ),
  },
}).createMachine({
  id: 'direct',
  description: describe('Flushes each event at once, for comparison and as a kill switch.'),
  context: ({ input }) => ({ ...input, reason: 'direct', ...allPending }),
  initial: 'idle',
  states: {
    idle: {
      description: describe('Nothing is pending. Work left by another strategy is flushed at once.'),
      always: [
        { guard: 'canFlush', target: 'flushing', actions: 'noteSwitch' },
        { guard: 'hasPending', target: 'collecting' },
      ],
      on: {
        PENDING: { guard: 'canFlush', target: 'flushing', actions: 'noteEventKeys' },
      },
    },
    collecting: {
      tags: 'collecting',
      description: describe('Only while the page is hidden: events gather until FLUSH comes on return.'),
      entry: 'openGate',
      exit: 'closeGate',
      on: {
        FLUSH: { guard: 'canFlush', target: 'flushing', actions: 'noteRequest' },
      },
    },
    flushing: {
      tags: 'flushing',
      description: describe('The orchestrator applies the keys of this one event.'),
      entry: 'reportDue',
      on: {
        FLUSHED: 'idle',
      },
    },
  },
})

/** Flushes each event at once, as without this library; stands in for a strategy that dies. */
export const direct = definitionOf({ machine: directMachine, quietMs: 0, options: windowOptions })
