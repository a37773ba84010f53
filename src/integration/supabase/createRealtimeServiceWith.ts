import type { QueryClient } from '@tanstack/react-query'
import type { ActorRef, Snapshot, StateValue } from 'xstate'
import type { RealtimeStatus } from '../../actions/feedStatus.ts'
import { Emitter } from '../../actions/report.ts'
import { expectFunction } from '../../actions/validate.ts'
import type { CatchUpReason } from '../../machines/feedPort.ts'
import { shareCompanions } from '../companions.ts'
import { internalsOf } from '../query/internals.ts'
import { expectQueryClient } from '../query/options.ts'
import { createChangeRouter } from './changeRouter.ts'
import type { FeedClient } from './client.ts'
import { type Feed, type FeedListener, createFeed } from './feed.ts'
import type { RealtimeServiceOptions, RowsByName } from './options.ts'
import { createOwnEchoes } from './ownEchoes.ts'
import { type ServiceParts, resolveService } from './resolveService.ts'
import { createSweepWatch } from './sweepWatch.ts'
import type { TabSharing } from './tabs/shareAcrossTabs.ts'
import { warnOfServiceOptions } from './warnings.ts'

/** The actor of a feed; `value.link` of its snapshot is the status. */
export type FeedActorRef = ActorRef<
  Snapshot<unknown> & {
    readonly value: { readonly [Region in 'link' | 'repair' | 'recheck' | 'backstop']: StateValue }
  },
  { readonly type: 'PAGE_AWAKE' }
>

/** A feed of row changes that fetches, through a coalescer, what the changes touch. */
export interface RealtimeService<Rows extends object = Readonly<Record<string, object>>> {
  /**
   * Joins the channels and gives the coalescer its query client, which may be left out if it has one. Does nothing
   * while joined; after `stop()` it joins again.
   *
   * @throws TypeError for a query client that is none, or another than the coalescer has.
   */
  initialize(queryClient?: QueryClient): void
  /**
   * Takes one change, in the payload shape of supabase-js: every change of the feed comes in here. Works without the
   * feed too, as soon as the coalescer has a query client.
   *
   * @throws TypeError for a malformed payload.
   */
  handleChange(payload: unknown): void
  /**
   * Says that the app itself has written rows: what a write to a table has returned, with its primary key. The echo of
   * the write, and every change up to its commit, then costs no fetch of a query that was fetched after this call.
   * Nothing is saved for a write that has returned nothing, nor for an echo that does not tell the returned values.
   *
   * @throws TypeError for a table that is none of the service, or a row without its primary key.
   */
  own<Table extends Extract<keyof Rows, string>>(
    table: Table,
    rowOrRows: Partial<Rows[Table]> | readonly Partial<Rows[Table]>[] | null | undefined,
  ): void
  /** How far the feed has come. */
  getStatus(): RealtimeStatus
  /**
   * Calls back after each change of the status; returns a function that ends it.
   *
   * @throws TypeError for a listener that is none.
   */
  subscribe(listener: () => void): () => void
  /** Leaves the channels. Changes until the next `initialize()` are missed, and caught up with after it. */
  stop(): void
  /** The feed's actor, for inspectors and `useSelector`. Each channel has an actor of its own beside it. */
  readonly actor: FeedActorRef
}

const sources: Record<CatchUpReason, string> = {
  firstConnect: 'realtime:firstConnect',
  gap: 'realtime:catchUp',
  backstop: 'realtime:backstop',
}

/**
 * Like `createRealtimeService`, but a part of it that is not named is not bundled: `{ shareAcrossTabs }` is the export of
 * that name, which takes the option of that name.
 *
 * @throws TypeError or RangeError for a bad option, or one of a part that is not named.
 */
export function createRealtimeServiceWith<Client extends FeedClient, const Schema extends string = 'public'>(
  parts: { readonly shareAcrossTabs: TabSharing },
  options: RealtimeServiceOptions<Client, Schema>,
): RealtimeService<RowsByName<Client, Schema>>
export function createRealtimeServiceWith<Client extends FeedClient, const Schema extends string = 'public'>(
  parts: { readonly shareAcrossTabs?: undefined },
  options: RealtimeServiceOptions<Client, Schema> & { readonly shareAcrossTabs?: false | undefined },
): RealtimeService<RowsByName<Client, Schema>>
export function createRealtimeServiceWith<Client extends FeedClient, Schema extends string>(
  parts: ServiceParts,
  options: RealtimeServiceOptions<Client, Schema>,
): RealtimeService<RowsByName<Client, Schema>> {
  const service = resolveService(parts, options as RealtimeServiceOptions<never>)
  const internals = internalsOf(service.coalescer)
  warnOfServiceOptions(options, internals.warn)
  const echoes = createOwnEchoes({
    service,
    internals,
    isLive: () => feed.getStatus() === 'live',
    dead: () => feed.distrust('The feed has told nothing of a write of the app for 10 seconds.'),
  })
  const router = createChangeRouter(service, internals, echoes)
  const listeners = new Emitter<{ statusChanged: undefined }>(internals.report)

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

  const feedListener: FeedListener = {
    changed: (payload) => guard('A change of the feed could not be handled.', () => router.handleChange(payload)),
    received: (topic, message) =>
      guard('A message of the feed could not be handled.', () => router.handleMessage(topic, message)),
    catchUp: (reason, effect) =>
      guard('The catch-up could not be scheduled.', () => {
        // A tab that follows another has gaps without a change of its status.
        if (reason === 'gap') echoes.interrupted()
        if (reason === 'backstop') sweeps.begin(router.catchUpKeys())
        router.catchUp(sources[reason], effect)
      }),
    report,
  }
  const feed: Feed = createFeed(service, internals, feedListener)
  const sweeps = createSweepWatch(internals, router.heard, () =>
    feed.distrust('A sweep has brought changes that the feed told nothing of.'),
  )
  shareCompanions(service, feed.actor)
  let status = feed.getStatus()
  feed.actor.subscribe({
    next() {
      const before = status
      status = feed.getStatus()
      // On both sides: the echo of a write that was answered in between is lost, too.
      if ((before === 'live') !== (status === 'live')) echoes.interrupted()
      if (status !== before) listeners.emit('statusChanged', undefined)
    },
    error: (error) => internals.report(error, { type: 'actorDied' }),
  })

  return {
    actor: feed.actor,
    initialize(given = internals.queryClient()) {
      const queryClient = expectQueryClient(given)
      if (!internals.isStopped()) internals.attach(queryClient)
      feed.start()
    },
    handleChange: (payload) => router.handleChange(payload),
    own: (table, rows) => echoes.own(table, rows),
    getStatus: () => feed.getStatus(),
    subscribe(listener) {
      expectFunction('listener', listener)
      return listeners.on('statusChanged', listener)
    },
    stop() {
      sweeps.end()
      echoes.interrupted()
      feed.stop()
    },
  }
}
