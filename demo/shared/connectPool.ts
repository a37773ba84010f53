import type { Pool } from '../server/database/pool.ts'

/** A pool of connections to a real project's database. Rejects when it has not the demo's tables. */
export async function connectPool(connectionString: string): Promise<Pool> {
  const { default: pg } = await import('pg')
  const pool = new pg.Pool({ connectionString })
  try {
    await pool.query('select 1 from public.goals limit 1')
  } catch (cause) {
    await pool.end()
    const message = cause instanceof Error ? cause.message || cause.name : String(cause)
    throw new Error(
      `Expected DATABASE_URL to lead to a database with the tables of demo/supabase/migrations, got: ${message}`,
      { cause },
    )
  }
  return pool
}
