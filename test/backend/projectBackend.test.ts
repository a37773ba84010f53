import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Queryable } from '../../demo/server/database/database.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../demo/server/database/embedded.ts'
import { type Pool, poolDatabase } from '../../demo/server/database/pool.ts'
import { type ProjectBackend, startProjectBackend } from '../../demo/server/projectBackend.ts'

let postgres: EmbeddedPostgres
let backend: ProjectBackend
const released: string[] = []

/** A pool as the `pg` package has it, whose one connection is the embedded Postgres. */
function onePool(db: EmbeddedPostgres): Pool {
  const query = (target: Queryable) => async (sql: string, params?: unknown[]) => ({
    rows: await target.query(sql, params),
  })
  return {
    query: query(db),
    connect: async () => ({ query: query(db), release: () => released.push('released') }),
    end: () => db.close(),
  }
}

beforeAll(async () => {
  postgres = await startEmbeddedPostgres()
  backend = await startProjectBackend({
    supabaseUrl: 'https://project.example',
    anonKey: 'key',
    database: poolDatabase(onePool(postgres)),
    page: () => new Response('page'),
  })
})
afterAll(() => backend.stop())

describe('on a project', () => {
  it('serves the same API over a pool', async () => {
    const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"goalId":1}' }
    const before = (await (await fetch(`${backend.url}/api/goals`)).json()) as { data: { check_ins_count: number }[] }
    const created = await fetch(`${backend.url}/api/check-ins`, post)
    const after = (await (await fetch(`${backend.url}/api/goals`)).json()) as typeof before
    expect(created.status).toBe(201)
    expect(after.data[0]?.check_ins_count).toBe((before.data[0]?.check_ins_count ?? 0) + 1)
    expect(backend.api.counts()).toEqual({ 'GET /api/goals': 2, 'POST /api/check-ins': 1 })
    expect(await (await fetch(backend.url)).text()).toBe('page')
  })

  it('rolls a failed transaction back and gives the connection back', async () => {
    released.length = 0
    const failing = backend.db.transaction(async (tx) => {
      await tx.query(`update public.goals set title = 'half done'`)
      await tx.query('select 1 / 0')
    })
    await expect(failing).rejects.toThrow('division by zero')
    const rows = await backend.db.query<{ title: string }>(`select title from public.goals where title = 'half done'`)
    expect([rows, released]).toEqual([[], ['released']])
  })

  it('has no faults to set', async () => {
    expect((await fetch(`${backend.url}/api/faults`)).status).toBe(404)
  })
})

describe('the seed', () => {
  it('changes nothing when it runs again', async () => {
    const counts = () =>
      postgres.query(`select (select count(*) from public.check_ins) + (select count(*) from public.goals) as n`)
    const before = await counts()
    const { readFile } = await import('node:fs/promises')
    await postgres.exec(await readFile(new URL('../../demo/supabase/seed.sql', import.meta.url), 'utf8'))
    expect(await counts()).toEqual(before)
  })
})
