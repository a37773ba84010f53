import { SharedWindow } from '../actions/windows/sharedWindow.ts'
import { describe } from './describe.ts'
import { definitionOf, windowOptions } from './strategyDefinition.ts'
import { createWindowsMachine } from './windowsChart.ts'

/** One window for all keys. */
export const debounceMachine = createWindowsMachine({
  id: 'debounce',
  description: describe(
    'One window for all keys: flush after quiet, never later than maxWait after the first pending event.',
  ),
  windows: (port) => new SharedWindow(port),
})

/** One window for all keys; `quietMs` is 150. The default. */
export const debounce = definitionOf({ machine: debounceMachine, quietMs: 150, options: windowOptions })
