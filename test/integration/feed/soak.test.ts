import { focusManager } from '@tanstack/react-query'
import type { StrategyName } from 'realtime-coalescer'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Backend, startBackend } from '../../../demo/server/backend.ts'
import { type Chain, startChain } from './chain.ts'

/** How long to go on, in seconds. */
const soakSeconds = Number(process.env['SOAK_SECONDS'] ?? 15)
const seed = Number(process.env['SOAK_SEED'] ?? Date.now() % 1_000_000)
const roundMs = 2_500

let backend: Backend
beforeAll(async () => {
  backend = await startBackend()
})
afterAll(async () => {
  focusManager.setFocused(undefined)
  await backend.stop()
})

/** Whole numbers below `limit`, the same for the same seed. */
function createRandom(from: number): (limit: number) => number {
  let state = from
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit
  }
}

const strategies: StrategyName[] = ['debounce', 'batch', 'perKey', 'hybrid', 'direct']

/** What may happen, by name. Nothing here loses a change without a sign that one may be lost. */
function createActions(chain: Chain, random: (limit: number) => number): Record<string, () => unknown> {
  const { faults } = backend.realtime
  const sql = (text: string, values: unknown[] = []) => backend.db.query(text, values)
  const goal = 'select id from public.goals where user_id = 7 order by random() limit 1'
  return {
    renameGoal: () => sql(`update public.goals set title = $1 where id = (${goal})`, [`title ${random(1_000_000)}`]),
    renameTwice: () =>
      sql(
        `with one as (update public.goals set title = $1 where id = 1 returning 1) insert into public.goals (user_id, title) values (7, $1)`,
        [`title ${random(1_000_000)}`],
      ),
    addGoal: () => sql(`insert into public.goals (user_id, title) values (7, $1)`, [`goal ${random(1_000_000)}`]),
    addForeignGoal: () => sql(`insert into public.goals (user_id, title) values (8, 'of somebody else')`),
    removeGoal: () => sql(`delete from public.goals where id > 3 and id = (${goal})`),
    seePartner: () => sql('update public.partners set check_ins_seen = check_ins_seen + 1 where user_id = 7'),
    checkIn: () => sql(`insert into public.check_ins (user_id, goal_id, note) values (7, 1, $1)`, [`${random(1_000)}`]),
    rollBack: () => sql(`update public.goals set target_per_week = 0 where id = 1`).catch(() => undefined),
    terminate: () => faults.terminateSockets(),
    closeSockets: () => faults.closeSockets(1001),
    restart: () => faults.restart(),
    crash: () => faults.crashChannels(),
    closeChannels: () => faults.closeChannels(),
    expireTokens: () => faults.expireTokens(),
    exceedRateLimit: () => faults.exceedRateLimit(),
    repeatSystemOk: () => faults.repeatSystemOk(),
    detach: () => {
      faults.sendSystem('postgres_changes', 'error', 'Subscription lost')
      faults.repeatSystemOk()
    },
    failJoin: () => faults.failJoins(1),
    corrupt: () => faults.corruptNext(1 + random(3), ([400, 401, 413] as const)[random(3)] ?? 400),
    duplicate: () => faults.duplicateNext(1 + random(5)),
    delayDelivery: () => faults.set({ deliveryDelayMs: random(60) }),
    delaySystemOk: () => faults.set({ systemOkDelayMs: random(200) }),
    delayJoin: () => faults.set({ joinReplyDelayMs: random(100) }),
    refuse: () => {
      faults.set({ upgrade: 'refuse' })
      setTimeout(() => faults.set({ upgrade: 'accept' }), random(300))
    },
    slowDown: () => backend.api.setLatencyMs(random(80)),
    switchStrategy: () => chain.coalescer.switchStrategy(strategies[random(strategies.length)] ?? 'debounce'),
    hide: () => focusManager.setFocused(false),
    unhide: () => focusManager.setFocused(true),
    restartFeed: () => {
      chain.realtime.stop()
      chain.realtime.initialize(chain.queryClient)
    },
  }
}

it(
  `ends every round of random changes and faults with the database on the screen (seed ${seed})`,
  async () => {
    const random = createRandom(seed)
    const chain = await startChain(backend, { clock: { setTimeout, clearTimeout } })
    const actions = createActions(chain, random)
    const writes = Object.keys(actions).slice(0, 7)
    const all = Object.keys(actions)
    const endsAtMs = Date.now() + soakSeconds * 1_000
    let rounds = 0
    let steps = 0
    do {
      const done: string[] = []
      const roundEndsAtMs = Date.now() + roundMs
      while (Date.now() < roundEndsAtMs) {
        const names = random(3) === 0 ? all : writes
        const name = names[random(names.length)] ?? 'addGoal'
        done.push(name)
        await actions[name]?.()
        if (random(2) === 0) await new Promise((resolve) => setTimeout(resolve, random(60)))
      }
      focusManager.setFocused(true)
      backend.realtime.faults.reset()
      backend.api.setLatencyMs(0)
      await chain.quiet()
      await chain.right().catch((error: unknown) => {
        throw new Error(`Seed ${seed}, round ${rounds}: ${String(error)} after ${done.join(' ')}`)
      })
      rounds += 1
      steps += done.length
      await backend.db.query('delete from public.goals where id > 30')
      await backend.db.query('delete from public.check_ins where id > 100')
      await chain.right()
    } while (Date.now() < endsAtMs)
    console.log(`soak: seed ${seed}, ${rounds} rounds, ${steps} steps, ${chain.catchUps()} catch-ups`)
    const unexpected = chain.errors.filter(({ info }) => info.type !== 'feedFailed')
    expect({ unexpected, ...(await chain.end()) }).toEqual({
      unexpected: [],
      channels: 0,
      timers: 0,
      isCacheWatched: false,
      isConnected: false,
    })
  },
  (soakSeconds + 600) * 1_000,
)
