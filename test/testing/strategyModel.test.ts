import { type StrategyDefinition, type StrategyPort, SharedWindow, defineStrategy } from 'realtime-coalescer'
import { strategyModel } from 'realtime-coalescer/testing'
import { describe, expect, it } from 'vitest'
import { strategies } from '../../src/machines/strategies.ts'

/** The rules that a strategy breaks. */
async function broken(definition: StrategyDefinition): Promise<string[]> {
  const names: string[] = []
  for (const { name, run } of strategyModel(definition).cases) {
    await run().catch((error: Error) => names.push(error.message.startsWith(name) ? name.slice(0, 2) : error.message))
  }
  return names
}

const wrong = (change: (port: StrategyPort) => object): StrategyDefinition =>
  defineStrategy({ quietMs: 100, windows: (port) => Object.assign(new SharedWindow(port), change(port)) })

describe.each(Object.entries<StrategyDefinition>(strategies))('%s', (_name, definition) => {
  it('keeps every rule', async () => {
    expect(strategyModel(definition).cases.map(({ name }) => name.slice(0, 2))).toEqual(
      expect.arrayContaining(['G2', 'G3', 'G4', 'G7', 'G9']),
    )
    expect(await broken(definition)).toEqual([])
  })
})

describe('a wrong strategy', () => {
  it('that ignores maxWaitMs breaks G3 and G4', async () => {
    const late = wrong(({ queue, timing, now }) => {
      let newestAtMs = 0
      const dueAtMs = () => newestAtMs + timing.quietMs
      return {
        noteEvent: (_key: unknown, atMs: number) => void (newestAtMs = atMs),
        untilNext: () => Math.max(0, dueAtMs() - now()),
        isOverdue: () => false,
        due: () => (queue.size > 0 && now() >= dueAtMs() ? { reason: 'quiet' } : undefined),
      }
    })
    expect(await broken(late)).toEqual(expect.arrayContaining(['G3', 'G4']))
  })

  it('that flushes twice breaks G2', async () => {
    expect(await broken(wrong(() => ({ dueAtOnce: () => ({ reason: 'leading' }) })))).toContain('G2')
  })

  it('that forgets what waits at a switch breaks G7', async () => {
    const forgetful = wrong(({ queue, now }) => {
      const bornAtMs = now()
      const isOfBefore = queue.size > 0
      const never = { isOpen: () => false, isOver: () => true, due: () => undefined, isOverdue: () => false }
      return isOfBefore && bornAtMs >= 0 ? never : {}
    })
    expect(await broken(forgetful)).toContain('G7')
  })

  it('that is no strategy is refused', () => {
    expect(() => strategyModel({} as StrategyDefinition)).toThrow('what `defineStrategy` returned')
  })
})
