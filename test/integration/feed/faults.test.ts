import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Backend, startBackend } from '../../../demo/server/backend.ts'
import type { RealtimeFaults } from '../../../demo/server/realtime/controls.ts'
import { until } from '../../backend/support.ts'
import { type Chain, type ChainOptions, startChain } from './chain.ts'

let backend: Backend
let faults: RealtimeFaults
let lastTitle = 0

beforeAll(async () => {
  backend = await startBackend()
  faults = backend.realtime.faults
})
afterAll(() => backend.stop())

const sql = (text: string, values: unknown[] = []) => backend.db.query(text, values)
const renameGoal = () => sql('update public.goals set title = $1 where id = 1', [`title ${++lastTitle}`])
const seePartner = () => sql('update public.partners set check_ins_seen = check_ins_seen + 1 where user_id = 7')
const addGoal = () => sql(`insert into public.goals (user_id, title) values (7, $1)`, [`goal ${++lastTitle}`])
/** Its check-ins go with it. */
const removeGoal = () => sql(`delete from public.goals where id = 3`)
const writeAll = async () => {
  await renameGoal()
  await seePartner()
  await addGoal()
  await backend.realtime.drained()
}

/** Ends sockets in some way, writes while nobody can come back, and lets them come back. */
const gapWhile = (drop: () => void) => async (chain: Chain) => {
  faults.set({ upgrade: 'refuse' })
  drop()
  await chain.status('interrupted')
  await writeAll()
  faults.set({ upgrade: 'accept' })
}
/** Writes what reaches nobody, whether a channel is back already or not. */
const writeUnheard = async () => {
  faults.set({ loseChanges: true })
  await writeAll()
  faults.set({ loseChanges: false })
}
/** Ends channels in some way and writes before the gap is caught up with. */
const lossBy = (lose: () => void) => async (chain: Chain) => {
  lose()
  await chain.status('interrupted')
  await writeUnheard()
}

interface Case {
  readonly name: string
  readonly fault: (chain: Chain) => unknown
  readonly options?: ChainOptions
  /** Requests by path that the fault costs. */
  readonly requests: Partial<Record<string, number>>
  readonly catchUps: number
  /** Goals patched. @default 0 */
  readonly patched?: number
  /** What is reported. */
  readonly reports?: readonly string[]
}

const everything = { goals: 1, partners: 1, 'check-ins': 1 }
const repaired = { requests: everything, catchUps: 1 }
const dropped = (code: string) => [`The channel failed: socket closed: ${code}`]
const closed = 'The channel is closed: the server closed it. A new one will be opened.'

const gaps: Case[] = [
  {
    name: 'sockets are terminated',
    fault: gapWhile(() => faults.terminateSockets()),
    reports: dropped('1006'),
    ...repaired,
  },
  {
    name: 'sockets are closed',
    fault: gapWhile(() => faults.closeSockets(1001)),
    reports: dropped('1001'),
    ...repaired,
  },
  { name: 'the server restarts', fault: gapWhile(() => faults.restart()), reports: dropped('1012'), ...repaired },
  {
    name: 'the server is down for a while',
    async fault(chain) {
      await backend.suspend()
      await chain.status('interrupted')
      await writeAll()
      await backend.resume()
    },
    reports: dropped('1006'),
    ...repaired,
  },
  {
    name: 'upgrades are refused with 401',
    async fault(chain) {
      faults.set({ upgrade: 401 })
      faults.terminateSockets()
      await chain.status('interrupted')
      await writeAll()
      faults.set({ upgrade: 'accept' })
    },
    reports: dropped('1006'),
    ...repaired,
  },
  {
    name: 'the channel crashes',
    fault: lossBy(() => faults.crashChannels()),
    reports: ['The channel failed: channel error: transport failure'],
    ...repaired,
  },
  { name: 'the channel is closed', fault: lossBy(() => faults.closeChannels()), reports: [closed], ...repaired },
  {
    name: 'the token expires',
    fault: lossBy(() => faults.expireTokens()),
    reports: [expect.stringMatching(/^The server reported: Token has expired/), closed],
    ...repaired,
  },
  {
    name: 'the channel has sent too much',
    fault: lossBy(() => faults.exceedRateLimit()),
    reports: ['The server reported: Too many messages per second', closed],
    ...repaired,
  },
  {
    name: 'joins fail',
    async fault(chain) {
      faults.failJoins(1, 'RealtimeRestarting: Realtime is restarting')
      await gapWhile(() => faults.terminateSockets())(chain)
    },
    reports: [...dropped('1006'), 'The channel failed: RealtimeRestarting: Realtime is restarting'],
    ...repaired,
  },
  {
    name: 'a join is not answered',
    async fault(chain) {
      faults.set({ withholdJoinReply: true })
      await gapWhile(() => faults.terminateSockets())(chain)
      await until(() => chain.errors.length === 2, 'the timeout')
      faults.set({ withholdJoinReply: false })
    },
    reports: [...dropped('1006'), 'The server did not answer the join.'],
    ...repaired,
  },
  {
    name: 'a join is answered late',
    async fault(chain) {
      faults.set({ joinReplyDelayMs: 200 })
      await gapWhile(() => faults.terminateSockets())(chain)
    },
    reports: dropped('1006'),
    ...repaired,
  },
  {
    name: 'a join is answered with other bindings',
    async fault(chain) {
      faults.set({ joinReplyBindings: 'empty' })
      await gapWhile(() => faults.terminateSockets())(chain)
      await until(() => chain.errors.length === 3, 'the mismatch')
      faults.set({ joinReplyBindings: 'echo' })
    },
    reports: [
      ...dropped('1006'),
      closed,
      'The channel failed: mismatch between server and client bindings for postgres changes',
    ],
    ...repaired,
  },
  {
    name: 'the feed is attached long after the join, and changes come in between',
    async fault(chain) {
      faults.set({ systemOkDelayMs: 300 })
      const passWhileAttaching = chain.realtime.subscribe(
        () => chain.realtime.getStatus() === 'attaching' && chain.time.skip(500),
      )
      faults.terminateSockets()
      await chain.status('attaching')
      passWhileAttaching()
      await writeUnheard()
    },
    reports: dropped('1006'),
    // Once in its time, and once more because a server that slow may lose what comes right after.
    requests: { goals: 2, partners: 2, 'check-ins': 2 },
    catchUps: 2,
  },
  {
    name: 'the feed is never attached to a channel',
    async fault(chain) {
      faults.set({ withholdSystemOk: true })
      faults.terminateSockets()
      await chain.status('attaching')
      await writeAll()
      faults.set({ withholdSystemOk: false })
      await chain.time.pass(30_000)
    },
    reports: [...dropped('1006'), 'The feed was not attached within 30000 ms. A new channel will be opened.'],
    ...repaired,
  },
  {
    name: 'the server detaches the feed and attaches it again',
    async fault(chain) {
      faults.set({ loseChanges: true })
      faults.sendSystem('postgres_changes', 'error', 'Subscription lost')
      await chain.status('interrupted')
      await writeAll()
      faults.set({ loseChanges: false })
      faults.repeatSystemOk()
    },
    reports: ['The server reported: Subscription lost'],
    ...repaired,
  },
  {
    name: 'only a repeated system ok tells of a gap',
    async fault(chain) {
      faults.set({ loseChanges: true })
      await writeAll()
      faults.set({ loseChanges: false })
      faults.repeatSystemOk()
      await until(() => chain.realtime.actor.getSnapshot().value.repair === 'settling', 'the repeated ok')
    },
    ...repaired,
  },
  {
    name: 'heartbeats are not answered',
    async fault(chain) {
      faults.set({ muteHeartbeats: true, loseChanges: true })
      // At the second one the client finds that the first has no answer.
      for (let beat = 0; beat < 2; beat += 1) await chain.supabase.realtime.sendHeartbeat()
      await chain.status('interrupted')
      await writeAll()
      faults.set({ muteHeartbeats: false, loseChanges: false })
    },
    // A client that finds its old socket still open after a while does not wait for the end of it.
    reports: expect.toBeOneOf([
      ['The channel failed: heartbeat timeout', ...dropped('1005')],
      ['The channel failed: heartbeat timeout'],
    ]),
    ...repaired,
  },
  {
    name: 'the feed is stopped and initialized again',
    async fault(chain) {
      chain.realtime.stop()
      await until(() => backend.realtime.connections().every(({ channels }) => channels.length === 0), 'the leave')
      await writeAll()
      chain.realtime.initialize(chain.queryClient)
    },
    ...repaired,
  },
  {
    name: 'the app removes all channels of the client',
    async fault(chain) {
      await chain.supabase.removeAllChannels()
      await writeUnheard()
    },
    reports: [closed],
    ...repaired,
  },
  {
    name: 'the connection flaps five times in 3 s',
    async fault(chain) {
      for (let flap = 0; flap < 5; flap += 1) {
        await gapWhile(() => faults.terminateSockets())(chain)
        await chain.time.pass(300)
        await chain.status('live')
        await chain.time.pass(300)
      }
    },
    reports: Array<string>(5).fill('The channel failed: socket closed: 1006'),
    ...repaired,
  },
]

const disturbances: Case[] = [
  { name: 'nothing is wrong', fault: writeAll, requests: { partners: 1 }, catchUps: 0, patched: 2 },
  {
    name: 'rows are deleted, of which the filter lets nothing through',
    fault: removeGoal,
    requests: { goals: 1, 'check-ins': 1 },
    catchUps: 0,
  },
  {
    name: 'changes come twice',
    async fault() {
      faults.set({ duplicateChanges: true })
      await writeAll()
    },
    requests: { partners: 1 },
    catchUps: 0,
    patched: 2,
  },
  {
    name: 'changes come to the wrong binding',
    options: { unfilteredDeletes: false },
    async fault() {
      faults.set({ misrouteChanges: true })
      await writeAll()
    },
    requests: { partners: 1 },
    catchUps: 0,
    patched: 2,
  },
  {
    name: 'every binding gets every change',
    async fault(chain) {
      faults.set({ joinReplyBindings: 'missing' })
      chain.realtime.stop()
      chain.realtime.initialize(chain.queryClient)
      await chain.quiet()
      await writeAll()
    },
    requests: { goals: 1, partners: 2, 'check-ins': 1 },
    catchUps: 1,
    patched: 2,
  },
  ...([400, 401, 413] as const).map((status) => ({
    name: `a change comes with errors: ${status}`,
    async fault() {
      faults.corruptNext(1, status)
      await renameGoal()
    },
    requests: { goals: 1 },
    catchUps: 0,
  })),
  {
    name: 'changes come late, and together',
    async fault() {
      faults.set({ pollIntervalMs: 60_000, deliveryDelayMs: 100 })
      await writeAll()
    },
    requests: { partners: 1 },
    catchUps: 0,
    patched: 2,
  },
  {
    name: 'a change comes that is none',
    async fault(chain) {
      faults.set({ joinReplyBindings: 'missing' })
      chain.realtime.stop()
      chain.realtime.initialize(chain.queryClient)
      await chain.quiet()
      faults.sendRaw('[null,null,"realtime:db","postgres_changes",{"ids":[],"data":{"type":"INSERT","columns":[]}}]')
      await renameGoal()
    },
    requests: everything,
    catchUps: 1,
    patched: 1,
    reports: ['A change of the feed could not be handled.'],
  },
]

describe.each([...gaps, ...disturbances])('when $name', ({ fault, options, ...expected }) => {
  let chain: Chain

  beforeEach(async () => {
    await sql('delete from public.goals where id > 3')
    chain = await startChain(backend, options)
  })
  afterEach(async () => {
    faults.reset()
    await chain.end()
  })

  it('the screen ends up with what is in the database, for as many requests as promised, and nothing is left', async () => {
    const patchedBefore = chain.patched()
    await fault(chain)
    await chain.right()
    await chain.quiet()
    expect({
      differences: await chain.differences(),
      requests: chain.requests(),
      catchUps: chain.catchUps(),
      patched: chain.patched() - patchedBefore,
      reports: chain.errors.map(({ info }) => (info.type === 'feedFailed' ? info.message : info.type)),
    }).toEqual({
      differences: {},
      requests: expected.requests,
      catchUps: expected.catchUps,
      patched: expected.patched ?? 0,
      reports: expected.reports ?? [],
    })
    faults.reset()
    expect(await chain.end()).toEqual({ channels: 0, timers: 0, isCacheWatched: false, isConnected: false })
  })
})
