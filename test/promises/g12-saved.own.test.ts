import fc from 'fast-check'
import type { CoalescerStats, StrategyName } from 'realtime-coalescer'
import { describe, expect, it } from 'vitest'
import type { ChangePayload } from '../support/fakeSupabase.ts'
import { changeOf, createFeedWorld } from '../support/feedWorld.ts'
import { advance, useSimulatedTime } from '../support/simulatedTime.ts'
import { coalescing, timing } from './support.ts'

useSimulatedTime()

const names = ['goals', 'partners'] as const
const table = fc.constantFrom(...names)

const step = fc.oneof(
  // A response whose echo comes later, once, or never.
  fc.record({ kind: fc.constant('own' as const), table }),
  fc.record({ kind: fc.constant('echo' as const), of: fc.nat(3) }),
  // What triggers of the same commit have written.
  fc.record({ kind: fc.constant('beside' as const), of: fc.nat(3), table }),
  fc.record({ kind: fc.constant('foreign' as const), table }),
  fc.record({ kind: fc.constant('schedule' as const), key: fc.constantFrom(['goals'], ['home']) }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(5, 30, 1000) }),
)
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never

/** Plays responses and changes, and counts. Screens of one table are reached by two keys of it, `home` by all. */
async function play(strategy: StrategyName, steps: readonly Step[]): Promise<CoalescerStats> {
  const world = createFeedWorld({
    strategy,
    ...timing,
    firstCatchUp: 'off',
    endsWithTest: false,
    mounted: false,
    tables: Object.fromEntries(names.map((name) => [name, { keys: () => [[name], [name, 'all'], ['home']] }])),
  })
  for (const name of names) await world.showLoaded([name, 'all'])
  await world.showLoaded(['home'])
  await world.goLive()
  await advance(10_000)
  const before = world.coalescer.getSnapshot().stats
  let commits = 0
  const insertOf = (name: string, change: Partial<ChangePayload> = {}): ChangePayload => {
    commits += 1
    const micros = String(commits).padStart(3, '0')
    return changeOf('INSERT', {
      table: name,
      commit_timestamp: new Date().toISOString().replace('Z', `${micros}Z`),
      ...change,
    })
  }
  const owned: ChangePayload[] = []
  for (const one of steps) {
    if (one.kind === 'wait') await advance(one.ms)
    else if (one.kind === 'schedule') world.coalescer.scheduleInvalidate(one.key)
    else if (one.kind === 'own') {
      // What `direct` has fetched before the response, and others would after it, is another matter.
      await advance(1000)
      const id = 100 + owned.length
      const row = { id, title: `own ${id}` }
      owned.push(insertOf(one.table, { new: row }))
      world.realtime.own(one.table, row)
    } else if (one.kind === 'foreign') world.realtime.handleChange(insertOf(one.table))
    else {
      const echo = owned[one.of % Math.max(1, owned.length)]
      if (!echo) continue
      const { commit_timestamp } = echo
      const beside = insertOf(one.kind === 'beside' ? one.table : 'goals', { commit_timestamp })
      world.realtime.handleChange(one.kind === 'echo' ? echo : beside)
    }
  }
  await advance(20_000)
  const { stats } = world.coalescer.getSnapshot()
  world.realtime.stop()
  world.end()
  return {
    ...stats,
    fetchesStarted: stats.fetchesStarted - before.fetchesStarted,
    fetchesSaved: stats.fetchesSaved - before.fetchesSaved,
  }
}

describe.each(coalescing)('G12 saved beside own writes, %s', (strategy) => {
  it('started and saved fetches together are those that direct starts for the same changes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 10 }), async (all) => {
        // What is scheduled while changes wait with their handlers unread overtakes them.
        const steps = all.filter(({ kind }) => strategy !== 'batch' || kind !== 'schedule')
        const direct = await play('direct', steps)
        const { eventsReceived, fetchesStarted, fetchesSaved } = await play(strategy, steps)
        expect({ eventsReceived, fetches: fetchesStarted + fetchesSaved }).toEqual({
          eventsReceived: direct.eventsReceived,
          fetches: direct.fetchesStarted,
        })
        expect(direct.fetchesSaved).toBe(0)
      }),
      { numRuns: Number(process.env['OWN_SAVED_RUNS'] ?? 20) },
    )
  })
})
