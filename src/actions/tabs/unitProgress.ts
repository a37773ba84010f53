import { type ChannelProgress, type RealtimeStatus, feedStatus } from '../feedStatus.ts'

/** What a feed is told when the channels that it depends on have come further, or been lost. */
export type UnitNews =
  | { readonly type: 'STATUS'; readonly status: RealtimeStatus }
  | { readonly type: 'LIVE' | 'PARTLY_LIVE' | 'LOST' }

/** How far something is that no channel brings yet. */
export const uncovered: ChannelProgress = { status: 'connecting', isSetAside: false }

/** How far something is whose channels are gone. */
export const lost: ChannelProgress = { status: 'interrupted', isSetAside: false }

const isLive = ({ status }: ChannelProgress): boolean => status === 'live'

/** What is new between two looks at the same units, in the order to tell it in. */
export function newsBetween(
  before: readonly ChannelProgress[],
  after: readonly ChannelProgress[],
  told: RealtimeStatus,
): UnitNews[] {
  const status = feedStatus(after)
  const isNews = status !== told
  const hasLost = before.some((unit, at) => isLive(unit) && !isLive(after[at] ?? lost))
  const hasGained = after.some((unit, at) => isLive(unit) && !isLive(before[at] ?? uncovered))
  const news: UnitNews[] = []
  if (isNews) news.push({ type: 'STATUS', status })
  if (hasLost) news.push({ type: 'LOST' })
  // All others may have waited for a unit that is refused.
  if (status === 'live' && (isNews || hasGained)) news.push({ type: 'LIVE' })
  else if (hasGained) news.push({ type: 'PARTLY_LIVE' })
  return news
}
