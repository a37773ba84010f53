import { describe, expect, it } from 'vitest'
import type { AnyStateNode } from 'xstate'
import { defaultTiming } from '../../src/actions/timing.ts'
import { connectionMachine } from '../../src/machines/connection.ts'
import { feedMachine } from '../../src/machines/feed.ts'
import { chartsOf } from '../../src/machines/charts.ts'
import { resolveStrategy } from '../../src/machines/registry.ts'
import { surroundingsMachine } from '../../src/machines/surroundings.ts'
import { tabsMachine } from '../../src/machines/tabs.ts'
import { strategies, strategyNames } from '../../src/machines/strategies.ts'

describe('a chart', () => {
  it.each(strategyNames)('of the strategy %s bears its name, for inspectors', (name) => {
    expect(strategies[name].machineFor(name).id).toBe(name)
  })

  it('of the orchestrator, its surroundings, the feed, a connection and a tab among others say what they are, for inspectors', () => {
    expect(
      [chartsOf(strategies).orchestrator, surroundingsMachine, feedMachine, connectionMachine, tabsMachine].map(
        ({ id }) => id,
      ),
    ).toEqual(['coalescer', 'surroundings', 'feed', 'connection', 'tabs'])
  })

  it('explains each of its states', () => {
    const machines = [
      chartsOf(strategies).orchestrator,
      surroundingsMachine,
      feedMachine,
      connectionMachine,
      tabsMachine,
      ...strategyNames.map((name) => strategies[name].machineFor(name)),
    ]
    const statesOf = (node: AnyStateNode): AnyStateNode[] =>
      Object.values(node.states).flatMap((one) => [one, ...statesOf(one)])
    const states = machines.flatMap((machine) => statesOf(machine.root as AnyStateNode))
    const unexplained = states.filter(({ description }) => !description)
    expect(unexplained.map(({ id }) => id)).toEqual([])
  })
})

describe('the timing of a strategy', () => {
  it.each([
    ['debounce', 150],
    ['batch', 80],
    ['perKey', 100],
    ['hybrid', 150],
    ['adaptive', 30],
    ['direct', 0],
  ] as const)('%s waits for %i ms of quiet unless told otherwise', (name, quietMs) => {
    const timing = { ...defaultTiming, quietMs }
    expect(resolveStrategy(strategies, name, {})).toEqual({ name, timing })
    expect(resolveStrategy(strategies, { name }, {})).toEqual({ name, timing })
    expect(timing).toEqual({
      quietMs,
      maxWaitMs: 1000,
      refetchDelayMs: 200,
      leading: false,
      jitterMs: 0,
      maxBufferedChanges: 10_000,
    })
  })

  it('is its own, before what holds for all, before the default', () => {
    const shared = { quietMs: 1, maxWaitMs: 2, leading: true }
    expect(resolveStrategy(strategies, { name: 'perKey', quietMs: 7 }, shared).timing).toMatchObject({
      quietMs: 7,
      maxWaitMs: 2,
      leading: true,
      jitterMs: 0,
    })
  })

  it('may be given with the options that the strategy has', () => {
    const window = ['quietMs', 'maxWaitMs', 'leading', 'jitterMs']
    expect(Object.fromEntries(strategyNames.map((name) => [name, strategies[name].options]))).toEqual({
      debounce: window,
      batch: [...window, 'maxBufferedChanges'],
      perKey: window,
      hybrid: [...window, 'refetchDelayMs'],
      adaptive: window,
      direct: window,
    })
    expect(strategyNames.filter((name) => strategies[name].buffersChanges)).toEqual(['batch'])
  })
})
