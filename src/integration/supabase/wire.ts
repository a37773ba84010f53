import { type RealtimeStatus, feedStatus } from '../../actions/feedStatus.ts'
import type { FeedMachineEvent } from '../../machines/feedPort.ts'
import type { CoalescerInternals } from '../query/internals.ts'
import { channelsOf } from './channelPlan.ts'
import { createChannels } from './channels.ts'
import type { ResolvedService } from './resolveService.ts'
import type { UserToken } from './userToken.ts'

/** Hears what comes over the wire. Nothing of it may throw. */
export interface WireListener {
  changed(payload: unknown): void
  received(topic: string, message: unknown): void
  report(message: string, error?: unknown): void
  /** Something has happened to the channels that the feed's repairs depend on. */
  progressed(event: FeedMachineEvent): void
  /** The status that was told last. */
  status(): RealtimeStatus
}

/** What a feed comes over: channels of this tab, or of another one. */
export interface Wire {
  start(): void
  stop(): void
  /** The page is visible and online again. */
  pageAwake(): void
  /** Opens the channels anew that are live, because they are known to deliver nothing. */
  distrust(message: string): void
}

export type CreateWire = (
  service: ResolvedService,
  internals: CoalescerInternals,
  token: UserToken,
  listener: WireListener,
) => Wire

/** A wire of channels that this tab has to itself. */
export const createOwnWire: CreateWire = (service, internals, token, listener) => {
  const channels = createChannels(service, internals, token, {
    changed(payload, _table, isRepeated) {
      if (!isRepeated) listener.changed(payload)
    },
    received: (topic, message) => listener.received(topic, message),
    report: (message, error) => listener.report(message, error),
    happened: (news) => listener.progressed(news),
    progressed(channel, before) {
      const status = feedStatus(channels.all())
      const isNews = status !== listener.status()
      if (isNews) listener.progressed({ type: 'STATUS', status })
      if (before === 'live') listener.progressed({ type: 'LOST' })
      // All others may have waited for a channel that is refused.
      if (status === 'live' && (isNews || channel.status === 'live')) listener.progressed({ type: 'LIVE' })
      else if (channel.status === 'live') listener.progressed({ type: 'PARTLY_LIVE' })
    },
  })

  return {
    start: () => channels.open(channelsOf(service)),
    stop: () => channels.end(),
    pageAwake: () => channels.send({ type: 'PAGE_AWAKE' }),
    distrust: (message) => channels.send({ type: 'DISTRUST', message }),
  }
}
