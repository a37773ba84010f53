import { expect, it } from 'vitest'

// Imported inside of tests: a chart that XState refuses is refused while its module loads.
it('the core can be loaded: XState takes every chart', async () => {
  expect(await import('realtime-coalescer')).toHaveProperty('createCoalescer')
})

it('the feed can be loaded: XState takes its chart', async () => {
  expect(await import('realtime-coalescer/supabase')).toHaveProperty('createRealtimeService')
})
