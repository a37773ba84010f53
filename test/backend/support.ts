import { type RealtimeChannel, type RealtimePostgresChangesPayload, type SupabaseClient } from '@supabase/supabase-js'
import { createClient } from '@supabase/supabase-js'
import ws from 'ws'
import type { Backend } from '../../demo/server/backend.ts'

export type Row = Record<string, unknown>

/** A `postgres_changes` payload as the client hands it on. */
export type Change = RealtimePostgresChangesPayload<Row>

/** The bindings of a channel, as `channel.on` takes them. */
export interface BindingOptions {
  event?: string
  schema?: string
  table?: string
  filter?: string
  select?: string[]
}

const clients: { client: SupabaseClient; backend: Backend }[] = []

/** An unmodified client of the backend; `closeClients()` ends all of them. */
export function connect(backend: Backend, realtime: Record<string, unknown> = {}): SupabaseClient {
  const client = createClient(backend.supabaseUrl, backend.anonKey, {
    auth: { persistSession: false, autoRefreshToken: false },
    realtime: { transport: ws as unknown as typeof WebSocket, ...realtime },
  })
  clients.push({ client, backend })
  return client
}

/**
 * Ends all clients and waits until no backend has a connection left. For clients that may be about to reconnect, waits for
 * the clients themselves too, which takes 150 ms more.
 */
export async function closeClients({ mayReconnect = false } = {}): Promise<void> {
  const closing = clients.splice(0)
  const closed = closing.map(async ({ client }) => {
    await client.removeAllChannels()
    await client.realtime.disconnect()
  })
  if (mayReconnect) await Promise.all(closed)
  await until(() => closing.every(({ backend }) => backend.realtime.connections().length === 0), 'clients to leave')
}

/** Waits until `condition` holds; it may be asked many times. */
export async function until(condition: () => unknown, what = 'condition', timeoutMs = 60_000): Promise<void> {
  const giveUpAtMs = Date.now() + timeoutMs
  while (!condition()) {
    if (Date.now() > giveUpAtMs) throw new Error(`Waited ${timeoutMs} ms in vain for: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

interface SystemMessage {
  extension: string
  status: string
  message: string
  channel: string
}

/** A channel and everything it has reported. */
export interface Listening {
  channel: RealtimeChannel
  /** Payloads of all bindings, in order. */
  changes: Change[]
  /** Payloads of each binding. */
  changesOf: Change[][]
  /** What the subscribe callback got; an error's message follows its status. */
  statuses: string[]
  system: SystemMessage[]
  isLive(): boolean
  /** Resolves when the feed is known to deliver to this channel. */
  live(): Promise<void>
}

let lastName = 0

/** Joins a channel with `bindings` and records what it reports. */
export function listenTo(
  client: SupabaseClient,
  bindings: BindingOptions[],
  { name = `channel-${++lastName}`, config = {}, timeoutMs }: { name?: string; config?: Row; timeoutMs?: number } = {},
): Listening {
  const channel = client.channel(name, { config })
  const changes: Change[] = []
  const changesOf: Change[][] = bindings.map(() => [])
  const statuses: string[] = []
  const system: SystemMessage[] = []
  for (const [index, binding] of bindings.entries()) {
    const options = { event: '*', schema: 'public', ...binding } as unknown as { event: '*'; schema: string }
    channel.on('postgres_changes', options, (payload: Change) => {
      changes.push(payload)
      changesOf[index]?.push(payload)
    })
  }
  channel.on('system', {}, (payload: SystemMessage) => system.push(payload))
  channel.subscribe((status, error) => statuses.push(error ? `${status}: ${error.message}` : status), timeoutMs)
  const isLive = () => system.some(({ extension, status }) => extension === 'postgres_changes' && status === 'ok')
  const live = async () => {
    await until(() => system.length > 0, 'system ok')
    if (!isLive()) throw new Error(system[0]?.message)
  }
  return { channel, changes, changesOf, statuses, system, isLive, live }
}
