import { createActor } from 'xstate'
import { type RealtimeStatus, feedStatus } from '../../actions/feedStatus.ts'
import { refusedTable } from '../../actions/serverTexts.ts'
import type { ConnectionEvent } from '../../machines/connectionSetup.ts'
import { feedMachine } from '../../machines/feed.ts'
import type { CatchUpEffect, CatchUpReason } from '../../machines/feedSetup.ts'
import type { CoalescerInternals } from '../query/internals.ts'
import { type ChannelPlan, channelsOf, separately } from './channelPlan.ts'
import { createDepartures } from './departures.ts'
import { type FeedConnection, createFeedConnection } from './feedConnection.ts'
import { createNeighbourWatch } from './neighbours.ts'
import { isPageAwake, watchPage } from './page.ts'
import type { ResolvedService } from './resolveService.ts'
import { createUserToken } from './userToken.ts'

/** Hears what a feed has to tell. Nothing of it may throw. */
export interface FeedListener {
  /** A row event of `postgres_changes`, in the payload shape of supabase-js. */
  changed(payload: unknown): void
  /** A message of a topic, as a `broadcast` callback of supabase-js receives it. */
  received(topic: string, message: unknown): void
  /** Changes may have been missed. */
  catchUp(reason: CatchUpReason, effect: CatchUpEffect): void
  report(message: string, error?: unknown): void
}

/** What tells of changes: the channels of a client, each kept joined, behind one status. */
export interface Feed {
  readonly actor: ReturnType<typeof createFeedActor>
  start(): void
  stop(): void
  getStatus(): RealtimeStatus
  /** Opens the channels anew that are live, because they are known to deliver nothing. */
  distrust(message: string): void
}

type FeedPort = Parameters<typeof createFeedActor>[0]
const createFeedActor = (
  port: { catchUp: FeedListener['catchUp']; service: ResolvedService },
  internals: CoalescerInternals,
) =>
  createActor(feedMachine, {
    input: {
      port: {
        now: internals.now,
        firstCatchUp: port.service.firstCatchUp,
        backstopMs: port.service.backstopMs,
        catchUp: port.catchUp,
        isAwake: isPageAwake,
      },
    },
    ...internals.actorOptions,
  })

/** Creates the feed of a service. It does nothing until `start()`. */
export function createFeed(service: ResolvedService, internals: CoalescerInternals, listener: FeedListener): Feed {
  const { supabase } = service
  const token = createUserToken(supabase, internals.now)
  const departures = createDepartures(supabase.realtime, internals)
  const past = new WeakSet<object>()
  const actor = createFeedActor({ service, catchUp: listener.catchUp } satisfies FeedPort, internals)
  let connections: FeedConnection[] = []
  const lookAround = createNeighbourWatch(
    supabase,
    (topic) => connections.some(({ plan }) => topic === `realtime:${plan.name}`),
    internals.now,
    (message) => listener.report(message),
  )
  let ownChannel = service.ownChannel
  let isRunning = false
  let unwatchPage = (): void => undefined

  function progressed(connection: FeedConnection, wasLive: boolean): void {
    if (!isRunning) return
    const status = feedStatus(connections)
    const isNews = status !== actor.getSnapshot().value.link
    if (isNews) actor.send({ type: 'STATUS', status })
    if (wasLive) actor.send({ type: 'LOST' })
    // All others may have waited for a channel that is refused.
    if (status === 'live' && (isNews || connection.status === 'live')) actor.send({ type: 'LIVE' })
    else if (connection.status === 'live') actor.send({ type: 'PARTLY_LIVE' })
  }

  function connect(plan: ChannelPlan): FeedConnection {
    const connection = createFeedConnection(plan, {
      supabase,
      token,
      departures,
      internals,
      past,
      takeOwnChannel() {
        const own = plan.name === service.channel ? ownChannel : undefined
        if (own) ownChannel = undefined
        return own
      },
      changed: (payload) => listener.changed(payload),
      received: (topic, message) => listener.received(topic, message),
      report: (message, error) => listener.report(message, error),
      progressed: (before) => progressed(connection, before === 'live'),
      lookAround,
      gapPassed: () => actor.send({ type: 'GAP_PASSED' }),
      attachedLate: () => actor.send({ type: 'ATTACHED_LATE' }),
      refused: (message) => refuse(connection, message),
    })
    connections.push(connection)
    return connection
  }

  /** A table that the server refuses gets a channel of its own, and the others go on without it. */
  function refuse(connection: FeedConnection, message: string): ConnectionEvent {
    const { plan } = connection
    const named = refusedTable(message)
    const table = plan.tables.find(({ schema, name }) => schema === named?.schema && name === named.table)
    if (!table) return { type: 'SYSTEM_ERROR', message }
    if (plan.tables.length === 1) return { type: 'DENIED', message }
    connection.plan = { ...plan, tables: plan.tables.filter((other) => other !== table) }
    connect(separately(plan, table)).send({ type: 'DENIED', message })
    return { type: 'EXCLUDED' }
  }

  actor.start()
  return {
    actor,
    start() {
      if (isRunning) return
      isRunning = true
      actor.send({ type: 'INITIALIZE' })
      unwatchPage = watchPage(() => {
        actor.send({ type: 'PAGE_AWAKE' })
        for (const connection of connections) connection.send({ type: 'PAGE_AWAKE' })
      })
      for (const plan of channelsOf(service)) connect(plan)
      for (const connection of [...connections]) connection.send({ type: 'INITIALIZE' })
    },
    stop() {
      if (!isRunning) return
      isRunning = false
      unwatchPage()
      token.release()
      actor.send({ type: 'STOP' })
      const ended = connections
      connections = []
      for (const connection of ended) connection.end()
      actor.send({ type: 'STATUS', status: 'closed' })
    },
    getStatus: () => actor.getSnapshot().value.link,
    distrust(message) {
      for (const connection of connections) connection.send({ type: 'DISTRUST', message })
    },
  }
}
