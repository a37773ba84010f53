import { describe, expect, it, vi } from 'vitest'
import { createRealtimeService } from 'realtime-coalescer/supabase'
import { FakeSupabase } from '../support/fakeSupabase.ts'
import { changeOf } from '../support/feedWorld.ts'
import { advance, drain, useSimulatedTime } from '../support/simulatedTime.ts'
import { createWorld } from '../support/world.ts'

useSimulatedTime()

const locks = { request: () => new Promise<never>(() => undefined) }

describe('a tab that cannot share', () => {
  it.each([
    ['no locks', { openChannel: undefined, locks: undefined }],
    [
      'locks that are refused',
      { locks: { request: () => Promise.reject(new DOMException('opaque origin', 'SecurityError')) } },
    ],
    [
      'locks that throw',
      {
        locks: {
          request: () => {
            throw new DOMException('opaque origin', 'SecurityError')
          },
        },
      },
    ],
    [
      'channels that throw',
      {
        locks,
        openChannel: () => {
          throw new DOMException('opaque origin', 'SecurityError')
        },
      },
    ],
  ])('has a connection of its own, and says so once: %s', async (_, shareAcrossTabs) => {
    vi.stubGlobal(
      'BroadcastChannel',
      class {
        onmessage = null
        close() {}
        postMessage() {}
      },
    )
    const { coalescer, queryClient, errors } = createWorld()
    const supabase = new FakeSupabase()
    const tables = { goals: { keys: () => [['goals']] } }
    const realtime = createRealtimeService({ supabase, coalescer, channel: 'db', tables, shareAcrossTabs })
    for (let times = 0; times < 2; times += 1) {
      realtime.initialize(queryClient)
      await drain()
      await advance(20)
      supabase.current.goLive()
      await advance(1_500)
      expect(realtime.getStatus()).toBe('live')
      const before = coalescer.getSnapshot().stats.eventsReceived
      supabase.current.change(changeOf('UPDATE'))
      expect(coalescer.getSnapshot().stats.eventsReceived).toBe(before + 1)
      realtime.stop()
      expect([realtime.getStatus(), supabase.getChannels()]).toEqual(['closed', []])
    }
    expect(errors.map(({ info }) => info)).toEqual([
      expect.objectContaining({ type: 'feedFailed', message: expect.stringContaining('shareAcrossTabs') as string }),
    ])
    vi.unstubAllGlobals()
    await advance(2_000)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('shareAcrossTabs', () => {
  it.each([['yes'], [1], [null], [{ locks: {} }], [{ openChannel: 'x' }], [{ isVisible: true }]])(
    'refuses %j, and says what to pass',
    (shareAcrossTabs) => {
      const { coalescer } = createWorld()
      const tables = { goals: { keys: () => [['goals']] } }
      const create = () =>
        createRealtimeService({
          supabase: new FakeSupabase(),
          coalescer,
          channel: 'db',
          tables,
          shareAcrossTabs: shareAcrossTabs as never,
        })
      expect(create).toThrow(TypeError)
      expect(create).toThrow(/shareAcrossTabs/)
    },
  )
})
