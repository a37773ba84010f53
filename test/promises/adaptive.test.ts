import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { QueryKey } from '@tanstack/react-query'
import { type World, createWorld } from '../support/world.ts'
import { advance, useSimulatedTime } from '../support/simulatedTime.ts'
import { sendChange, startsOf } from './support.ts'

useSimulatedTime()

const dashboard = ['dashboard', 'home']
/** What the five rows of one check-in invalidate, in the order of its triggers. */
const rowsOfCheckIn: readonly (readonly QueryKey[])[] = [
  [['check_ins'], ['dashboard']],
  [['goals'], ['goals', 'g1'], dashboard],
  [['summaries'], ['dashboard', 'analytics']],
  [['partners'], ['dashboard']],
  [['check_ins', 'g1'], dashboard],
]
const ofCheckIn: readonly QueryKey[] = [
  ['check_ins', 'g1'],
  ['goals', 'list'],
  ['goals', 'g1'],
  ['summaries', 'today'],
  ['partners'],
  dashboard,
  ['dashboard', 'analytics'],
]

const silenceMs = 4000

/** Plays the same changes, so many milliseconds after each other, again and again; how often each query was asked for in each round. */
async function requestsPerRound(
  queries: readonly QueryKey[],
  changes: readonly (readonly QueryKey[])[],
  atMs: readonly number[],
  rounds: number,
): Promise<number[][]> {
  const world = createWorld({ strategy: 'adaptive', endsWithTest: false })
  for (const queryKey of queries) await world.showLoaded(queryKey)
  const counts: number[][] = []
  for (let round = 0; round < rounds; round += 1) {
    const before = queries.map((queryKey) => startsOf(world, queryKey).length)
    let passedMs = 0
    for (const [index, invalidate] of changes.entries()) {
      await advance((atMs[index] ?? 0) - passedMs)
      passedMs = atMs[index] ?? 0
      sendChange(world, { invalidate })
    }
    await advance(silenceMs)
    counts.push(queries.map((queryKey, index) => startsOf(world, queryKey).length - (before[index] ?? 0)))
  }
  world.end()
  return counts
}

const once = (queries: readonly QueryKey[], rounds: number): number[][] =>
  Array.from({ length: rounds }, () => queries.map(() => 1))

it('asks for each query once after DELETE + INSERT up to 30 ms apart, the first time too', async () => {
  const queries = [['motivations', 'today'], dashboard]
  const change = [['motivations'], ['motivations', 'today'], ['dashboard']]
  for (let gapMs = 0; gapMs <= 30; gapMs += 1) {
    expect(await requestsPerRound(queries, [change, change], [0, gapMs], 12)).toEqual(once(queries, 12))
  }
})

it('asks for each query once after five rows of a check-in less than 60 ms apart in all, the first time too', async () => {
  const spread = fc
    .array(fc.integer({ min: 0, max: 59 }), { minLength: 4, maxLength: 4 })
    .map((times) => [0, ...times.toSorted((a, b) => a - b)])
  await fc.assert(
    fc.asyncProperty(spread, async (atMs) => {
      expect(await requestsPerRound(ofCheckIn, rowsOfCheckIn, atMs, 8)).toEqual(once(ofCheckIn, 8))
    }),
    { numRuns: 60, examples: [[[0, 15, 30, 45, 60]], [[0, 0, 0, 0, 59]], [[0, 59, 59, 59, 59]]] },
  )
})

/** How long lone changes wait, each some seconds after the one before. */
async function waitsOf(world: World, changes: number): Promise<number[]> {
  const from = world.flushed.length
  for (let change = 0; change < changes; change += 1) {
    world.change(['goals'])
    await advance(silenceMs)
  }
  return world.flushed.slice(from).map(({ waitedMs }) => waitedMs)
}

describe('what was learned', () => {
  it('survives a switch to another strategy and back', async () => {
    const world = createWorld({ strategy: 'adaptive' })
    expect(await waitsOf(world, 6)).toEqual([60, 60, 60, 60, 30, 30])
    world.coalescer.switchStrategy('debounce')
    expect(await waitsOf(world, 2)).toEqual([150, 150])
    world.coalescer.switchStrategy('adaptive')
    expect(await waitsOf(world, 2)).toEqual([30, 30])
  })

  it('takes no part of the time in which another strategy was at work for a gap', async () => {
    const world = createWorld({ strategy: 'adaptive' })
    expect(await waitsOf(world, 1)).toEqual([60])
    for (let round = 0; round < 6; round += 1) {
      world.coalescer.switchStrategy('direct')
      world.coalescer.switchStrategy('adaptive')
      expect(await waitsOf(world, 1)).toEqual([60])
    }
  })

  it.each([
    ['a reset', ({ coalescer }: World) => coalescer.reset()],
    [
      'a switch to another maxWaitMs',
      ({ coalescer }: World) => coalescer.switchStrategy({ name: 'adaptive', maxWaitMs: 900 }),
    ],
  ])('is forgotten at %s', async (_, forget) => {
    const world = createWorld({ strategy: 'adaptive' })
    await waitsOf(world, 6)
    forget(world)
    expect(await waitsOf(world, 6)).toEqual([60, 60, 60, 60, 30, 30])
  })
})
