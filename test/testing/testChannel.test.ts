import { QueryClient } from '@tanstack/react-query'
import { createCoalescer } from 'realtime-coalescer'
import { createRealtimeService } from 'realtime-coalescer/supabase'
import {
  type TestClock,
  type TestFeed,
  type TestFeedChannel,
  createTestClock,
  createTestFeed,
  createTestServer,
} from 'realtime-coalescer/testing'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'

describe('the channels of a test feed', () => {
  let feed: TestFeed
  beforeEach(() => {
    feed = createTestFeed(createTestServer({ rows: { goals: [] } }))
  })

  const open = (): TestFeedChannel => feed.supabase.channel('other') as TestFeedChannel
  const binding = { event: '*', schema: 'public', table: 'goals' }

  it('are one object for each topic until one of the topic closes, as in supabase-js', () => {
    const first = open()
    expect(open()).toBe(first)
    first.close()
    const second = open()
    expect(feed.supabase.getChannels()).toEqual([second])
    first.close()
    expect(feed.supabase.getChannels()).toEqual([])
  })

  it('take no listener and no second join once they are subscribed', () => {
    const channel = open().subscribe(() => undefined)
    expect(() => channel.on('postgres_changes', binding, () => undefined)).toThrow('after `subscribe()`')
    expect(() => channel.subscribe(() => undefined)).toThrow('a second time')
  })

  it('tell of one status and one message of the server by itself', async () => {
    const seen: unknown[] = []
    feed.isReachable = false
    const channel = open()
      .on('system', {}, (payload) => seen.push(payload))
      .on('postgres_changes', binding, (payload) => seen.push(payload))
      .subscribe((status, error) => seen.push([status, error?.message]))
    channel.goLive()
    channel.tell('TIMED_OUT')
    feed.commit({ table: 'goals', row: { id: 1 } })
    channel.tell('SUBSCRIBED')
    channel.system('error', 'no replication slot')
    const told = { extension: 'postgres_changes', channel: 'other' }
    expect(seen).toEqual([
      ['SUBSCRIBED', undefined],
      { ...told, status: 'ok', message: 'Subscribed to PostgreSQL' },
      ['TIMED_OUT', undefined],
      ['SUBSCRIBED', undefined],
      { ...told, status: 'error', message: 'no replication slot' },
    ])
  })
})

describe('a service on a test feed', () => {
  let clock: TestClock
  beforeEach(() => {
    clock = createTestClock()
  })

  it('tries again when a join times out', async () => {
    const feed = createTestFeed(createTestServer({ rows: { goals: [] } }))
    const coalescer = createCoalescer({ queryClient: new QueryClient(), clock, onError: () => undefined })
    const realtime = createRealtimeService({
      supabase: feed.supabase,
      coalescer,
      channel: 'db',
      tables: { goals: { keys: () => [['goals']] } },
    })
    onTestFinished(() => (realtime.stop(), coalescer.stop()))
    feed.isReachable = false
    realtime.initialize()
    await clock.advance(0)
    const [first] = feed.supabase.getChannels()
    first?.tell('TIMED_OUT')
    expect(realtime.getStatus()).toBe('interrupted')
    feed.isReachable = true
    await clock.advance(60_000)
    expect(realtime.getStatus()).toBe('live')
  })
})
