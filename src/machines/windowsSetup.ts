import { assign, sendTo, setup } from 'xstate'
import { closeGate } from '../actions/gate.ts'
import type { Due, StrategyPort, Windows } from '../actions/windows/windows.ts'
import { describe } from './describe.ts'
import type { StrategyEvent, StrategyInput } from './strategy.ts'

/** The context of a strategy that waits. */
export interface WindowsContext extends StrategyInput {
  readonly windows: Windows
  /** What the flush under way, or the last one, is about. */
  readonly due: Due
}

const isHolding = ({ queue, isHeld }: StrategyPort): boolean => queue.size > 0 && isHeld()

/** The guards, delays and actions of strategies that wait: all they decide is asked of their `Windows`. */
export const windowsSetup = setup({
  types: {} as {
    context: WindowsContext
    input: StrategyInput
    events: StrategyEvent
  },
  delays: {
    /** For ever while the page is hidden: FLUSH comes on return. */
    untilNext: ({ context: { port, windows } }) => (isHolding(port) ? Infinity : windows.untilNext()),
  },
  guards: {
    isOpen: ({ context }) => context.windows.isOpen(),
    isOver: ({ context }) => context.windows.isOver(),
    /** Changes that were read and turned out to ask for nothing leave an empty queue. */
    isShut: ({ context }) => !context.windows.isOpen(),
    mustHold: ({ context }) => isHolding(context.port),
    isOverdue: ({ context }) => context.windows.isOverdue() && !context.port.isHeld(),
    isDue: ({ context }) => context.windows.due() !== undefined,
    isUrgent: ({ context, event }) => event.type === 'PENDING' && event.urgent && !context.port.isHeld(),
    isLeading: ({ context, event }, params: { isCollecting: boolean }) =>
      event.type === 'PENDING' &&
      context.windows.dueAtOnce(event.keyIds, params.isCollecting) !== undefined &&
      !context.port.isHeld(),
    mustLookAnew: ({ context: { port, windows } }) =>
      (!port.gate.open && windows.mayPassBy()) || windows.isSooner?.() === true,
    canFlush: ({ context }) => context.port.queue.size > 0 && !context.port.isHeld(),
  },
  actions: {
    watchQueue: ({ context: { port, windows } }) => {
      port.queue.watcher = windows
    },
    begin: ({ context }) => context.windows.begin?.(),
    rest: ({ context }) => context.windows.rest?.(),
    openGate: ({ context: { port, windows } }) => {
      port.gate.open = windows.mayPassBy()
      port.gate.overdueAtMs = port.isHeld() ? Infinity : windows.overdueAtMs()
      port.gate.maxBufferedChanges = port.timing.maxBufferedChanges
    },
    closeGate: ({ context }) => closeGate(context.port.gate),
    noteDue: assign({ due: ({ context }) => context.windows.due() ?? context.due }),
    noteLeading: assign({
      due: ({ context, event }, params: { isCollecting: boolean }) =>
        (event.type === 'PENDING' && context.windows.dueAtOnce(event.keyIds, params.isCollecting)) || context.due,
    }),
    noteUrgent: assign({
      due: ({ context, event }) => (event.type === 'PENDING' ? context.windows.dueUrgently(event.keyIds) : context.due),
    }),
    noteRequest: assign({
      due: ({ context, event }) => (event.type === 'FLUSH' ? { reason: event.reason } : context.due),
    }),
    look: ({ context }) => context.windows.look?.(),
    take: ({ context }) => context.windows.take(context.due),
    reportDue: sendTo(
      ({ context }) => context.parentRef,
      ({ context }) => ({ type: 'DUE', ...context.due, fetch: 'now' }) as const,
    ),
  },
})

const whileIdle = { isCollecting: false }
const whileCollecting = { isCollecting: true }

const opening = { guard: 'isOpen', target: 'collecting', actions: 'begin' } as const

export const windowsIdle = windowsSetup.createStateConfig({
  description: describe('No window is open. Work left by another strategy, or by the flush before, opens one at once.'),
  entry: 'rest',
  always: opening,
  on: {
    PENDING: [
      { guard: 'isUrgent', target: 'flushing', actions: 'noteUrgent' },
      {
        guard: { type: 'isLeading', params: whileIdle },
        target: 'flushing',
        actions: { type: 'noteLeading', params: whileIdle },
      },
      opening,
    ],
  },
})

export const windowsCollecting = windowsSetup.createStateConfig({
  tags: 'collecting',
  description: describe(
    'Events gather. They move deadlines, never the timer: when it fires, the deadlines are looked at again. While the page is hidden none runs, until FLUSH comes on return.',
  ),
  entry: 'openGate',
  exit: 'closeGate',
  always: { guard: 'isOverdue', target: 'flushing', actions: 'noteDue' },
  on: {
    PENDING: [
      { guard: 'isUrgent', target: 'flushing', actions: 'noteUrgent' },
      {
        guard: { type: 'isLeading', params: whileCollecting },
        target: 'flushing',
        actions: { type: 'noteLeading', params: whileCollecting },
      },
      { guard: 'isShut', target: 'idle' },
      { guard: 'mustLookAnew', target: 'collecting', reenter: true, actions: 'look' },
    ],
    FLUSH: { guard: 'canFlush', target: 'flushing', actions: 'noteRequest' },
  },
  after: {
    untilNext: [
      { guard: 'mustHold', target: 'collecting', reenter: true },
      { guard: 'isDue', target: 'flushing', actions: 'noteDue' },
      { guard: 'isOver', target: 'idle', actions: 'look' },
      { target: 'collecting', reenter: true, actions: 'look' },
    ],
  },
})

export const windowsFlushing = windowsSetup.createStateConfig({
  tags: 'flushing',
  description: describe('The orchestrator applies what is due. Events that come meanwhile wait for the next window.'),
  entry: ['take', 'reportDue'],
  on: {
    FLUSHED: 'idle',
  },
})
