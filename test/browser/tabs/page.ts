/** A page with one query on screen and a service that shares its connection. Runs in the browser. */
import { createClient } from '@supabase/supabase-js'
import { QueryClient, QueryObserver } from '@tanstack/react-query'
import { createCoalescer } from 'realtime-coalescer'
import { createRealtimeService } from 'realtime-coalescer/supabase'

/** What a test reads of the page. */
export interface TabReport {
  readonly status: string
  /** The goals on screen. */
  readonly shown: string
  /** Without those of a feed that was attached late, which every machine has that is slow enough. */
  readonly catchUps: number
  readonly errors: readonly string[]
}

interface Address {
  readonly url: string
  readonly anonKey: string
}

const { url, anonKey } = (await (await fetch('/config.json')).json()) as Address
const queryClient = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity, retry: false } } })
const errors: string[] = []
let catchUps = 0
const coalescer = createCoalescer({ queryClient, onError: (error) => errors.push(String(error)) })
let isRechecked = false
coalescer.on('flushed', ({ keys }) => {
  if (!keys.some(({ sources }) => sources.includes('realtime:catchUp'))) return
  if (isRechecked) isRechecked = false
  else catchUps += 1
})
const observer = new QueryObserver(queryClient, {
  queryKey: ['goals'],
  queryFn: async () => (await fetch('/api/goals')).text(),
})
observer.subscribe(() => undefined)
const realtime = createRealtimeService({
  supabase: createClient(url, anonKey, { auth: { persistSession: false, autoRefreshToken: false } }),
  coalescer,
  channel: 'db',
  tables: { goals: { filter: 'user_id=eq.7', keys: () => [['goals']] } },
  shareAcrossTabs: true,
})
let wasLate = false
realtime.actor.subscribe(({ value: { link, recheck } }) => {
  const isLate = recheck === 'due'
  if (wasLate && !isLate && link === 'live') isRechecked = true
  wasLate = isLate
})
realtime.initialize(queryClient)

const report = (): TabReport => ({
  status: realtime.getStatus(),
  shown: observer.getCurrentResult().data ?? '',
  catchUps,
  errors,
})
Object.assign(globalThis, { report })
