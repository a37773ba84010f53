import {
  type StrategyDefinition,
  type StrategyPort,
  type Timing,
  type Windows,
  SharedWindow,
  defineStrategy,
} from 'realtime-coalescer'
import { strategyModel } from 'realtime-coalescer/testing'
import { describe, expect, it } from 'vitest'
import type { PendingKey } from '../../src/actions/pendingKey.ts'
import { strategies } from '../../src/machines/strategies.ts'
import { pliableMachine } from './pliableMachine.ts'

interface Result {
  /** The rules that the strategy breaks. */
  readonly broken: readonly string[]
  readonly missedTransitions: readonly string[]
}

async function play(definition: StrategyDefinition): Promise<Result> {
  const broken: string[] = []
  const { cases, missedTransitions } = strategyModel(definition)
  for (const { name, run } of cases) {
    await run().catch((error: Error) => broken.push(error.message.startsWith(`${name}: `) ? name : error.message))
  }
  return { broken, missedTransitions: missedTransitions() }
}

const results = new Map<StrategyDefinition, Promise<Result>>()

/** What a strategy does under the model, played once. */
function resultOf(definition: StrategyDefinition): Promise<Result> {
  const result = results.get(definition) ?? play(definition)
  results.set(definition, result)
  return result
}

const broken = async (definition: StrategyDefinition): Promise<readonly string[]> => (await resultOf(definition)).broken

/** A strategy over the shared window, but for what is done otherwise. */
const wrong = (change: (port: StrategyPort) => Partial<Windows>): StrategyDefinition =>
  defineStrategy({ quietMs: 100, windows: (port) => Object.assign(new SharedWindow(port), change(port)) })

it.each(Object.entries<StrategyDefinition>(strategies))('%s keeps every rule', async (_name, definition) => {
  expect(await broken(definition)).toEqual([])
})

describe.each(['debounce', 'batch', 'perKey', 'hybrid', 'adaptive', 'direct'] as const)('%s', (name) => {
  it('has every transition taken, but for those of options that are off and of changes without effect', async () => {
    const { missedTransitions } = await resultOf(strategies[name])
    expect(
      missedTransitions.filter((name) => !/isLeading|isOver\]|mustHold|isShut|mustLookAnew|refetch/.test(name)),
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
    'loses all keys but the first at a flush',
    wrong(({ queue }) => ({ take: () => void queue.takeKeys([...queue.keys.keys()].slice(1)) })),
    [
      'G1: every key of a burst is fetched',
      'G7: a switch to it loses nothing',
      'G9: a reset forgets what waits, and nothing after it',
    ],
  ],
  [
    'loses all keys but the first when it starts',
    wrong(({ queue }) => (queue.takeKeys([...queue.keys.keys()].slice(1)), {})),
    ['G7: a switch to it loses nothing'],
  ],
  ['asks for each flush twice', pliableMachine({ reports: 2 }), ['G2: it asks for a flush only of what waits']],
  [
    'sets its timer for twice as long',
    wrong((port) => {
      const right = new SharedWindow(port)
      return { untilNext: () => 2 * right.untilNext() }
    }),
    ['G3: the first event of a stream that stops waits no longer than maxWaitMs'],
  ],
  [
    'keeps the timing it was first given',
    (() => {
      let timing: Timing | undefined
      return defineStrategy({
        quietMs: 100,
        windows: (port) => new SharedWindow({ ...port, timing: (timing ??= port.timing) }),
      })
    })(),
    ['G7: a switch of its timing holds at once'],
  ],
  ['wakes while nothing waits', pliableMachine({ sleeps: false }), ['Chart: it sets no timer while nothing waits']],
  [
    'does not survive a reset',
    (() => {
      const known = new WeakSet()
      return defineStrategy({
        quietMs: 100,
        windows({ queue, ...port }) {
          if (known.has(queue)) throw new Error('it works once only')
          known.add(queue)
          return new SharedWindow({ queue, ...port })
        },
      })
    })(),
    ['G9: a reset forgets what waits, and nothing after it'],
  ],
  [
    'comes to its end with its first flush',
    pliableMachine({ goesOn: false }),
    ['G4: a stream that never ends is fetched again and again'],
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
