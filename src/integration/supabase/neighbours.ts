import type { FeedClient, FeedSocket } from './client.ts'

interface Neighbour {
  readonly topic: string
  readonly state?: string
}

/** How long a channel may be on its way in. */
const PATIENCE_MS = 8_000

/**
 * Looks for channels of others that the server does not let in, each of which holds up the whole socket for seconds at
 * every try, and tells of each once.
 *
 * @returns what looks at them; a channel is told of if it is on its way for too long while the socket is open.
 */
export function createNeighbourWatch(
  supabase: FeedClient,
  isOurs: (topic: string) => boolean,
  now: () => number,
  warn: (message: string) => void,
): () => void {
  const socket = supabase.realtime as FeedSocket | undefined
  const told = new Set<string>()
  /** Since when they have been seen on their way. */
  let waiting = new Map<string, number>()

  return () => {
    const others: readonly Neighbour[] = socket?.isConnected?.() === false ? [] : (supabase.getChannels?.() ?? [])
    const nowMs = now()
    const before = waiting
    waiting = new Map()
    for (const { topic, state } of others) {
      if (isOurs(topic) || told.has(topic) || (state !== 'errored' && state !== 'joining')) continue
      const sinceMs = before.get(topic) ?? nowMs
      waiting.set(topic, sinceMs)
      if (nowMs - sinceMs < PATIENCE_MS) continue
      told.add(topic)
      const name = topic.replace(/^realtime:/, '')
      warn(
        `The channel '${name}' of the same client is not let in. Each try holds up all channels of the socket for about 5 s: remove it, or give the service a client of its own.`,
      )
    }
  }
}
