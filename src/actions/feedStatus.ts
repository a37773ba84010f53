/**
 * How far a feed has come: not asked for, joining, joined but not known to deliver, delivering, lost (and on its way
 * back), stopped by us.
 */
export type RealtimeStatus = 'idle' | 'connecting' | 'attaching' | 'live' | 'interrupted' | 'closed'

/** How far one channel of a feed has come; `denied`: the server refuses it, and it is tried again later. */
export type ChannelStatus = RealtimeStatus | 'denied'

/** What the status of a feed takes of one of its channels. */
export interface ChannelProgress {
  readonly status: ChannelStatus
  /** Refused by the server and not live since: it holds up no other channel. */
  readonly isSetAside: boolean
}

const leastFirst = ['interrupted', 'connecting', 'attaching'] as const

/** The status of a running feed: live when all its channels are, else that of the channel that has come least far. */
export function feedStatus(channels: Iterable<ChannelProgress>): RealtimeStatus {
  const statuses = new Set<ChannelStatus>()
  for (const { status, isSetAside } of channels) if (!isSetAside) statuses.add(status)
  if (statuses.size === 0) return 'interrupted'
  return leastFirst.find((status) => statuses.has(status)) ?? 'live'
}
