import { QueryClient } from '@tanstack/react-query'
import { createCoalescer } from 'realtime-coalescer'
import { expect, it } from 'vitest'
import { advance, useSimulatedTime } from '../support/simulatedTime.ts'
import { coalescing } from './support.ts'

useSimulatedTime()

it.each(coalescing)(
  'under %s, nothing is left behind by a clock that goes on while a flush is prepared',
  async (strategy) => {
    let reads = 0
    const clock = {
      setTimeout: (fn: () => void, ms: number) => setTimeout(fn, ms),
      clearTimeout: (id: ReturnType<typeof setTimeout>) => clearTimeout(id),
      now: () => Date.now() + (reads += 1) / 8,
    }
    const coalescer = createCoalescer({ queryClient: new QueryClient(), strategy, clock })
    for (let i = 0; i < 60; i += 1) {
      coalescer.scheduleInvalidate([`root ${i}`])
      await advance(1)
    }
    await advance(2000)
    expect(coalescer.getSnapshot().pendingKeys).toBe(0)
    coalescer.stop()
  },
)
