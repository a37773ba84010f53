import { failType } from '../../actions/validate.ts'
import { expectFresh } from './expectFresh.ts'
import { expectTraces, rowsOfStep } from './expectTraces.ts'
import type { TestApp } from './testApp.ts'
import type { TestClock } from './testClock.ts'
import { type TestAction, type TestTrace, mergeTraces, printStorm } from './traces.ts'

/** A table that was refused is tried again after a minute, a request that hangs is given up after half of one. */
const HEALING_MS = 180_000

function act({ feed, server }: TestApp, action: TestAction, refused: Set<string>): void {
  switch (action.do) {
    case 'commit':
      return void feed.commit({ table: action.table, row: action.row }, { truncated: action.truncated === true })
    case 'remove': {
      const isThere = server.row(action.table, action.id) !== undefined
      return void (isThere && feed.commit({ table: action.table, id: action.id }))
    }
    case 'transaction':
      return void feed.transaction(action.changes)
    case 'duplicate':
      return feed.hasTold ? feed.duplicate() : undefined
    case 'release': {
      let turn = 0
      return feed.release((channels) => (turn += 1) % channels)
    }
    case 'refuse':
      refused.add(action.name)
      return feed.refuse(action.name)
    case 'allow':
      refused.delete(action.name)
      return feed.allow(action.name)
    case 'fail':
      server.fails = () => true
      return
    case 'hang':
      server.hangs = () => true
      return
    case 'recover':
      server.fails = () => false
      server.hangs = () => false
      return server.release()
    default:
      return feed[action.do]()
  }
}

/**
 * Plays traces over an app that is live, side by side, ends every fault, and expects every screen to be fresh once that
 * has healed. What failed is fetched again before, as the next focus or mount would.
 *
 * @throws Error of what is not fresh, with the traces as a test to paste; before anything has been played, TypeError or
 * RangeError for what is no trace of this app.
 */
export async function playStorm(app: TestApp, clock: TestClock, ...traces: readonly TestTrace[]): Promise<void> {
  if (typeof app?.feed?.release !== 'function') {
    failType('app', 'a test app with a feed', app, 'Pass what createTestApp({ server, tables }) returned.')
  }
  if (typeof clock?.advance !== 'function') {
    failType('clock', 'a test clock', clock, 'Pass what createTestClock() returned, and give it to the app as well.')
  }
  expectTraces(traces)
  // The server knows its tables and their keys.
  for (const { table, row } of traces.flat().flatMap(rowsOfStep)) app.server.row(table, row)
  const startedAtMs = clock.now()
  const refused = new Set<string>()
  try {
    for (const { atMs, ...action } of mergeTraces(traces)) {
      await clock.advance(Math.max(0, startedAtMs + atMs - clock.now()))
      act(app, action as TestAction, refused)
    }
    for (const name of refused) app.feed.allow(name)
    act(app, { do: 'recover' }, refused)
    app.feed.release()
    app.feed.rejoin()
    await clock.advance(HEALING_MS)
    const failed = app.queryClient.refetchQueries({ predicate: ({ state }) => state.fetchFailureCount > 0 })
    await clock.advance(HEALING_MS)
    await failed
    expectFresh(app)
  } catch (error) {
    const message = `${(error as Error).message}\n\nAs a test:\n\n${printStorm(...traces)}`
    throw new Error(message, { cause: error })
  }
}
