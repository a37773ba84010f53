import { QueryClient } from '@tanstack/react-query'
import { createCoalescer } from 'realtime-coalescer'
import { createRealtimeService, createRealtimeServiceWith, shareAcrossTabs } from 'realtime-coalescer/supabase'
import { describe, expect, it, onTestFinished } from 'vitest'
import { FakeSupabase } from '../support/fakeSupabase.ts'
import { advance, useSimulatedTime } from '../support/simulatedTime.ts'

useSimulatedTime()

const optionsOf = (more: object = {}) => {
  const coalescer = createCoalescer({ queryClient: new QueryClient() })
  onTestFinished(() => coalescer.stop())
  const supabase = new FakeSupabase()
  return { supabase, coalescer, channel: 'db', tables: { goals: { keys: () => [['goals']] } }, ...more }
}

/** Locks that are asked for and never granted. */
const locksOf = (asked: string[]) => ({
  locks: {
    request: async (name: string) => {
      asked.push(name)
      return new Promise(() => undefined)
    },
  },
  openChannel: () => ({ onmessage: null, postMessage: () => undefined, close: () => undefined }),
})

describe('createRealtimeServiceWith', () => {
  it.each([[{}], [{ shareAcrossTabs: undefined }], [{ shareAcrossTabs: false }]] as const)(
    'without parts joins a channel of its own: %j',
    async (more) => {
      const options = optionsOf(more)
      const realtime = createRealtimeServiceWith({}, options as never)
      onTestFinished(() => realtime.stop())
      realtime.initialize()
      await advance(0)
      expect(realtime.getStatus()).toBe('connecting')
      expect(options.supabase.opened).toHaveLength(1)
    },
  )

  it('shares across tabs with the part for that, if the option says so', async () => {
    const asked: string[] = []
    for (const share of [locksOf(asked), false]) {
      const realtime = createRealtimeServiceWith({ shareAcrossTabs }, optionsOf({ shareAcrossTabs: share }) as never)
      onTestFinished(() => realtime.stop())
      realtime.initialize()
    }
    await advance(0)
    expect(asked.length).toBeGreaterThan(0)
    expect(new Set(asked.map((name) => name.split(' ')[0]))).toEqual(new Set(['realtime-coalescer/1']))
  })

  it.each([true, locksOf([])])('refuses the option without its part: %j', (share) => {
    const options = optionsOf({ shareAcrossTabs: share })
    expect(() => createRealtimeServiceWith({}, options as never)).toThrow(
      /^Expected `shareAcrossTabs` to be left out of a service without that part, got .* call createRealtimeServiceWith\(\{ shareAcrossTabs \}, options\)\.$/,
    )
    expect(options.supabase.opened).toEqual([])
  })

  it.each([
    [undefined, 'Expected `parts` to be an object { shareAcrossTabs? }, got undefined (undefined).'],
    [{ shareAcrossTabs: true }, 'Expected `parts.shareAcrossTabs` to be the export of that name, got true (boolean).'],
    [{ shareAcrossTabs: null }, 'Expected `parts.shareAcrossTabs` to be the export of that name, got null (null).'],
  ])('refuses parts that are none: %j', (parts, message) => {
    expect(() => createRealtimeServiceWith(parts as never, optionsOf() as never)).toThrow(message)
  })

  it('is what createRealtimeService is with all parts', () => {
    expect(() => createRealtimeService(optionsOf({ shareAcrossTabs: 7 }) as never)).toThrow(
      'Expected `shareAcrossTabs` to be true or false, got 7 (number).',
    )
  })
})
