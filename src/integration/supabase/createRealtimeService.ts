import type { QueryClient } from '@tanstack/react-query'
import { type ActorRef, type Snapshot, type StateValue, createActor } from 'xstate'
import { Emitter } from '../../actions/report.ts'
import { expectFunction } from '../../actions/validate.ts'
import { connectionMachine } from '../../machines/connection.ts'
import type { CatchUpReason, ConnectionPort } from '../../machines/connectionSetup.ts'
import { internalsOf } from '../query/internals.ts'
import { expectQueryClient } from '../query/options.ts'
import { bindingsOf } from './bindings.ts'
import { createChangeRouter } from './changeRouter.ts'
import { type ChannelSession, openSession } from './channelSession.ts'
import type { FeedClient } from './client.ts'
import type { RealtimeServiceOptions } from './options.ts'
import { isPageAwake, watchPage } from './page.ts'
import { resolveService } from './resolveService.ts'

/**
 * How far the feed has come: not asked for, joining, joined but not known to deliver, delivering, lost (and on its way
 * back), stopped by us.
 */
export type RealtimeStatus = 'idle' | 'connecting' | 'attaching' | 'live' | 'interrupted' | 'closed'

/** The connection's actor; `value.link` of its snapshot names the state it is in. */
export type ConnectionActorRef = ActorRef<
  Snapshot<unknown> & { readonly value: { readonly [Region in 'link' | 'repair' | 'backstop']: StateValue } },
  { readonly type: 'INITIALIZE' | 'STOP' }
>

/** A feed of row changes that fetches, through a coalescer, what the changes touch. */
export interface RealtimeService {
  /**
   * Joins the channel and gives the coalescer its query client, if it has none yet. Does nothing while joined; after
   * `stop()` it joins again.
   *
   * @throws TypeError for a query client that is none.
   */
  initialize(queryClient: QueryClient): void
  /**
   * Takes one change, in the payload shape of supabase-js: every change of the feed comes in here. Works without the
   * feed too, as soon as the coalescer has a query client.
   *
   * @throws TypeError for a malformed payload.
   */
  handleChange(payload: unknown): void
  /** How far the feed has come. */
  getStatus(): RealtimeStatus
  /**
   * Calls back after each change of the status; returns a function that ends it.
   *
   * @throws TypeError for a listener that is none.
   */
  subscribe(listener: () => void): () => void
  /** Leaves the channel. Changes until the next `initialize()` are missed, and caught up with after it. */
  stop(): void
  /** The connection's actor, for inspectors and `useSelector`. */
  readonly actor: ConnectionActorRef
}

const sources: Record<CatchUpReason, string> = {
  firstConnect: 'realtime:firstConnect',
  gap: 'realtime:catchUp',
  backstop: 'realtime:backstop',
}

/**
 * Creates a service that brings the changes of Supabase Realtime to a coalescer, and repairs what the feed has missed.
 *
 * @throws TypeError or RangeError for a bad option.
 */
export function createRealtimeService<Client extends FeedClient, const Schema extends string = 'public'>(
  options: RealtimeServiceOptions<Client, Schema>,
): RealtimeService {
  const service = resolveService(options as RealtimeServiceOptions<never>)
  const internals = internalsOf(service.coalescer)
  const router = createChangeRouter(service, internals)
  const listeners = new Emitter<{ statusChanged: undefined }>(internals.report)
  const bindings = bindingsOf(service)
  const past = new WeakSet<object>()
  let session: ChannelSession | undefined
  let unwatchPage: (() => void) | undefined

  function report(message: string, error: unknown = new Error(message)): void {
    internals.report(error, { type: 'feedFailed', message })
  }

  /** Runs what calls code of the app or of supabase-js. */
  function guard(message: string, run: () => void): void {
    try {
      run()
    } catch (error) {
      report(message, error)
    }
  }

  const port: ConnectionPort = {
    now: internals.now,
    firstCatchUp: service.firstCatchUp,
    backstopMs: service.backstopMs,
    async authorize() {
      await service.supabase.realtime?.setAuth?.()
    },
    openChannel() {
      session?.end()
      session = undefined
      try {
        session = openSession({
          supabase: service.supabase,
          name: service.channel,
          bindings,
          past,
          changed: (payload) => guard('A change of the feed could not be handled.', () => router.handleChange(payload)),
          send: (event) => actor.send(event),
          report,
        })
      } catch (error) {
        actor.send({ type: 'CLOSED', error })
      }
    },
    removeChannel() {
      session?.end()
      session = undefined
    },
    catchUp(reason, effect) {
      guard('The catch-up could not be scheduled.', () => {
        router.catchUp(sources[reason], effect === 'mark' ? 'none' : 'active')
      })
    },
    report,
    isAwake: isPageAwake,
    watchPage(watch) {
      unwatchPage?.()
      unwatchPage = watch ? watchPage(() => actor.send({ type: 'PAGE_AWAKE' })) : undefined
    },
  }

  const actor = createActor(connectionMachine, { input: { port }, ...internals.actorOptions })
  const getStatus = (): RealtimeStatus => {
    const { link } = actor.getSnapshot().value
    return typeof link === 'string' ? link : 'connecting' in link ? 'connecting' : 'interrupted'
  }
  let status: RealtimeStatus = 'idle'
  actor.subscribe({
    next() {
      const before = status
      status = getStatus()
      if (status !== before) listeners.emit('statusChanged', undefined)
    },
    error: (error) => internals.report(error, { type: 'actorDied' }),
  })
  actor.start()

  return {
    actor,
    initialize(queryClient) {
      expectQueryClient(queryClient)
      if (!internals.isStopped()) internals.attach(queryClient)
      actor.send({ type: 'INITIALIZE' })
    },
    handleChange: (payload) => router.handleChange(payload),
    getStatus,
    subscribe(listener) {
      expectFunction('listener', listener)
      return listeners.on('statusChanged', listener)
    },
    stop: () => actor.send({ type: 'STOP' }),
  }
}
