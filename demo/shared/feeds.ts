/** The ways the demo's changes can come, told to `createRealtimeService` by its `broadcast` option alone. */
export const feedNames = ['postgres_changes', 'broadcast'] as const

export type FeedName = (typeof feedNames)[number]

/** The topic that the demo's tables broadcast to (`demo/supabase/migrations`). */
export const demoTopic = 'demo'

export const describeFeed: Readonly<Record<FeedName, string>> = {
  postgres_changes: 'The server reads changes from the database, and checks each row for each subscriber.',
  broadcast: 'Triggers in the database send each change to a private topic; the server only hands it on.',
}
