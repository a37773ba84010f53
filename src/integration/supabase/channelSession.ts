import { FrameFilter } from '../../actions/frameFilter.ts'
import type { ConnectionEvent } from '../../machines/connectionSetup.ts'
import type { FeedBinding, FeedChannel, FeedClient } from './client.ts'

export interface SessionPort {
  readonly supabase: FeedClient
  readonly name: string
  readonly bindings: readonly FeedBinding[]
  /** The channel objects of earlier sessions, which a client may still list. */
  readonly past: WeakSet<object>
  /** A change came. Must not throw: an exception in a callback of supabase-js is an uncaught one. */
  changed(payload: unknown): void
  /** Something happened to the channel. */
  send(event: ConnectionEvent): void
  report(message: string, error?: unknown): void
}

/** One channel object, from its join to its end. It is never joined twice: supabase-js does not allow that. */
export interface ChannelSession {
  /** Leaves the channel, if it is still open, and says no more of it. */
  end(): void
}

/**
 * Joins a new channel object.
 *
 * @throws what supabase-js throws, or an Error if somebody else uses the name on this client.
 */
export function openSession(port: SessionPort): ChannelSession {
  const { supabase, name, past } = port
  // `channel()` would hand out the channel that is there, and removing that would be somebody else's loss.
  if (supabase.getChannels?.().some((other) => other.topic === `realtime:${name}` && !past.has(other))) {
    throw new Error(
      `Expected no other channel '${name}' on this client, got one. Pass another \`channel\` name to createRealtimeService().`,
    )
  }
  const channel = supabase.channel(name) as FeedChannel
  const isPast = past.has(channel)
  let state: 'open' | 'dead' | 'ended' = 'open'
  /** `attached`: the feed of the join under way was attached before the join was answered. */
  let join: 'asked' | 'attached' | 'answered' = 'asked'

  const send = (event: ConnectionEvent): void => {
    if (state === 'open') port.send(event)
  }
  const frames = new FrameFilter()
  const heard = (payload: unknown, binding: number): void => {
    if (state === 'open' && !frames.isHeardAlready(payload, binding)) port.changed(payload)
  }

  function end(): void {
    const wasOpen = state === 'open'
    state = 'ended'
    past.add(channel)
    // A dead channel is no longer the client's: removing it would drop a new one of the same name.
    if (!wasOpen) return
    try {
      Promise.resolve(supabase.removeChannel(channel as never)).catch(reportRemoval)
    } catch (error) {
      reportRemoval(error)
    }
  }

  function reportRemoval(error: unknown): void {
    port.report('The channel could not be removed.', error)
  }

  function close(): void {
    if (state !== 'open') return
    send({ type: 'CLOSED' })
    state = 'dead'
    past.add(channel)
    // Its join timer may still run, and would leave a new channel of the same name. Later, because the client is
    // not done with the channel while it calls back.
    queueMicrotask(() => {
      try {
        channel.teardown?.()
      } catch (error) {
        reportRemoval(error)
      }
    })
  }

  function follow(status: string, error: Error | undefined): void {
    switch (status) {
      case 'SUBSCRIBED': {
        const isLate = join === 'attached'
        join = 'answered'
        // To a feed that is live, a join says that it has to be attached anew. This one is attached already.
        if (!isLate) send({ type: 'SUBSCRIBED' })
        return
      }
      case 'CHANNEL_ERROR':
        join = 'asked'
        // The client tells why it has closed a channel only afterwards.
        if (state === 'dead') port.report(`The channel failed: ${error?.message ?? 'no reason'}`, error)
        return send({ type: 'CHANNEL_ERROR', error })
      case 'TIMED_OUT':
        // What the server still says may be of the join that it was too slow for.
        join = 'answered'
        return send({ type: 'TIMED_OUT' })
      case 'CLOSED':
        return close()
      default:
    }
  }

  function followSystem(payload: unknown): void {
    if (state !== 'open') return
    const { extension, status, message } = (payload ?? {}) as Record<string, unknown>
    if (extension === 'postgres_changes' && status === 'ok') {
      if (join === 'asked') join = 'attached'
      send({ type: 'SYSTEM_OK' })
    } else if (extension === 'postgres_changes') {
      if (join === 'attached') join = 'asked'
      send({ type: 'SYSTEM_ERROR', message: String(message) })
    } else if (status === 'error') port.report(`The server reported: ${String(message)}`)
  }

  try {
    for (const [index, binding] of port.bindings.entries()) {
      channel.on('postgres_changes', binding, (payload) => heard(payload, index))
    }
    channel.on('system', {}, followSystem)
    channel.subscribe(follow)
  } catch (error) {
    // A client that hands out the channel that was closed or left is not done with it: the next try gets a new one.
    if (!isPast) end()
    throw error
  }
  return { end }
}
