import type { Queryable } from '../database/database.ts'
import { isRecord } from './frames.ts'
import { type StoredMessage, toBroadcast } from './messageFeed.ts'
import type { UserBroadcast } from './topics.ts'

/** Which stored messages a join asks for. */
export interface ReplayRequest {
  sinceMs: number
  limit: number
}

const maxMessages = 25
/** Times beyond these are no dates to the real server. */
const firstMs = -377_705_116_800_000
const lastMs = 253_402_300_799_999

/** Reads `config.broadcast.replay` of a private channel; undefined for none. Throws an Error with the server's text. */
export function parseReplay(requested: unknown): ReplayRequest | undefined {
  if (!isRecord(requested)) return undefined
  const { since, limit = null } = requested
  const isDate = typeof since === 'number' && Number.isInteger(since) && since >= firstMs && since <= lastMs
  if (!isDate || (limit !== null && !Number.isInteger(limit))) {
    throw new Error('UnableToReplayMessages: Replay params are not valid')
  }
  const asked = typeof limit === 'number' ? limit : maxMessages
  return { sinceMs: since, limit: Math.min(Math.max(asked, 1), maxMessages) }
}

/** The newest private messages of a topic since a time, the oldest first. */
export async function readReplay(
  db: Queryable,
  name: string,
  { sinceMs, limit }: ReplayRequest,
): Promise<UserBroadcast[]> {
  const rows = await db.query<StoredMessage>(
    `select id, topic, event, private as is_private, payload::text as payload, binary_payload
    from realtime.messages
    where topic = $1 and extension = 'broadcast' and private and event is not null
      and inserted_at >= timestamp '1970-01-01' + $2 * interval '1 millisecond'
    order by inserted_at desc limit $3`,
    [name, sinceMs, limit],
  )
  return rows.toReversed().map((row) => toBroadcast(row, { id: row.id, replayed: true }))
}
