import type { Queryable } from '../database/database.ts'
import type { Claims } from './jwt.ts'

/** What a private channel may carry, by kind of message. */
export type Extension = 'broadcast' | 'presence'

/** Asks the policies on `realtime.messages` what may be read and sent on private topics. */
export class Authorization {
  readonly #db: Queryable

  constructor(db: Queryable) {
    this.#db = db
  }

  /** What the holder of `claims` may read on the topic `name`. */
  async readable(name: string, claims: Claims): Promise<ReadonlySet<Extension>> {
    const rows = await this.#db.query<{ extension: Extension }>(
      'select unnest(realtime_outbox.readable_extensions($1, $2, $3)) as extension',
      [name, claims.role, JSON.stringify(claims)],
    )
    return new Set(rows.map(({ extension }) => extension))
  }

  async isWritable(name: string, claims: Claims, extension: Extension): Promise<boolean> {
    const rows = await this.#db.query<{ allowed: boolean }>(
      'select realtime_outbox.is_writable($1, $2, $3, $4) as allowed',
      [name, claims.role, JSON.stringify(claims), extension],
    )
    return rows[0]?.allowed === true
  }
}

/** What is said to whoever may not read a topic. */
export function notReadable(name: string): string {
  return `You do not have permissions to read from this Channel topic: ${name}`
}
