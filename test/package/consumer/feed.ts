import { QueryClient, QueryObserver } from '@tanstack/react-query'
import { type SupabaseClient, createClient } from '@supabase/supabase-js'
import { createCoalescer } from 'realtime-coalescer'
import { createRealtimeService } from 'realtime-coalescer/supabase'

const [url = '', anonKey = '', userToken = ''] = process.argv.slice(2)

async function until(condition: () => boolean, what: string, timeoutMs: number): Promise<void> {
  const giveUpAtMs = performance.now() + timeoutMs
  while (!condition()) {
    if (performance.now() > giveUpAtMs) throw new Error(`Waited ${timeoutMs} ms in vain for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

interface Feed {
  readonly supabase: SupabaseClient
  readonly join: () => void
  readonly leave: () => void
  readonly live: () => Promise<void>
  readonly isLive: () => boolean
  /** Writes a row, and waits until the screen shows it. */
  readonly hear: () => Promise<void>
  readonly end: () => Promise<void>
}

/** An app with one query on screen, whose rows change under it. */
async function startApp(broadcast?: { readonly topic: string }): Promise<Feed> {
  const supabase = createClient(url, anonKey, {
    auth: { persistSession: false, autoRefreshToken: false },
    realtime: { transport: WebSocket },
  })
  if (broadcast) await supabase.realtime.setAuth(userToken)
  const queryClient = new QueryClient()
  const coalescer = createCoalescer({ queryClient, quietMs: 5, onError: () => undefined })
  const realtime = createRealtimeService({
    supabase,
    coalescer,
    channel: 'db',
    firstCatchUp: 'off',
    tables: { goals: { keys: () => [['goals']] } },
    ...(broadcast && { broadcast }),
  })
  let fetches = 0
  const observer = new QueryObserver(queryClient, { queryKey: ['goals'], queryFn: () => (fetches += 1) })
  const unmount = observer.subscribe(() => undefined)
  return {
    supabase,
    join: () => realtime.initialize(queryClient),
    leave: () => realtime.stop(),
    live: () => until(() => realtime.getStatus() === 'live', `live after ${realtime.getStatus()}`, 60_000),
    isLive: () => realtime.getStatus() === 'live',
    async hear() {
      await coalescer.settled()
      const before = fetches
      await fetch(`${url}/api/goals/1`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ title: `Run ${before}` }),
      })
      await until(() => fetches > before, 'a change', 60_000)
    },
    async end() {
      realtime.stop()
      coalescer.stop()
      unmount()
      queryClient.clear()
      await supabase.removeAllChannels()
      void supabase.realtime.disconnect()
    },
  }
}

async function playApp(app: Feed): Promise<void> {
  app.join()
  await app.live()
  await app.hear()
  for (const pauseMs of [0, 60]) {
    app.leave()
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs))
    app.join()
    await app.live()
    await app.hear()
  }
  void app.supabase.realtime.disconnect()
  // By the event of the socket: it is not asked for its state before ten seconds have passed.
  await until(() => !app.isLive(), 'the status after disconnect()', 8_000)
  await new Promise((resolve) => setTimeout(resolve, 200))
  app.supabase.realtime.connect()
  await app.live()
  await app.hear()
  await app.end()
}

try {
  await playApp(await startApp())
  // The topic lets in nobody but the user of the token.
  await playApp(await startApp({ topic: 'peers' }))
  console.log('feed works')
  process.exit(0)
} catch (error) {
  console.error(error)
  process.exit(1)
}
