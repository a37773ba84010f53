import type { Database } from './database.ts'

interface PoolClient {
  query(sql: string, params?: unknown[]): Promise<{ rows: unknown[] }>
  release(): void
}

/** The part of `pg`'s `Pool` that is used. */
export interface Pool {
  query(sql: string, params?: unknown[]): Promise<{ rows: unknown[] }>
  connect(): Promise<PoolClient>
  end(): Promise<void>
}

/** A connection pool of the `pg` package as the demo's database. */
export function poolDatabase(pool: Pool): Database {
  return {
    async query<Row>(sql: string, params: readonly unknown[] = []) {
      const { rows } = await pool.query(sql, [...params])
      return rows as Row[]
    },
    async transaction(work) {
      const client = await pool.connect()
      try {
        await client.query('begin')
        const result = await work({
          async query<Row>(sql: string, params: readonly unknown[] = []) {
            const { rows } = await client.query(sql, [...params])
            return rows as Row[]
          },
        })
        await client.query('commit')
        return result
      } catch (error) {
        await client.query('rollback').catch(() => undefined)
        throw error
      } finally {
        client.release()
      }
    },
    close: () => pool.end(),
  }
}
