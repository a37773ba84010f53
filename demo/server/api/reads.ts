import type { Queryable } from '../database/database.ts'
import type { ApiResponse } from './types.ts'

/** The user the demo shows: it has no sign-in. */
export const demoUserId = 7

/** SQL of one JSON value for each GET, with the user's id as `$1`. */
export const reads = {
  '/goals': `select coalesce(jsonb_agg(to_jsonb(goal) order by goal.id), '[]')
    from public.goals as goal where goal.user_id = $1`,

  '/check-ins': `select coalesce(jsonb_agg(to_jsonb(latest) order by latest.id desc), '[]')
    from (select * from public.check_ins where user_id = $1 order by id desc limit 50) as latest`,

  '/partners': `select coalesce(
      jsonb_agg(to_jsonb(partner) || jsonb_build_object('display_name', profile.display_name) order by partner.id), '[]')
    from public.partners as partner join public.profiles as profile on profile.id = partner.partner_id
    where partner.user_id = $1`,

  '/home-dashboard': `select jsonb_build_object(
      'display_name', (select display_name from public.profiles where id = $1),
      'active_goals', (select count(*) from public.goals where user_id = $1 and status = 'active'),
      'check_ins_today', coalesce((
        select check_ins_count from public.daily_summaries
        where user_id = $1 and day = (now() at time zone 'utc')::date), 0),
      'motivation', (
        select message from public.daily_motivations
        where user_id = $1 and day = (now() at time zone 'utc')::date),
      'latest_partner_activity_at', (select max(last_activity_at) from public.partners where user_id = $1))`,

  '/analytics': `select jsonb_build_object(
      'total_check_ins', (select count(*) from public.check_ins where user_id = $1),
      'average_mood', (select round(avg(mood), 2) from public.check_ins where user_id = $1),
      'check_ins_by_day', (
        select coalesce(jsonb_agg(jsonb_build_object('day', day, 'check_ins_count', check_ins_count) order by day), '[]')
        from public.daily_summaries where user_id = $1),
      'check_ins_by_goal', (
        select coalesce(
          jsonb_agg(jsonb_build_object('goal_id', id, 'title', title, 'check_ins_count', check_ins_count) order by id),
          '[]')
        from public.goals where user_id = $1))`,

  '/daily-summaries/today': `select to_jsonb(summary) from public.daily_summaries as summary
    where user_id = $1 and day = (now() at time zone 'utc')::date`,

  '/daily-motivations/today': `select to_jsonb(motivation) from public.daily_motivations as motivation
    where user_id = $1 and day = (now() at time zone 'utc')::date`,
}

export type ReadPath = keyof typeof reads

/** Reads the data of a path and how new it is, in one snapshot. */
export async function read(db: Queryable, path: ReadPath): Promise<ApiResponse<unknown>> {
  const rows = await db.query<{ data: unknown; version: string; read_at_ms: string }>(
    `select (${reads[path]}) as data, pg_snapshot_xmin(pg_current_snapshot())::text as version,
      floor(extract(epoch from statement_timestamp()) * 1000)::text as read_at_ms`,
    [demoUserId],
  )
  const { data = null, version, read_at_ms: readAtMs } = rows[0] ?? {}
  return { data, version: Number(version), readAtMs: Number(readAtMs) }
}
