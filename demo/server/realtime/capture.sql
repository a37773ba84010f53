-- Row changes of the published tables, written by triggers in the changing transaction itself: a rollback leaves nothing.

create schema realtime_outbox;

create table realtime_outbox.changes (
  seq bigint generated always as identity primary key,
  xid xid8 not null default pg_current_xact_id(),
  relid oid not null,
  op text not null,
  new jsonb,
  old jsonb,
  -- Columns of an UPDATE that are stored apart and did not change: they are not in the write-ahead log.
  unchanged text[] not null default '{}'
);

-- Columns of the row with `key` that are stored apart, as large values are.
create function realtime_outbox.large_columns(relid oid, key jsonb) returns text[]
language plpgsql stable security definer set search_path = '' as $$
declare
  entries text;
  large text[];
begin
  select string_agg(
    format('case when pg_column_toast_chunk_id(t.%1$I) is not null then %1$L end', attribute.attname), ', ')
  into entries
  from pg_catalog.pg_attribute as attribute
  where attribute.attrelid = relid and attribute.attnum > 0 and attribute.attlen = -1 and not attribute.attisdropped;
  if entries is null or key = '{}' then
    return '{}';
  end if;
  execute format(
    'select array_remove(array[%s], null) from %s as t where to_jsonb(t) @> $1', entries, relid::regclass)
  into large using key;
  return coalesce(large, '{}');
end $$;

-- Values are written as the write-ahead log's reader would, whatever the writer's session prefers.
create function realtime_outbox.capture() returns trigger
language plpgsql security definer
set search_path = '' set timezone = 'UTC' set datestyle = 'ISO, MDY' set intervalstyle = 'postgres'
set bytea_output = 'hex' set extra_float_digits = 1
as $$
declare
  new_row constant jsonb := case when tg_op = 'DELETE' then null else to_jsonb(new) end;
  old_row constant jsonb := case when tg_op = 'INSERT' then null else to_jsonb(old) end;
  unchanged text[] := '{}';
begin
  -- Smaller rows have nothing that is stored apart.
  if tg_op = 'UPDATE' and octet_length(new_row::text) > 2000 then
    select coalesce(array_agg(name), '{}') into unchanged
    from unnest(realtime_outbox.large_columns(tg_relid, (
      select coalesce(jsonb_object_agg(attribute.attname, new_row -> attribute.attname), '{}')
      from pg_catalog.pg_index as index, pg_catalog.pg_attribute as attribute
      where index.indrelid = tg_relid and index.indisprimary
        and attribute.attrelid = tg_relid and attribute.attnum = any (index.indkey)
    ))) as name
    where new_row -> name = old_row -> name;
  end if;
  insert into realtime_outbox.changes (relid, op, new, old, unchanged)
  values (tg_relid, tg_op, new_row, old_row, unchanged);
  perform pg_notify('realtime_outbox', '');
  return null;
end $$;

-- Triggers fire in the order of their names: with "00" the row that fired an app's trigger comes before the rows that
-- trigger writes, which is the order of the write-ahead log.
create function realtime_outbox.follow_publication() returns void
language plpgsql security definer set search_path = '' as $$
declare
  target record;
begin
  for target in
    select class.oid, format('%I.%I', published.schemaname, published.tablename) as name
    from pg_catalog.pg_publication_tables as published
    join pg_catalog.pg_namespace as namespace on namespace.nspname = published.schemaname
    join pg_catalog.pg_class as class on class.relnamespace = namespace.oid and class.relname = published.tablename
    where published.pubname = 'supabase_realtime'
      and published.schemaname <> 'realtime_outbox'
      -- Published as a whole, a partitioned table says nothing.
      and class.relkind = 'r'
      and not exists (
        select from pg_catalog.pg_trigger as existing
        where existing.tgrelid = class.oid and existing.tgname = '00_realtime_capture'
      )
  loop
    execute format(
      'create trigger "00_realtime_capture" after insert or update or delete on %s '
      'for each row execute function realtime_outbox.capture()', target.name);
    execute format('alter table %s enable always trigger "00_realtime_capture"', target.name);
  end loop;

  for target in
    select trigger.tgrelid::regclass::text as name
    from pg_catalog.pg_trigger as trigger
    join pg_catalog.pg_class as class on class.oid = trigger.tgrelid
    join pg_catalog.pg_namespace as namespace on namespace.oid = class.relnamespace
    where trigger.tgname = '00_realtime_capture'
      and not exists (
        select from pg_catalog.pg_publication_tables as published
        where published.pubname = 'supabase_realtime'
          and published.schemaname = namespace.nspname and published.tablename = class.relname
      )
  loop
    execute format('drop trigger "00_realtime_capture" on %s', target.name);
  end loop;
end $$;

-- Counts changes of the schema, so that a reader can keep what it knows of the tables until one comes.
create sequence realtime_outbox.catalog_version;

create function realtime_outbox.on_ddl() returns event_trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform nextval('realtime_outbox.catalog_version');
  if tg_tag in ('CREATE PUBLICATION', 'ALTER PUBLICATION', 'CREATE TABLE') then
    perform realtime_outbox.follow_publication();
  end if;
end $$;

create event trigger realtime_outbox_on_ddl on ddl_command_end execute function realtime_outbox.on_ddl();

-- Which of the rows (`keys`: a list of `seq` and `key`) the holder of `claims` sees; `statement` selects them out of $1.
-- A policy that fails shows nothing.
create function realtime_outbox.visible_rows(role text, claims text, statement text, keys jsonb) returns bigint[]
language plpgsql as $$
declare
  visible bigint[];
begin
  begin
    perform set_config('role', role, true), set_config('request.jwt.claims', claims, true);
    execute statement into visible using keys;
  exception when others then
    visible := '{}';
  end;
  perform set_config('role', 'none', true), set_config('request.jwt.claims', '', true);
  return coalesce(visible, '{}');
end $$;

select realtime_outbox.follow_publication();
