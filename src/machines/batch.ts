import { createWindowContext } from './strategy.ts'
import { windowCollecting, windowFlushing, windowIdle, windowSetup } from './windowSetup.ts'

/** One window for all changes; their handlers run at the flush. */
export const batchMachine = windowSetup.createMachine({
  id: 'batch',
  description:
    'Buffers changes. At the flush their handlers run in arrival order, and the union of their keys is invalidated once.',
  context: ({ input }) => createWindowContext(input),
  initial: 'idle',
  states: {
    idle: { id: 'idle', ...windowIdle },
    collecting: {
      ...windowCollecting,
      description: 'Changes gather unread. A full buffer flushes early, or is read early while the page is hidden.',
      states: {
        ...windowCollecting.states,
        held: {
          ...windowCollecting.states.held,
          on: { PENDING: { guard: 'isEmpty', target: '#idle' } },
        },
      },
    },
    flushing: { id: 'flushing', ...windowFlushing },
  },
})
