import type { Pool } from '../server/database/pool.ts'

/** A pool of the `pg` package, which only a real project needs. Rejects, telling what to do, when it cannot serve. */
export async function connectPool(connectionString: string): Promise<Pool> {
  const packageName: string = 'pg'
  const imported: unknown = await import(packageName).catch((cause: unknown) => {
    throw new Error('A real project needs the `pg` package: run `npm install --no-save pg`, then start again.', {
      cause,
    })
  })
  // `pg` is no dependency of the demo, so its types are not there either; this is the part that is used.
  const { default: pg } = imported as { default: { Pool: new (options: { connectionString: string }) => Pool } }
  const pool = new pg.Pool({ connectionString })
  try {
    await pool.query('select 1 from public.goals limit 1')
  } catch (cause) {
    await pool.end()
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new Error(
      `Expected DATABASE_URL to lead to a database with the tables of demo/supabase/migrations, got: ${message}`,
      { cause },
    )
  }
  return pool
}
