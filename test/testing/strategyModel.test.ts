import {
  type StrategyDefinition,
  type StrategyPort,
  type Windows,
  SharedWindow,
  defineStrategy,
} from 'realtime-coalescer'
import { strategyModel } from 'realtime-coalescer/testing'
import { describe, expect, it } from 'vitest'
import type { PendingKey } from '../../src/actions/pendingKey.ts'
import { strategies } from '../../src/machines/strategies.ts'
import { pliableMachine } from './pliableMachine.ts'

/** The rules that a strategy breaks. */
async function broken(definition: StrategyDefinition): Promise<string[]> {
  const names: string[] = []
  for (const { name, run } of strategyModel(definition).cases) {
    await run().catch((error: Error) => names.push(error.message.startsWith(`${name}: `) ? name : error.message))
  }
  return names
}

/** A strategy over the shared window, but for what is done otherwise. */
const wrong = (change: (port: StrategyPort) => Partial<Windows>): StrategyDefinition =>
  defineStrategy({ quietMs: 100, windows: (port) => Object.assign(new SharedWindow(port), change(port)) })

describe.each(Object.entries<StrategyDefinition>(strategies))('%s', (_name, definition) => {
  it('keeps every rule', async () => {
    expect(await broken(definition)).toEqual([])
  })

  it('has every transition taken, but for those of options that are off and of changes without effect', async () => {
    const { cases, missedTransitions } = strategyModel(definition)
    for (const { run } of cases) await run()
    expect(
      missedTransitions().filter((name) => !/isLeading|isOver\]|mustHold|isEmpty|mustLookAnew|refetch/.test(name)),
    ).toEqual([])
  })
})

it('a machine of the app that is right keeps every rule', async () => {
  expect(await broken(pliableMachine({}))).toEqual([])
})

/** Strategies, each with the rules that have to tell what is wrong with it. */
const wrongs: readonly [string, StrategyDefinition, readonly string[]][] = [
  [
    'ignores maxWaitMs',
    wrong(({ queue, timing, now }) => {
      let newestAtMs = 0
      const dueAtMs = (): number => newestAtMs + timing.quietMs
      return {
        noteEvent: (_key, atMs) => void (newestAtMs = atMs),
        untilNext: () => Math.max(0, dueAtMs() - now()),
        isOverdue: () => false,
        due: () => (queue.size > 0 && now() >= dueAtMs() ? { reason: 'quiet' } : undefined),
      }
    }),
    ['G3: no event waits longer than maxWaitMs', 'G4: a stream that never ends is fetched again and again'],
  ],
  [
    'flushes each event of a burst',
    wrong(() => ({ dueAtOnce: () => ({ reason: 'leading' }) })),
    ['G2: one burst is one flush, and one fetch per query'],
  ],
  [
    'flushes twice',
    wrong(({ queue }) => {
      let taken: PendingKey[] = []
      let isAgain = false
      return {
        take() {
          taken = isAgain ? [] : [...queue.keys.values()]
          isAgain = !isAgain
        },
        rest: () => queue.putBack(taken),
      }
    }),
    ['G2: an event is flushed once', 'G7: what a switch moves is flushed once'],
  ],
  [
    'drops what is pending',
    wrong(({ queue }) => ({ noteEvent: () => void queue.takeKeys() })),
    [
      'G7: a switch away from it loses nothing',
      'G9: a stop that flushes leaves nothing behind',
      'G9: a stop marks stale what waited',
    ],
  ],
  [
    'makes urgent events wait',
    wrong(() => ({ dueUrgently: () => ({ reason: 'urgent', keyIds: [] }) })),
    ['G3: an urgent event is flushed at once'],
  ],
  [
    'forgets what waits at a switch',
    wrong(({ queue }) =>
      queue.size > 0 ? { isOpen: () => false, isOver: () => true, due: () => undefined, isOverdue: () => false } : {},
    ),
    ['G7: a switch to it loses nothing'],
  ],
  ['does not listen to flush()', pliableMachine({ flushes: false }), ['G3: flush() flushes at once']],
  ['does not tell that it collects', pliableMachine({ tags: [] }), ['Chart: it tells whether it collects']],
  [
    'does not look at what waits when it starts',
    pliableMachine({ looksAtStart: false }),
    ['G7: the handler of a change that waits at a switch runs once'],
  ],
  [
    'begins the wait anew at a switch',
    pliableMachine({ capsFromStart: true }),
    ['G7: a switch to it does not begin the wait anew'],
  ],
  ['believes its timer', pliableMachine({ looksAtClock: false }), ['G3: an event finds out that the timer is late']],
  [
    'dies',
    defineStrategy({ quietMs: 100, windows: (port) => ({ ...new SharedWindow(port) }) as never }),
    ['G9: after a stop there is no timer and no flush'],
  ],
]

describe('a wrong strategy', () => {
  it.each(wrongs)('that %s breaks the rules that say so', async (_name, definition, rules) => {
    expect(await broken(definition)).toEqual(expect.arrayContaining([...rules]))
  })

  it('is found by each rule', async () => {
    const found = new Set<string>()
    for (const [, definition] of wrongs) for (const rule of await broken(definition)) found.add(rule)
    expect(
      strategyModel(strategies.debounce)
        .cases.map(({ name }) => name)
        .filter((name) => !found.has(name)),
    ).toEqual([])
  })

  it('that is none is refused', () => {
    expect(() => strategyModel({} as StrategyDefinition)).toThrow('what `defineStrategy` returned')
  })
})
