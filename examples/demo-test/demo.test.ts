import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkKeys, createTestApp, createTestClock, expectFresh } from 'realtime-coalescer/testing'
import * as keys from '../../demo/shared/queryKeys.ts'
import { tablesOf } from '../../demo/shared/tables.ts'

const home = ['goals', 'daily_summaries', 'daily_motivations', 'partners']
/** Which tables each query of the demo reads. */
const queries = [
  { queryKey: keys.goalsQueryKeys.all, reads: ['goals'] },
  { queryKey: keys.checkInsQueryKeys.all, reads: ['check_ins'] },
  { queryKey: keys.partnersQueryKeys.all, reads: ['partners'] },
  { queryKey: keys.analyticsQueryKeys.overview(), reads: ['goals', 'check_ins', 'daily_summaries'] },
  { queryKey: keys.dailySummariesQueryKeys.today(), reads: ['daily_summaries'] },
  { queryKey: keys.dailyMotivationsQueryKeys.today(), reads: ['daily_motivations'] },
  { queryKey: keys.homeDashboardQueryKeys.dashboard(), reads: home },
]
const tables = tablesOf.postgres_changes
const names = Object.keys(tables)

test('keys of every table reach every query that reads it', () => {
  const unreached = checkKeys({ tables, reads: queries }).filter(({ reachedBy }) => reachedBy === undefined)
  assert.deepEqual(unreached, [])
})

for (const table of names) {
  test(`a new row of ${table}, its change and its end are shown`, async (context) => {
    const clock = createTestClock()
    const app = createTestApp({ tables, clock, server: { rows: Object.fromEntries(names.map((name) => [name, []])) } })
    context.after(() => app.stop())
    await app.start()
    const answer = (all: object) => ({ data: Object.values(all).flat() })
    for (const { queryKey, reads } of queries) app.show(queryKey, app.server.query(reads, answer))
    for (const change of [{ row: { id: 1, user_id: 7 } }, { row: { id: 1, title: 'Run' } }, { id: 1 }]) {
      app.feed.commit({ table, ...change })
      await clock.advance(1000)
      expectFresh(app)
    }
  })
}
