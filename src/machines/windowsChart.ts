import type { StrategyPort, Windows } from '../actions/windows/windows.ts'
import type { StrategyMachine } from './strategy.ts'
import { windowsCollecting, windowsFlushing, windowsIdle, windowsSetup } from './windowsSetup.ts'

/** What a strategy over the chart of windows is made of. */
export interface WindowsChartOptions {
  /** The name inspectors show. */
  readonly id: string
  readonly description: string
  /** Opens windows over what is pending. Must change nothing else: a chart may be tried out without being run. */
  readonly windows: (port: StrategyPort) => Windows
}

/** The statechart of a strategy that waits, over its rule. */
export const createWindowsMachine = ({ id, description, windows }: WindowsChartOptions): StrategyMachine =>
  windowsSetup.createMachine({
    id,
    description,
    context: ({ input }) => ({ ...input, windows: windows(input.port), due: { reason: 'quiet' } }),
    entry: 'watchQueue',
    initial: 'idle',
    states: { idle: windowsIdle, collecting: windowsCollecting, flushing: windowsFlushing },
  })
