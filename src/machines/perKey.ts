import { assign, sendTo, setup } from 'xstate'
import { closeGate } from '../actions/gate.ts'
import { KeyWindows } from '../actions/keyWindows.ts'
import type { FlushReason } from '../actions/types.ts'
import type { StrategyEvent, StrategyInput } from './strategy.ts'

export interface PerKeyContext extends StrategyInput {
  readonly windows: KeyWindows
  /** What the flush under way is about; all pending keys if `keyIds` is missing. */
  readonly due: { readonly reason: FlushReason; readonly keyIds: readonly string[] | undefined }
}

/** One window per key over a single timer. */
export const perKeyMachine = setup({
  types: {
    context: {} as PerKeyContext,
    input: {} as StrategyInput,
    events: {} as StrategyEvent,
  },
  delays: {
    untilNextKey: ({ context }) => context.windows.untilNext(),
  },
  guards: {
    isOpen: ({ context }) => context.windows.isOpen(),
    mustHold: ({ context }) => context.port.queue.size > 0 && context.port.isHeld(),
    hasDue: ({ context }) => context.due.keyIds !== undefined && context.due.keyIds.length > 0,
    isUrgent: ({ context, event }) => event.type === 'PENDING' && event.urgent && !context.port.isHeld(),
    isLeading: ({ context, event }) =>
      event.type === 'PENDING' && event.keyIds.length > 0 && context.port.timing.leading && !context.port.isHeld(),
    isNextDue: ({ context }) => context.windows.isNextDue(),
    canFlush: ({ context }) => context.port.queue.size > 0 && !context.port.isHeld(),
  },
  actions: {
    openGate: ({ context: { port, windows } }) => {
      const held = port.isHeld()
      // Under `leading` every event can be the first of its key's burst, so each must reach the chart.
      port.gate.open = port.queue.size > 0 && (held || !port.timing.leading)
      port.gate.overdueAtMs = held ? Infinity : windows.overdueAtMs()
      port.gate.maxBufferedChanges = Infinity
    },
    closeGate: ({ context }) => closeGate(context.port.gate),
    noteUrgentKeys: assign(({ event }) =>
      event.type === 'PENDING' ? { due: { reason: 'urgent', keyIds: event.keyIds } as const } : {},
    ),
    noteLeadingKeys: assign(({ context, event }) =>
      event.type === 'PENDING'
        ? { due: { reason: 'leading', keyIds: context.windows.takeLeading(event.keyIds) } as const }
        : {},
    ),
    noteDueKeys: assign({ due: ({ context }) => context.windows.takeDue() }),
    noteRequest: assign(({ event }) =>
      event.type === 'FLUSH' ? { due: { reason: event.reason, keyIds: undefined } } : {},
    ),
    reportDue: sendTo(
      ({ context }) => context.parentRef,
      ({ context }) => ({ type: 'DUE', ...context.due, fetch: 'now' }) as const,
    ),
  },
}).createMachine({
  id: 'perKey',
  description: 'One window per key, each with its own quiet and max wait: keys never delay or hurry each other.',
  context: ({ input }) => ({
    ...input,
    windows: new KeyWindows(input.port),
    due: { reason: 'quiet', keyIds: undefined },
  }),
  initial: 'idle',
  states: {
    idle: {
      id: 'idle',
      description: 'No key has a window. Work left by another strategy opens its windows at once.',
      always: { guard: 'isOpen', target: 'collecting' },
      on: {
        PENDING: [
          { guard: 'isUrgent', target: 'flushing', actions: 'noteUrgentKeys' },
          { guard: 'isLeading', target: 'flushing', actions: 'noteLeadingKeys' },
        ],
      },
    },
    collecting: {
      tags: 'collecting',
      description: 'Each key waits for its own deadline; one timer runs until the earliest.',
      exit: 'closeGate',
      initial: 'waiting',
      on: {
        FLUSH: { guard: 'canFlush', target: 'flushing', actions: 'noteRequest' },
      },
      states: {
        waiting: {
          description: 'No key is due. A new key is never due earlier than those that wait.',
          entry: 'openGate',
          always: [
            { guard: 'mustHold', target: 'held' },
            { guard: 'isNextDue', target: 'deciding', actions: 'noteDueKeys' },
          ],
          on: {
            PENDING: [
              { guard: 'isUrgent', target: '#flushing', actions: 'noteUrgentKeys' },
              { guard: 'isLeading', target: 'deciding', actions: 'noteLeadingKeys' },
            ],
          },
          after: {
            untilNextKey: [
              { guard: 'mustHold', target: 'held' },
              { target: 'deciding', actions: 'noteDueKeys' },
            ],
          },
        },
        deciding: {
          description: 'Flushes the keys that are due, or waits on if their windows have moved.',
          always: [
            { guard: 'hasDue', target: '#flushing' },
            { guard: 'isOpen', target: 'waiting' },
            { target: '#idle' },
          ],
        },
        held: {
          description: 'The page is hidden: no timer and no flush until FLUSH comes on return.',
          entry: 'openGate',
        },
      },
    },
    flushing: {
      id: 'flushing',
      tags: 'flushing',
      description: 'The orchestrator applies the keys that are due; the others keep waiting.',
      entry: 'reportDue',
      on: {
        FLUSHED: [{ guard: 'isOpen', target: 'collecting' }, { target: 'idle' }],
      },
    },
  },
})
