import type { StrategyMachine } from './strategy.ts'
import { sendTo } from 'xstate'
import { SharedWindow } from '../actions/windows/sharedWindow.ts'
import { describe } from './describe.ts'
import { definitionOf, windowOptions } from './strategyDefinition.ts'
import { type WindowsContext, windowsCollecting, windowsFlushing, windowsIdle, windowsSetup } from './windowsSetup.ts'

interface HybridContext extends WindowsContext {
  readonly windows: SharedWindow
}

/** The setup's context, which the machine below makes. */
const windowOf = (context: WindowsContext): SharedWindow => (context as HybridContext).windows

const hybridSetup = windowsSetup.extend({
  delays: {
    refetchDelay: ({ context }) => context.port.timing.refetchDelayMs,
  },
  guards: {
    hasMarked: ({ event }) => event.type === 'FLUSHED' && event.marked > 0,
    hasNoneMarked: ({ event }) => event.type === 'FLUSHED' && event.marked === 0,
    mayFetch: ({ context }) => !context.port.isHeld(),
    isRefetchOverdue: ({ context }) => !context.port.isHeld() && context.port.now() >= windowOf(context).alsoDueAtMs,
  },
  actions: {
    startRefetchDelay: ({ context }) => {
      windowOf(context).alsoDueAtMs = context.port.now() + context.port.timing.refetchDelayMs
    },
    endRefetchDelay: ({ context }) => {
      windowOf(context).alsoDueAtMs = Infinity
    },
    /** A flush by the window only marks; whoever asks for a flush wants the data now. */
    reportMarking: sendTo(
      ({ context }) => context.parentRef,
      ({ context: { due } }) =>
        ({
          type: 'DUE',
          ...due,
          fetch: due.reason === 'quiet' || due.reason === 'maxWait' ? 'later' : 'now',
        }) as const,
    ),
    reportRefetchDue: sendTo(({ context }) => context.parentRef, { type: 'REFETCH_DUE' } as const),
  },
})

/** Marks like `debounce`; one timer of its own then fetches what was marked. */
export const hybridMachine: StrategyMachine = hybridSetup.createMachine({
  id: 'hybrid',
  description: describe(
    'Coalesces invalidations and only marks stale; one global timer then refetches what it marked.',
  ),
  context: ({ input }) => ({ ...input, windows: new SharedWindow(input.port), due: { reason: 'quiet' } }),
  entry: 'watchQueue',
  type: 'parallel',
  states: {
    window: {
      description: describe('When to mark.'),
      initial: 'idle',
      states: {
        idle: windowsIdle,
        collecting: windowsCollecting,
        flushing: {
          ...windowsFlushing,
          description: describe(
            'The orchestrator marks the pending keys stale, and fetches them too if it was asked to flush.',
          ),
          entry: ['take', 'reportMarking'],
        },
      },
    },
    refetch: {
      description: describe('When to fetch what was marked.'),
      initial: 'off',
      states: {
        off: {
          description: describe('Nothing marked waits for its fetch.'),
          on: { FLUSHED: { guard: 'hasMarked', target: 'waiting' } },
        },
        waiting: {
          tags: 'flushing',
          description: describe('Later markings join this timer and never re-arm it.'),
          entry: 'startRefetchDelay',
          exit: 'endRefetchDelay',
          on: {
            PENDING: { guard: 'isRefetchOverdue', target: 'off', actions: 'reportRefetchDue' },
            FLUSHED: { guard: 'hasNoneMarked', target: 'off' },
            FLUSH: { guard: 'mayFetch', target: 'off', actions: 'reportRefetchDue' },
          },
          after: { refetchDelay: { target: 'off', actions: 'reportRefetchDue' } },
        },
      },
    },
  },
})

/** Marks like `debounce`, and fetches what it marked `refetchDelayMs` later; `quietMs` is 150. */
export const hybrid = definitionOf({
  machine: hybridMachine,
  quietMs: 150,
  options: [...windowOptions, 'refetchDelayMs'],
})
