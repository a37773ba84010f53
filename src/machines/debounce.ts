import { createWindowContext } from './strategy.ts'
import { windowCollecting, windowFlushing, windowIdle, windowSetup } from './windowSetup.ts'

/** One window for all keys. */
export const debounceMachine = windowSetup.createMachine({
  id: 'debounce',
  description: 'One window for all keys: flush after quiet, never later than maxWait after the first pending event.',
  context: ({ input }) => createWindowContext(input),
  initial: 'idle',
  states: {
    idle: { id: 'idle', ...windowIdle },
    collecting: windowCollecting,
    flushing: { id: 'flushing', ...windowFlushing },
  },
})
