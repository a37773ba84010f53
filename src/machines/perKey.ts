import { KeyWindows } from '../actions/windows/keyWindows.ts'
import { describe } from './describe.ts'
import { definitionOf, windowOptions } from './strategyDefinition.ts'
import { createWindowsMachine } from './windowsChart.ts'

/** One window per key over a single timer. */
export const perKeyMachine = createWindowsMachine({
  id: 'perKey',
  description: describe(
    'One window per key, each with its own quiet and max wait: keys never delay or hurry each other.',
  ),
  windows: (port) => new KeyWindows(port),
})

/** One window per key; `quietMs` is 100. */
export const perKey = definitionOf({ machine: perKeyMachine, quietMs: 100, options: windowOptions })
