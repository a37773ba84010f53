import { assign, sendTo, setup } from 'xstate'
import { closeGate } from '../actions/gate.ts'
import type { FlushReason } from '../actions/types.ts'
import {
  drawJitter,
  isWindowDue,
  isWindowOverdue,
  openWindowGate,
  untilWindowDue,
  windowReason,
} from '../actions/window.ts'
import type { StrategyEvent, StrategyInput, WindowContext } from './strategy.ts'

/** The guards, delays and actions of strategies with one window for everything pending. */
export const windowSetup = setup({
  types: {
    context: {} as WindowContext,
    input: {} as StrategyInput,
    events: {} as StrategyEvent,
  },
  delays: {
    untilDue: ({ context }) => untilWindowDue(context),
  },
  guards: {
    hasPending: ({ context }) => context.port.queue.size > 0,
    /** Changes that were read and turned out to ask for nothing leave an empty queue. */
    isEmpty: ({ context }) => context.port.queue.size === 0,
    mustHold: ({ context }) => context.port.queue.size > 0 && context.port.isHeld(),
    isDue: ({ context }) => context.port.queue.size > 0 && isWindowDue(context),
    isOverdue: ({ context }) => context.port.queue.size > 0 && !context.port.isHeld() && isWindowOverdue(context),
    isUrgent: ({ context, event }) => event.type === 'PENDING' && event.urgent && !context.port.isHeld(),
    isLeading: ({ context }) => context.port.timing.leading && context.port.queue.size > 0 && !context.port.isHeld(),
    isFirstOfWindow: ({ context }) => context.port.queue.size > 0 && !context.port.gate.open,
    isBurstOver: ({ context }) => context.port.queue.size === 0 && isWindowDue(context),
    isBurstOpen: ({ context }) =>
      context.port.timing.leading && (context.reason === 'leading' || context.reason === 'maxWait'),
    canFlush: ({ context }) => context.port.queue.size > 0 && !context.port.isHeld(),
  },
  actions: {
    openGate: ({ context }) => openWindowGate(context),
    closeGate: ({ context }) => closeGate(context.port.gate),
    // In place: an `assign` costs more, at the first event of every burst.
    drawJitter: ({ context }) => {
      context.jitterMs = drawJitter(context.port.timing)
    },
    noteReason: assign({ reason: (_, params: { reason: FlushReason }) => params.reason }),
    noteRequestedReason: assign({
      reason: ({ context, event }) => (event.type === 'FLUSH' ? event.reason : context.reason),
    }),
    noteDueReason: assign({ reason: ({ context }) => windowReason(context) }),
    reportDue: sendTo(
      ({ context }) => context.parentRef,
      ({ context }) => ({ type: 'DUE', reason: context.reason, fetch: 'now' }) as const,
    ),
  },
})

export const windowIdle = windowSetup.createStateConfig({
  description: 'Nothing is pending. Work left by another strategy opens a window at once.',
  always: { guard: 'hasPending', target: 'collecting' },
  on: {
    PENDING: [
      { guard: 'isUrgent', target: 'flushing', actions: { type: 'noteReason', params: { reason: 'urgent' } } },
      { guard: 'isLeading', target: 'flushing', actions: { type: 'noteReason', params: { reason: 'leading' } } },
    ],
  },
})

export const windowCollecting = windowSetup.createStateConfig({
  tags: 'collecting',
  description: 'Events gather. They move the deadline, never the timer: it re-checks the deadline when it fires.',
  entry: 'drawJitter',
  exit: 'closeGate',
  initial: 'waiting',
  on: {
    FLUSH: { guard: 'canFlush', target: 'flushing', actions: 'noteRequestedReason' },
  },
  states: {
    waiting: {
      description: 'One timer runs until the deadline as it stood when the timer was set.',
      entry: 'openGate',
      always: [
        { guard: 'mustHold', target: 'held' },
        { guard: 'isOverdue', target: '#flushing', actions: 'noteDueReason' },
      ],
      on: {
        PENDING: [
          { guard: 'isUrgent', target: '#flushing', actions: { type: 'noteReason', params: { reason: 'urgent' } } },
          { guard: 'isFirstOfWindow', target: 'waiting', reenter: true },
        ],
      },
      after: {
        untilDue: [
          { guard: 'isBurstOver', target: '#idle' },
          { guard: 'mustHold', target: 'held' },
          { guard: 'isDue', target: '#flushing', actions: 'noteDueReason' },
          { target: 'waiting', reenter: true },
        ],
      },
    },
    held: {
      description: 'The page is hidden: no timer and no flush until FLUSH comes on return.',
      entry: 'openGate',
    },
  },
})

export const windowFlushing = windowSetup.createStateConfig({
  tags: 'flushing',
  description: 'The orchestrator applies what is pending. Events that come meanwhile open the next window.',
  entry: 'reportDue',
  on: {
    FLUSHED: [{ guard: 'isBurstOpen', target: 'collecting' }, { target: 'idle' }],
  },
})
