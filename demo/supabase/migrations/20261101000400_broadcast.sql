-- The same changes through Broadcast: `npx realtime-coalescer sql --topic demo --send rows --tables
-- goals,check_ins,daily_motivations,daily_summaries,partners` wrote all but the last policy.

begin;

create schema if not exists realtime_coalescer;

create or replace function realtime_coalescer."goals"() returns trigger
  language plpgsql security definer set search_path = ''
  as $body$
begin
  if tg_op = 'TRUNCATE' then
    perform realtime.send(jsonb_build_object('schema', tg_table_schema, 'table', tg_table_name, 'operation', tg_op), tg_op, 'demo', true);
    return null;
  end if;
  perform realtime.broadcast_changes('demo', tg_op, tg_op, tg_table_name, tg_table_schema, new, old);
  return null;
end
$body$;

drop trigger if exists realtime_coalescer_row on "public"."goals";
drop trigger if exists realtime_coalescer_insert on "public"."goals";
drop trigger if exists realtime_coalescer_update on "public"."goals";
drop trigger if exists realtime_coalescer_delete on "public"."goals";
drop trigger if exists realtime_coalescer_truncate on "public"."goals";
create trigger realtime_coalescer_row after insert or update or delete on "public"."goals" for each row execute function realtime_coalescer."goals"();
create trigger realtime_coalescer_truncate after truncate on "public"."goals" for each statement execute function realtime_coalescer."goals"();

create or replace function realtime_coalescer."check_ins"() returns trigger
  language plpgsql security definer set search_path = ''
  as $body$
begin
  if tg_op = 'TRUNCATE' then
    perform realtime.send(jsonb_build_object('schema', tg_table_schema, 'table', tg_table_name, 'operation', tg_op), tg_op, 'demo', true);
    return null;
  end if;
  perform realtime.broadcast_changes('demo', tg_op, tg_op, tg_table_name, tg_table_schema, new, old);
  return null;
end
$body$;

drop trigger if exists realtime_coalescer_row on "public"."check_ins";
drop trigger if exists realtime_coalescer_insert on "public"."check_ins";
drop trigger if exists realtime_coalescer_update on "public"."check_ins";
drop trigger if exists realtime_coalescer_delete on "public"."check_ins";
drop trigger if exists realtime_coalescer_truncate on "public"."check_ins";
create trigger realtime_coalescer_row after insert or update or delete on "public"."check_ins" for each row execute function realtime_coalescer."check_ins"();
create trigger realtime_coalescer_truncate after truncate on "public"."check_ins" for each statement execute function realtime_coalescer."check_ins"();

create or replace function realtime_coalescer."daily_motivations"() returns trigger
  language plpgsql security definer set search_path = ''
  as $body$
begin
  if tg_op = 'TRUNCATE' then
    perform realtime.send(jsonb_build_object('schema', tg_table_schema, 'table', tg_table_name, 'operation', tg_op), tg_op, 'demo', true);
    return null;
  end if;
  perform realtime.broadcast_changes('demo', tg_op, tg_op, tg_table_name, tg_table_schema, new, old);
  return null;
end
$body$;

drop trigger if exists realtime_coalescer_row on "public"."daily_motivations";
drop trigger if exists realtime_coalescer_insert on "public"."daily_motivations";
drop trigger if exists realtime_coalescer_update on "public"."daily_motivations";
drop trigger if exists realtime_coalescer_delete on "public"."daily_motivations";
drop trigger if exists realtime_coalescer_truncate on "public"."daily_motivations";
create trigger realtime_coalescer_row after insert or update or delete on "public"."daily_motivations" for each row execute function realtime_coalescer."daily_motivations"();
create trigger realtime_coalescer_truncate after truncate on "public"."daily_motivations" for each statement execute function realtime_coalescer."daily_motivations"();

create or replace function realtime_coalescer."daily_summaries"() returns trigger
  language plpgsql security definer set search_path = ''
  as $body$
begin
  if tg_op = 'TRUNCATE' then
    perform realtime.send(jsonb_build_object('schema', tg_table_schema, 'table', tg_table_name, 'operation', tg_op), tg_op, 'demo', true);
    return null;
  end if;
  perform realtime.broadcast_changes('demo', tg_op, tg_op, tg_table_name, tg_table_schema, new, old);
  return null;
end
$body$;

drop trigger if exists realtime_coalescer_row on "public"."daily_summaries";
drop trigger if exists realtime_coalescer_insert on "public"."daily_summaries";
drop trigger if exists realtime_coalescer_update on "public"."daily_summaries";
drop trigger if exists realtime_coalescer_delete on "public"."daily_summaries";
drop trigger if exists realtime_coalescer_truncate on "public"."daily_summaries";
create trigger realtime_coalescer_row after insert or update or delete on "public"."daily_summaries" for each row execute function realtime_coalescer."daily_summaries"();
create trigger realtime_coalescer_truncate after truncate on "public"."daily_summaries" for each statement execute function realtime_coalescer."daily_summaries"();

create or replace function realtime_coalescer."partners"() returns trigger
  language plpgsql security definer set search_path = ''
  as $body$
begin
  if tg_op = 'TRUNCATE' then
    perform realtime.send(jsonb_build_object('schema', tg_table_schema, 'table', tg_table_name, 'operation', tg_op), tg_op, 'demo', true);
    return null;
  end if;
  perform realtime.broadcast_changes('demo', tg_op, tg_op, tg_table_name, tg_table_schema, new, old);
  return null;
end
$body$;

drop trigger if exists realtime_coalescer_row on "public"."partners";
drop trigger if exists realtime_coalescer_insert on "public"."partners";
drop trigger if exists realtime_coalescer_update on "public"."partners";
drop trigger if exists realtime_coalescer_delete on "public"."partners";
drop trigger if exists realtime_coalescer_truncate on "public"."partners";
create trigger realtime_coalescer_row after insert or update or delete on "public"."partners" for each row execute function realtime_coalescer."partners"();
create trigger realtime_coalescer_truncate after truncate on "public"."partners" for each statement execute function realtime_coalescer."partners"();

drop policy if exists "all receive demo" on realtime.messages;
create policy "all receive demo" on realtime.messages for select to authenticated
  using (realtime.messages.extension = 'broadcast' and ((select realtime.topic()) = 'demo'));

commit;

-- The demo has no sign-in.
drop policy if exists "everybody receives demo" on realtime.messages;
create policy "everybody receives demo" on realtime.messages for select to anon
  using (realtime.messages.extension = 'broadcast' and (select realtime.topic()) = 'demo');
