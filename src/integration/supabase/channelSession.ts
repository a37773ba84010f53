import { FrameFilter } from '../../actions/frameFilter.ts'
import { isBadToken, isDenial } from '../../actions/serverTexts.ts'
import { isRenewal } from '../../actions/token.ts'
import type { ConnectionEvent } from '../../machines/connectionSetup.ts'
import type { FeedBinding, FeedChannel, FeedClient, FeedSocket } from './client.ts'

/** An attachment that takes longer comes from a server that was not ready, and may miss what comes right after. */
const LATE_MS = 400

export interface SessionPort {
  readonly supabase: FeedClient
  readonly name: string
  readonly config: object
  /** The channel object to join, if the app has made one. */
  readonly ownChannel: object | undefined
  readonly bindings: readonly FeedBinding[]
  /** The events of the topic to listen to. */
  readonly events: readonly string[]
  /** The channel objects of earlier sessions, which a client may still list. */
  readonly past: WeakSet<object>
  readonly now: () => number
  /** The token the client has now. */
  token(): string | undefined
  /**
   * A change came to one of the bindings; `isRepeated`: to an earlier one too. Must not throw: an exception in a
   * callback of supabase-js is an uncaught one.
   */
  changed(payload: unknown, binding: number, isRepeated: boolean): void
  /** A message of the topic came. Must not throw either. */
  received(message: unknown): void
  /** Something happened to the channel. */
  send(event: ConnectionEvent): void
  /** The channel is being left until then. */
  leaving(removal: PromiseLike<unknown>): void
  report(message: string, error?: unknown): void
}

/** One channel object, from its join to its end. It is never joined twice: supabase-js does not allow that. */
export interface ChannelSession {
  /** Whether the client still has it joined, as far as it tells. */
  isJoined(): boolean
  /** Leaves the channel, if it is still open, and says no more of it. */
  end(): void
}

/**
 * Joins a new channel object.
 *
 * @throws what supabase-js throws, or an Error if somebody else uses the name on this client.
 */
export function openSession(port: SessionPort): ChannelSession {
  const { supabase, name, past, ownChannel } = port
  const isForeign = (other: object & { readonly topic: string }): boolean =>
    other.topic === `realtime:${name}` && other !== ownChannel && !past.has(other)
  // `channel()` would hand out the channel that is there, and removing that would be somebody else's loss.
  if (supabase.getChannels?.().some(isForeign)) {
    throw new Error(
      `Expected no other channel '${name}' on this client, got one. Pass another \`channel\` name to createRealtimeService().`,
    )
  }
  const channel = (ownChannel ?? supabase.channel(name, { config: port.config })) as FeedChannel
  const isPast = past.has(channel)
  let state: 'open' | 'dead' | 'ended' = 'open'
  /** `attached`: the feed of the join under way was attached before the join was answered. */
  let join: 'asked' | 'attached' | 'answered' = 'asked'
  /** When the join was answered that has no attached feed yet. */
  let answeredAtMs: number | undefined
  let attachedWith: string | undefined
  /** The WebSocket that the join was answered over. */
  let joinedOver: object | undefined
  let unwatchTransport = (): void => undefined
  /** Why the server is about to close the channel. */
  let denial: string | undefined

  const send = (event: ConnectionEvent): void => {
    if (state === 'open') port.send(event)
  }
  const frames = new FrameFilter()
  const heard = (payload: unknown, binding: number): void => {
    if (state === 'open') port.changed(payload, binding, frames.isHeardAlready(payload, binding))
  }

  function transport(): object | undefined {
    const socket = supabase.realtime as FeedSocket | undefined
    return socket?.conn ?? socket?.socketAdapter?.getSocket?.()?.conn ?? undefined
  }

  /** A client that gives up waiting for its WebSocket to close takes the channel for joined over the next one. */
  function isJoined(): boolean {
    const { state: told } = channel
    if (told === 'joined') return joinedOver === undefined || joinedOver === transport()
    return told === undefined || told === 'joining'
  }

  /** The client listens to it, too, and has done so for longer: when this is told, it knows already. */
  function watchTransport(): void {
    unwatchTransport()
    const transport = (supabase.realtime as FeedSocket | undefined)?.conn
    if (typeof transport?.addEventListener !== 'function') return
    const closed = (): void => send({ type: 'SOCKET_CLOSED' })
    transport.addEventListener('close', closed)
    unwatchTransport = () => transport.removeEventListener('close', closed)
  }

  function end(): void {
    const wasOpen = state === 'open'
    state = 'ended'
    unwatchTransport()
    past.add(channel)
    // A dead channel is no longer the client's: removing it would drop a new one of the same name.
    if (!wasOpen) return
    try {
      port.leaving(Promise.resolve(supabase.removeChannel(channel as never)).then(unlist, reportRemoval))
    } catch (error) {
      reportRemoval(error)
    }
  }

  /** A client that has torn a channel down by itself goes on listing it, and hands it out when the name is asked for. */
  function unlist(): void {
    if (supabase.getChannels?.().includes(channel as never)) (supabase.realtime as FeedSocket)?._remove?.(channel)
  }

  function reportRemoval(error: unknown): void {
    port.report('The channel could not be removed.', error)
  }

  function close(): void {
    if (state !== 'open') return
    send(denial === undefined ? { type: 'CLOSED' } : { type: 'DENIED', message: denial })
    if (state === 'open') state = 'dead'
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

  function fail(error: Error | undefined): void {
    join = 'asked'
    const message = error?.message ?? 'no reason'
    // The client tells why it has closed a channel only afterwards.
    if (state === 'dead') port.report(`The channel failed: ${message}`, error)
    else if (isDenial(message)) send({ type: 'DENIED', message })
    else if (isBadToken(message)) send({ type: 'TOKEN_REFUSED', message })
    else send({ type: 'CHANNEL_ERROR', error })
  }

  function follow(status: string, error: Error | undefined): void {
    switch (status) {
      case 'SUBSCRIBED': {
        const isAttached = join === 'attached'
        join = 'answered'
        joinedOver = transport()
        watchTransport()
        answeredAtMs = isAttached ? undefined : port.now()
        // To a feed that is live, a join says that it has to be attached anew. This one is attached already.
        if (!isAttached) send({ type: 'SUBSCRIBED' })
        return
      }
      case 'CHANNEL_ERROR':
        return fail(error)
      case 'TIMED_OUT':
        // What the server still says may be of the join that it was too slow for.
        join = 'answered'
        return send({ type: 'TIMED_OUT' })
      case 'CLOSED':
        return close()
      default:
    }
  }

  function attach(): void {
    const token = port.token()
    const isLate = answeredAtMs !== undefined && port.now() - answeredAtMs > LATE_MS
    // Of a join that has its feed already, it may tell that of a new token; of a topic the server says nothing then.
    const isRepeated = port.bindings.length > 0 && join === 'answered' && answeredAtMs === undefined
    const renewsToken = isRepeated && isRenewal(attachedWith, token)
    if (join === 'asked') join = 'attached'
    answeredAtMs = undefined
    attachedWith = token
    send({ type: 'SYSTEM_OK', isLate, isRenewal: renewsToken })
  }

  function followSystem(payload: unknown): void {
    if (state !== 'open') return
    const { extension, status, message } = (payload ?? {}) as Record<string, unknown>
    const text = String(message)
    if (port.bindings.length > 0 && extension === 'postgres_changes') {
      if (status === 'ok') return attach()
      if (join === 'attached') join = 'asked'
      send({ type: 'SYSTEM_ERROR', message: text })
    } else if (port.events.length > 0 && status === 'ok' && text.startsWith('Replication connection')) attach()
    else if (status === 'error') {
      if (isDenial(text)) denial = text
      else port.report(`The server reported: ${text}`)
    }
  }

  try {
    for (const [index, binding] of port.bindings.entries()) {
      channel.on('postgres_changes', binding, (payload) => heard(payload, index))
    }
    for (const event of port.events) {
      channel.on('broadcast', { event }, (message) => {
        if (state === 'open') port.received(message)
      })
    }
    channel.on('system', {}, followSystem)
    channel.subscribe(follow)
  } catch (error) {
    // A client that hands out the channel that was closed or left is not done with it: the next try gets a new one.
    if (!isPast) end()
    throw error
  }
  return { isJoined, end }
}
