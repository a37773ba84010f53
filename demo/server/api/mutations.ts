import type { Database, Queryable } from '../database/database.ts'
import { demoUserId } from './reads.ts'
import type { CheckIn, DailyMotivation, Goal, MutationResponse } from './types.ts'

const todaySql = `(now() at time zone 'utc')::date`

const messages = [
  'Small steps count: start with the first one.',
  'Five minutes are better than none.',
  'Your streak is longer than your excuses.',
  'Today is a good day to check in.',
  'Someone is cheering for you.',
]

/** Replaces the motivation of today: a DELETE and an INSERT in one transaction. */
export function regenerateMotivation(db: Database): Promise<MutationResponse<DailyMotivation>> {
  return mutate(db, async (tx) => {
    const old = await tx.query<{ message: string }>(
      `delete from public.daily_motivations where user_id = $1 and day = ${todaySql} returning message`,
      [demoUserId],
    )
    const message = messages[(messages.indexOf(old[0]?.message ?? '') + 1) % messages.length]
    return first<DailyMotivation>(
      tx,
      `insert into public.daily_motivations as row (user_id, day, message) values ($1, ${todaySql}, $2)
      returning to_jsonb(row) as row`,
      [demoUserId, message],
    )
  })
}

/** Records a check-in; triggers update its goal, the summary of today and the partners. Null without such a goal. */
export function createCheckIn(
  db: Database,
  { goalId, note = '', mood = null }: { goalId: number; note?: string; mood?: number | null },
): Promise<MutationResponse<CheckIn | null>> {
  return mutate(db, (tx) =>
    first<CheckIn>(
      tx,
      `insert into public.check_ins as row (user_id, goal_id, note, mood)
      select $1, id, $3, $4 from public.goals where id = $2 and user_id = $1
      returning to_jsonb(row) as row`,
      [demoUserId, goalId, note, mood],
    ),
  )
}

/** Fields of a goal that can be changed. */
export type GoalPatch = Partial<Pick<Goal, 'title' | 'target_per_week' | 'status'>>

export function updateGoal(db: Database, id: number, patch: GoalPatch): Promise<MutationResponse<Goal | null>> {
  return mutate(db, (tx) =>
    first<Goal>(
      tx,
      `update public.goals as row set
        title = coalesce($3, title), target_per_week = coalesce($4, target_per_week), status = coalesce($5, status)
      where id = $2 and user_id = $1
      returning to_jsonb(row) as row`,
      [demoUserId, id, patch.title ?? null, patch.target_per_week ?? null, patch.status ?? null],
    ),
  )
}

/** A new title for one of the user's goals. */
export function touchGoal(db: Database, n: number): Promise<MutationResponse> {
  return change(
    db,
    `update public.goals set target_per_week = 1 + $2::integer % 7 where id = (
      select id from public.goals where user_id = $1
      order by id offset $2::integer % (select count(*) from public.goals where user_id = $1) limit 1)`,
    [demoUserId, n],
  )
}

export function touchPartner(db: Database, n: number): Promise<MutationResponse> {
  return change(
    db,
    `update public.partners set last_activity_at = clock_timestamp() where id = (
      select id from public.partners where user_id = $1
      order by id offset $2::integer % (select count(*) from public.partners where user_id = $1) limit 1)`,
    [demoUserId, n],
  )
}

export function touchSummary(db: Database, n: number): Promise<MutationResponse> {
  return change(
    db,
    `insert into public.daily_summaries as summary (user_id, day, average_mood) values ($1, ${todaySql}, 1 + $2::integer % 5)
    on conflict (user_id, day) do update set average_mood = excluded.average_mood`,
    [demoUserId, n],
  )
}

async function change(db: Database, sql: string, params: readonly unknown[]): Promise<MutationResponse> {
  return mutate(db, async (tx) => {
    await tx.query(sql, params)
    return null
  })
}

async function mutate<Data>(db: Database, work: (tx: Queryable) => Promise<Data>): Promise<MutationResponse<Data>> {
  return db.transaction(async (tx) => {
    const data = await work(tx)
    const rows = await tx.query<{ id: string }>('select pg_current_xact_id()::text as id')
    return { data, transactionId: Number(rows[0]?.id) }
  })
}

async function first<Row>(tx: Queryable, sql: string, params: readonly unknown[]): Promise<Row> {
  const rows = await tx.query<{ row: Row }>(sql, params)
  return rows[0]?.row ?? (null as Row)
}
