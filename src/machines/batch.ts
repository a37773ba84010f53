import { SharedWindow } from '../actions/windows/sharedWindow.ts'
import { describe } from './describe.ts'
import { definitionOf, windowOptions } from './strategyDefinition.ts'
import { createWindowsMachine } from './windowsChart.ts'

/** One window for all changes; their handlers run at the flush. */
export const batchMachine = createWindowsMachine({
  id: 'batch',
  description: describe(
    'Buffers changes. At the flush their handlers run in arrival order, and the union of their keys is invalidated once. A full buffer flushes early, or is read early while the page is hidden.',
  ),
  windows: (port) => new SharedWindow(port),
})

/** Buffers changes and runs their handlers at the flush; `quietMs` is 80. */
export const batch = definitionOf({
  machine: batchMachine,
  quietMs: 80,
  options: [...windowOptions, 'maxBufferedChanges'],
  buffersChanges: true,
})
