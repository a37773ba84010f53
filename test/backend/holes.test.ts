import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Backend, startBackend } from '../../demo/server/backend.ts'
import { realTiming } from '../../demo/server/realtime/faults.ts'
import { joinPayload, openRaw } from './rawSocket.ts'
import { closeClients, connect, listenTo, until } from './support.ts'

let backend: Backend
const goals = [{ table: 'goals' }]

beforeAll(async () => {
  backend = await startBackend()
})
afterAll(() => backend.stop())
afterEach(async () => {
  backend.realtime.faults.reset()
  await closeClients()
})

let lastTitle = 0

/** Renames the first goal; gives its new title. */
async function rename(): Promise<string> {
  const title = `title ${++lastTitle}`
  await backend.db.query('update public.goals set title = $1 where id = 1', [title])
  await backend.realtime.drained()
  return title
}

const titlesOf = ({ changes }: ReturnType<typeof listenTo>) =>
  changes.map((change) => (change.new as { title: string }).title)

async function live(name?: string) {
  const listening = listenTo(connect(backend), goals, name === undefined ? {} : { name })
  await listening.live()
  return listening
}

describe('a worker that stops', () => {
  it('leaves joined channels without a change and without a word; a new join hears again, others do not', async () => {
    const dead = await live()
    backend.realtime.faults.stopWorker()
    const fresh = await live()
    const title = await rename()
    await until(() => fresh.changes.length === 1)
    expect([titlesOf(dead), titlesOf(fresh)]).toEqual([[], [title]])
    expect([dead.statuses, dead.system.length]).toEqual([['SUBSCRIBED'], 1])
  })

  it('is made up for by a new token', async () => {
    const raw = await openRaw(backend)
    await raw.ask('1', 'realtime:db', 'phx_join', joinPayload([{ event: '*', schema: 'public', table: 'goals' }]))
    const oks = () => raw.frames.filter(([, , , event]) => event === 'system').length
    await until(() => oks() === 1)
    backend.realtime.faults.stopWorker()
    const token = backend.signToken({ role: 'anon', again: true })
    raw.send(['1', '2', 'realtime:db', 'access_token', { access_token: token }])
    await until(() => oks() === 2)
    await rename()
    await until(() => raw.frames.length > 3)
    raw.socket.terminate()
    expect(raw.frames.map(([, , , event]) => event)).toEqual(['phx_reply', 'system', 'system', 'postgres_changes'])
  })
})

describe('a worker that is cold', () => {
  it('says ok before it listens: changes right after the ok are lost', async () => {
    backend.realtime.faults.set({ slotDelayMs: 600_000 })
    const cold = await live()
    backend.realtime.faults.reset()
    const warm = await live()
    const title = await rename()
    await until(() => warm.changes.length === 1)
    expect([titlesOf(cold), titlesOf(warm)]).toEqual([[], [title]])
  })

  it('is warm after a while', async () => {
    backend.realtime.faults.set({ slotDelayMs: 50 })
    const warming = await live()
    const written: string[] = []
    while (warming.changes.length === 0) {
      written.push(await rename())
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    expect(written).toContain(titlesOf(warming)[0])
  })

  it('has its ok after a new token later; until then the old one goes on', async () => {
    const listening = await live()
    const client = listening.channel.socket
    backend.realtime.faults.set({ tokenOkDelayMs: 600_000 })
    await client.setAuth(backend.signToken({ role: 'anon', n: 2 }))
    await rename()
    await until(() => listening.changes.length === 1)
    expect(listening.system).toHaveLength(1)
    backend.realtime.faults.set({ tokenOkDelayMs: 50 })
    await client.setAuth(backend.signToken({ role: 'anon', n: 3 }))
    await until(() => listening.system.length === 2)
  })
})

describe('polls', () => {
  it('that pause keep changes back, and bring all of them afterwards', async () => {
    const listening = await live()
    backend.realtime.faults.set({ pausePolls: true })
    const titles = [await rename(), await rename()]
    expect(listening.changes).toEqual([])
    backend.realtime.faults.set({ pausePolls: false })
    await until(() => listening.changes.length === 2)
    expect(titlesOf(listening)).toEqual(titles)
  })

  it('come by the clock: writes between two of them arrive together', async () => {
    const listening = await live()
    const intervalMs = 400
    backend.realtime.faults.set({ pollIntervalMs: intervalMs })
    // Of the clock that the server goes by.
    const tick = () => Math.floor(performance.now() / intervalMs)
    const [before, firstTick] = [backend.realtime.stats.captured, tick()]
    const groups = new Set<number>()
    for (let n = 1; n <= 4; n++) {
      await backend.db.query(`update public.goals set target_per_week = ${n} where id = 1`)
      groups.add(backend.realtime.stats.captured - before)
    }
    const ticks = tick() - firstTick
    await until(() => listening.changes.length === 4)
    // None of them was read but by a tick, of which a fast machine sees one at most.
    expect(groups.size).toBeLessThanOrEqual(ticks + 1)
  })
})

describe('the limit of joins', () => {
  it('is an average over a minute: what comes at once is let through until the minute is full', async () => {
    const small = await startBackend({ limits: { joinsPerSecond: 0.1 } })
    const raw = await openRaw(small)
    const replies: unknown[] = []
    for (let n = 1; n <= 7; n++) replies.push(await raw.ask('1', `realtime:room-${n % 3}`, 'phx_join', joinPayload()))
    const reason = 'ClientJoinRateLimitReached: Too many joins per second'
    const statuses = replies.map((reply) => (reply as { status: string }).status)
    expect(statuses.join(' ')).toBe('ok ok ok ok ok ok error')
    expect(replies[6]).toEqual({ status: 'error', response: { reason } })
    expect(await raw.closed).toBe(1001)
    await small.stop()
  })
})

describe('the timing of the real server', () => {
  it('is what a server starts with and goes back to', async () => {
    const slow = await startBackend({ timing: realTiming })
    expect(slow.realtime.faults.settings).toMatchObject(realTiming)
    slow.realtime.faults.set({ refusedUpgradeDelayMs: 100, pollIntervalMs: 0 })
    const startedAtMs = performance.now()
    await expect(openRaw(slow, { apikey: 'nonsense' })).rejects.toThrow('401')
    expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(99)
    slow.realtime.faults.reset()
    expect(slow.realtime.faults.settings).toMatchObject(realTiming)
    await slow.stop()
    await expect(startBackend({ timing: { pollIntervalMs: -1 } })).rejects.toThrow(/pollIntervalMs.*0–600000/)
  })
})
