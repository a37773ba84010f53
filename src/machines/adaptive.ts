import { RootWindows } from '../actions/windows/rootWindows.ts'
import { definitionOf, windowOptions } from './strategyDefinition.ts'
import { createWindowsMachine } from './windowsChart.ts'
import { describe } from './describe.ts'

/** One window per root of the keys, as long as waiting for the next change is cheaper than a request. */
export const adaptiveMachine = createWindowsMachine({
  id: 'adaptive',
  description: describe(
    'One window per root of the keys. It waits for the next change as long as, going by the recent gaps of that root, waiting is cheaper than a request; never less than quiet, never more than maxWait.',
  ),
  windows: (port) => new RootWindows(port),
})

/** One window per root of the keys, as long as waiting is cheaper than a request; `quietMs` is 30. */
export const adaptive = definitionOf({ machine: adaptiveMachine, quietMs: 30, options: windowOptions })
