import type { ChannelProgress } from '../../actions/feedStatus.ts'
import { refusedTable } from '../../actions/serverTexts.ts'
import type { FeedMachineEvent } from '../../machines/feedPort.ts'
import type { ConnectionEvent } from '../../machines/connectionSetup.ts'
import { addCompanion } from '../companions.ts'
import type { CoalescerInternals } from '../query/internals.ts'
import { type BoundTable, type ChannelPlan, separately } from './channelPlan.ts'
import { createDepartures } from './departures.ts'
import { type FeedConnection, createFeedConnection } from './feedConnection.ts'
import { createNeighbourWatch } from './neighbours.ts'
import type { ResolvedService } from './resolveService.ts'
import type { UserToken } from './userToken.ts'

/** What is told of a channel beside its status. */
export type ChannelNews = Extract<FeedMachineEvent, { readonly type: 'GAP_PASSED' | 'ATTACHED_LATE' }>

/** Hears what the channels of a client have to tell. Nothing of it may throw. */
export interface ChannelsListener {
  /** A row event, for each binding that it matches; `isRepeated`: an earlier binding of the channel got it too. */
  changed(payload: unknown, table: BoundTable, isRepeated: boolean): void
  received(topic: string, message: unknown): void
  /** The status of a channel has been another one until now. */
  progressed(channel: ChannelProgress, before: ChannelProgress['status']): void
  happened(news: ChannelNews, channel: FeedConnection): void
  report(message: string, error?: unknown): void
}

/** The channels that a service has open on its client, each kept joined. */
export interface Channels {
  all(): readonly FeedConnection[]
  open(plans: readonly ChannelPlan[]): void
  send(event: ConnectionEvent): void
  /** Leaves some of them. */
  close(connections: readonly FeedConnection[]): void
  /** Leaves all of them, and tells no more. */
  end(): void
}

/** Creates the channels of a service; none is open yet. */
export function createChannels(
  service: Pick<ResolvedService, 'supabase' | 'channel' | 'ownChannel'>,
  internals: CoalescerInternals,
  token: UserToken,
  listener: ChannelsListener,
): Channels {
  const { supabase } = service
  const departures = createDepartures(supabase.realtime, internals)
  const past = new WeakSet<object>()
  let connections: FeedConnection[] = []
  const lookAround = createNeighbourWatch(
    supabase,
    (topic) => connections.some(({ plan }) => topic === `realtime:${plan.name}`),
    internals.now,
    (message) => listener.report(message),
  )
  let ownChannel = service.ownChannel
  const leaving = new WeakMap<FeedConnection, () => void>()

  function connect(plan: ChannelPlan): FeedConnection {
    const isOpen = (): boolean => connections.includes(connection)
    const connection: FeedConnection = createFeedConnection(plan, {
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
      changed: (payload, table, isRepeated) => listener.changed(payload, table, isRepeated),
      received: (topic, message) => listener.received(topic, message),
      report: (message, error) => listener.report(message, error),
      progressed(before) {
        if (isOpen()) listener.progressed(connection, before)
      },
      lookAround,
      gapPassed: () => listener.happened({ type: 'GAP_PASSED' }, connection),
      attachedLate: () => listener.happened({ type: 'ATTACHED_LATE' }, connection),
      refused: (message) => refuse(connection, message),
    })
    connections.push(connection)
    leaving.set(connection, addCompanion(service, connection.actor))
    return connection
  }

  /** A table that the server refuses gets a channel of its own, and the others go on without it. */
  function refuse(connection: FeedConnection, message: string): ConnectionEvent {
    const { plan } = connection
    const named = refusedTable(message)
    const isNamed = ({ schema, name }: BoundTable): boolean => schema === named?.schema && name === named.table
    const refused = plan.tables.filter(isNamed)
    if (refused.length === 0) return { type: 'SYSTEM_ERROR', message }
    if (refused.length === plan.tables.length) return { type: 'DENIED', message }
    connection.plan = { ...plan, tables: plan.tables.filter((table) => !isNamed(table)) }
    connect(separately(plan, refused)).send({ type: 'DENIED', message })
    return { type: 'EXCLUDED' }
  }

  function close(ended: readonly FeedConnection[]): void {
    connections = connections.filter((connection) => !ended.includes(connection))
    for (const connection of ended) {
      connection.end()
      leaving.get(connection)?.()
    }
  }

  return {
    all: () => connections,
    open(plans) {
      const opened = plans.map(connect)
      for (const connection of opened) connection.send({ type: 'INITIALIZE' })
    },
    send(event) {
      for (const connection of [...connections]) connection.send(event)
    },
    close,
    end: () => close(connections),
  }
}
