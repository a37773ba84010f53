import { focusManager } from '@tanstack/react-query'
import { describe, expect, it } from 'vitest'
import { isRenewal, supersedes } from '../../src/actions/token.ts'
import { type FeedWorld, createFeedWorld } from '../support/feedWorld.ts'
import { advance, drain, useSimulatedTime } from '../support/simulatedTime.ts'

useSimulatedTime()

const tokenOf = (claims: object): string => `e30.${btoa(JSON.stringify(claims)).replaceAll('=', '')}.signature`
const apiKey = tokenOf({ iss: 'supabase', role: 'anon' })
const appsOwn = tokenOf({ iss: 'app', sub: '7', role: 'authenticated' })

/** A client as `createClient` makes it: it finds the token of a session by itself, or falls back to its API key. */
function useSession({ supabase }: FeedWorld, session: () => string | undefined): void {
  const { realtime } = supabase
  realtime.apiKey = apiKey
  realtime.accessToken = async () => session() ?? apiKey
  realtime.setAuth = async (token?: string | null) => {
    realtime.accessTokenValue = token ?? (await realtime.accessToken?.()) ?? undefined
  }
}

describe('a token that the app has set itself', () => {
  it('is what the channel joins with, and stays what the client finds', async () => {
    const world = createFeedWorld()
    const { supabase } = world
    useSession(world, () => undefined)
    await supabase.realtime.setAuth(appsOwn)
    await world.join()
    expect(supabase.current.joinedWith).toBe(appsOwn)
    supabase.current.goLive()
    // What the client does after each join and at each heartbeat.
    await supabase.realtime.setAuth()
    expect(supabase.realtime.accessTokenValue).toBe(appsOwn)
  })

  it('may be replaced by the app', async () => {
    const world = createFeedWorld()
    useSession(world, () => undefined)
    await world.supabase.realtime.setAuth(appsOwn)
    await world.goLive()
    const next = tokenOf({ iss: 'app', sub: '8', role: 'authenticated' })
    await world.supabase.realtime.setAuth(next)
    await world.supabase.realtime.setAuth()
    expect(world.supabase.realtime.accessTokenValue).toBe(next)
    world.supabase.current.tell('CLOSED')
    await advance(2_000)
    expect(world.supabase.current.joinedWith).toBe(next)
  })

  it("is left to the client's ways after stop()", async () => {
    const world = createFeedWorld()
    useSession(world, () => undefined)
    const find = world.supabase.realtime.accessToken
    await world.supabase.realtime.setAuth(appsOwn)
    await world.join()
    world.realtime.stop()
    expect(world.supabase.realtime.accessToken).toBe(find)
  })

  it('does not outlive itself: that of a session of the same user takes its place', async () => {
    const world = createFeedWorld()
    const renewed = tokenOf({ iss: 'auth', sub: '7', role: 'authenticated', n: 2 })
    useSession(world, () => renewed)
    await world.supabase.realtime.setAuth(tokenOf({ iss: 'auth', sub: '7', role: 'authenticated', n: 1 }))
    await world.join()
    expect(world.supabase.current.joinedWith).toBe(renewed)
  })

  it('is kept while that of the session ends sooner', async () => {
    const world = createFeedWorld()
    const own = tokenOf({ iss: 'auth', sub: '7', role: 'authenticated', room: 1, exp: 4_000_000_000 })
    useSession(world, () => tokenOf({ iss: 'auth', sub: '7', role: 'authenticated', exp: 3_999_999_999 }))
    await world.supabase.realtime.setAuth(own)
    await world.join()
    expect(world.supabase.current.joinedWith).toBe(own)
    await world.supabase.realtime.setAuth()
    expect(world.supabase.realtime.accessTokenValue).toBe(own)
  })
})

describe('a fresh token', () => {
  const countingWorld = () => {
    const world = createFeedWorld()
    let asked = 0
    useSession(world, () => tokenOf({ sub: '7', role: 'authenticated', n: ++asked }))
    return { ...world, asked: () => asked }
  }

  it.each([
    ['CHANNEL_ERROR', new Error('socket closed: 1006')],
    ['TIMED_OUT', undefined],
  ] as const)('is asked for at %s, so that the join the client repeats carries it', async (status, error) => {
    const { goLive, supabase, asked } = countingWorld()
    await goLive()
    const before = asked()
    supabase.current.tell(status, error)
    await drain()
    expect(asked()).toBe(before + 1)
  })

  it('is asked for when the page wakes, in whatever state the channel is', async () => {
    const { goLive, supabase, asked } = countingWorld()
    await goLive()
    for (const lose of [() => undefined, () => supabase.current.tell('TIMED_OUT')]) {
      lose()
      await drain()
      focusManager.setFocused(false)
      const before = asked()
      focusManager.setFocused(true)
      await drain()
      expect(asked()).toBe(before + 1)
    }
    focusManager.setFocused(undefined)
  })

  it('is what the next join carries a second after the server has refused the old one', async () => {
    const { join, supabase, realtime, messages } = countingWorld()
    await join()
    const stale = supabase.current.joinedWith
    supabase.current.tell('CHANNEL_ERROR', new Error('InvalidJWTToken: Token has expired 12 seconds ago'))
    expect(messages()[0]).toContain('Token has expired 12 seconds ago')
    await advance(1_300)
    expect(supabase.opened).toHaveLength(2)
    expect(supabase.current.joinedWith).not.toBe(stale)
    supabase.current.goLive()
    expect(realtime.getStatus()).toBe('live')
  })
})

describe('a repeated system ok', () => {
  const claims = { iss: 'auth', sub: '7', role: 'authenticated' }
  it.each([
    ['the same user and role', tokenOf({ ...claims, n: 2 }), 0],
    ['another user', tokenOf({ ...claims, sub: '8' }), 1],
    ['another role', tokenOf({ ...claims, role: 'admin' }), 1],
    ['no token at all', undefined, 1],
    ['no other token', tokenOf(claims), 1],
    ['a token nobody can read', 'opaque', 1],
  ])('after a token of %s: %#', async (_, token, catchUps) => {
    const world = createFeedWorld()
    world.supabase.findToken = () => Promise.resolve(tokenOf(claims))
    await world.showLoaded(['goals'])
    await world.goLive()
    const { length } = world.server.requests
    world.supabase.realtime.accessTokenValue = token
    world.supabase.current.system('ok')
    await advance(30_000)
    expect(world.server.requests).toHaveLength(length + catchUps)
  })

  it('after each of ten heartbeats with a new token of the same user costs nothing', async () => {
    const world = createFeedWorld()
    world.supabase.findToken = () => Promise.resolve(tokenOf(claims))
    await world.showLoaded(['goals'])
    await world.goLive()
    const { length } = world.server.requests
    for (let n = 0; n < 10; n += 1) {
      world.supabase.realtime.accessTokenValue = tokenOf({ ...claims, n })
      world.supabase.current.system('ok')
      await advance(25_000)
    }
    expect(world.server.requests).toHaveLength(length)
    world.supabase.current.system('ok')
    await advance(25_000)
    expect(world.server.requests).toHaveLength(length + 1)
  })

  it('of a topic is a gap also after a token of the same user, for which the server would not say it', async () => {
    const world = createFeedWorld({ tables: { goals: { keys: () => [['goals']], broadcast: { topic: 'room:1' } } } })
    world.supabase.findToken = () => Promise.resolve(tokenOf(claims))
    await world.showLoaded(['goals'])
    await world.goLive()
    const { length } = world.server.requests
    world.supabase.realtime.accessTokenValue = tokenOf({ ...claims, n: 2 })
    world.supabase.current.system('ok', 'Replication connection established', 'system')
    await advance(30_000)
    expect(world.server.requests).toHaveLength(length + 1)
  })
})

describe('tokens', () => {
  const user = tokenOf({ iss: 'auth', sub: '7', role: 'authenticated', exp: 100 })
  it.each([
    ['a session of the same user', tokenOf({ iss: 'auth', sub: '7', role: 'authenticated', exp: 200 }), true],
    ['a session of somebody else', tokenOf({ iss: 'auth', sub: '8', role: 'authenticated' }), false],
    ['an API key', apiKey, false],
    ['a publishable key', 'sb_publishable_1', false],
    ['one nobody can read', 'opaque', true],
  ])('%s supersedes one of a user: %s', (_, found, expected) => {
    expect(supersedes(found, user, 99_999)).toBe(expected)
  })

  it('that have expired are superseded by anybody, an API key excepted', () => {
    const other = tokenOf({ iss: 'auth', sub: '8', role: 'authenticated' })
    expect([supersedes(other, user, 100_000), supersedes(apiKey, user, 100_000)]).toEqual([true, false])
  })

  it('that are not there renew nothing', () => {
    expect([isRenewal(undefined, user), isRenewal(user, undefined), isRenewal(user, user)]).toEqual([
      false,
      false,
      false,
    ])
  })
})
