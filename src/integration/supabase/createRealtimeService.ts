import type { FeedClient } from './client.ts'
import { type RealtimeService, createRealtimeServiceWith } from './createRealtimeServiceWith.ts'
import type { RealtimeServiceOptions, RowsByName } from './options.ts'
import { shareAcrossTabs } from './tabs/shareAcrossTabs.ts'

/**
 * Creates a service that brings the changes of Supabase Realtime to a coalescer, and repairs what the feed has missed.
 *
 * @throws TypeError or RangeError for a bad option.
 */
export function createRealtimeService<Client extends FeedClient, const Schema extends string = 'public'>(
  options: RealtimeServiceOptions<Client, Schema>,
): RealtimeService<RowsByName<Client, Schema>> {
  return createRealtimeServiceWith({ shareAcrossTabs }, options)
}
