-- `updated_at` of every table, and what one check-in does to the other tables.

create function public.touch_updated_at() returns trigger
language plpgsql set search_path = '' as $$
begin
  new.updated_at := clock_timestamp();
  return new;
end $$;

create trigger touch_updated_at before update on public.profiles
  for each row execute function public.touch_updated_at();
create trigger touch_updated_at before update on public.goals
  for each row execute function public.touch_updated_at();
create trigger touch_updated_at before update on public.check_ins
  for each row execute function public.touch_updated_at();
create trigger touch_updated_at before update on public.daily_motivations
  for each row execute function public.touch_updated_at();
create trigger touch_updated_at before update on public.daily_summaries
  for each row execute function public.touch_updated_at();
create trigger touch_updated_at before update on public.partners
  for each row execute function public.touch_updated_at();

create function public.record_check_in() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  update public.goals
  set check_ins_count = check_ins_count + 1, last_check_in_at = new.created_at
  where id = new.goal_id;

  insert into public.daily_summaries as summary (user_id, day, check_ins_count, average_mood)
  values (new.user_id, (new.created_at at time zone 'utc')::date, 1, new.mood)
  on conflict (user_id, day) do update set
    check_ins_count = summary.check_ins_count + 1,
    average_mood = (
      select round(avg(check_in.mood), 2)
      from public.check_ins as check_in
      where check_in.user_id = excluded.user_id and (check_in.created_at at time zone 'utc')::date = excluded.day
    );

  update public.partners
  set check_ins_seen = check_ins_seen + 1, last_activity_at = new.created_at
  where user_id = new.user_id;

  return null;
end $$;

create trigger record_check_in after insert on public.check_ins
  for each row execute function public.record_check_in();
