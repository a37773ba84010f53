import { assign, sendTo } from 'xstate'
import { createWindowContext } from './strategy.ts'
import { windowCollecting, windowFlushing, windowIdle, windowSetup } from './windowSetup.ts'

const hybridSetup = windowSetup.extend({
  delays: {
    refetchDelay: ({ context }) => context.port.timing.refetchDelayMs,
  },
  guards: {
    hasMarked: ({ event }) => event.type === 'FLUSHED' && event.marked > 0,
    hasNoneMarked: ({ event }) => event.type === 'FLUSHED' && event.marked === 0,
    mayFetch: ({ context }) => !context.port.isHeld(),
    isRefetchOverdue: ({ context }) => !context.port.isHeld() && context.port.now() >= context.refetchDueAtMs,
  },
  actions: {
    startRefetchDelay: assign({
      refetchDueAtMs: ({ context }) => context.port.now() + context.port.timing.refetchDelayMs,
    }),
    endRefetchDelay: assign({ refetchDueAtMs: Infinity }),
    /** A flush by the window only marks; whoever asks for a flush wants the data now. */
    reportMarking: sendTo(
      ({ context }) => context.parentRef,
      ({ context }) =>
        ({
          type: 'DUE',
          reason: context.reason,
          fetch: context.reason === 'quiet' || context.reason === 'maxWait' ? 'later' : 'now',
        }) as const,
    ),
    reportRefetchDue: sendTo(({ context }) => context.parentRef, { type: 'REFETCH_DUE' } as const),
  },
})

/** Marks like `debounce`; one timer of its own then fetches what was marked. */
export const hybridMachine = hybridSetup.createMachine({
  id: 'hybrid',
  description: 'Coalesces invalidations and only marks stale; one global timer then refetches what it marked.',
  context: ({ input }) => createWindowContext(input),
  type: 'parallel',
  states: {
    window: {
      description: 'When to mark.',
      initial: 'idle',
      states: {
        idle: { id: 'idle', ...windowIdle },
        collecting: windowCollecting,
        flushing: {
          ...windowFlushing,
          id: 'flushing',
          description: 'The orchestrator marks the pending keys stale, and fetches them too if it was asked to flush.',
          entry: 'reportMarking',
        },
      },
    },
    refetch: {
      description: 'When to fetch what was marked.',
      initial: 'off',
      states: {
        off: {
          description: 'Nothing marked waits for its fetch.',
          on: { FLUSHED: { guard: 'hasMarked', target: 'waiting' } },
        },
        waiting: {
          tags: 'flushing',
          description: 'Later markings join this timer and never re-arm it.',
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
