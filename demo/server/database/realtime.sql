-- Broadcast from the database, as a Supabase project has it: messages, the functions that write them, and the topic that
-- policies on `realtime.messages` ask for.

create schema realtime;
grant usage on schema realtime to anon, authenticated, service_role;

create table realtime.messages (
  topic text not null,
  extension text not null,
  payload jsonb,
  binary_payload bytea,
  event text,
  private boolean default false,
  updated_at timestamp not null default now(),
  inserted_at timestamp not null default now(),
  id uuid not null default gen_random_uuid(),
  primary key (id, inserted_at)
);

create index messages_of_topic on realtime.messages (topic, inserted_at desc) where extension = 'broadcast' and private;
alter table realtime.messages enable row level security;
grant select, insert, update on realtime.messages to anon, authenticated, service_role;

-- The name of the channel that is being joined or sent to.
create function realtime.topic() returns text language sql stable as $$
  select nullif(current_setting('realtime.topic', true), '')
$$;

-- Stores a message; a failure is a warning and never the writer's.
create function realtime.store_message(
  id uuid, payload jsonb, binary_payload bytea, event text, topic text, private boolean
) returns void language plpgsql as $$
begin
  perform set_config('realtime.topic', topic, true);
  insert into realtime.messages (id, payload, binary_payload, event, topic, private, extension)
  values (id, payload, binary_payload, event, topic, private, 'broadcast');
exception when others then
  raise warning 'WarnSendingBroadcastMessage: %', sqlerrm;
end $$;

create function realtime.send(payload jsonb, event text, topic text, private boolean default true) returns void
language plpgsql as $$
declare
  message_id constant uuid := gen_random_uuid();
begin
  if jsonb_typeof(payload) <> 'object' then
    raise warning 'WarnSendingBroadcastMessage: the payload is no object';
    return;
  end if;
  perform realtime.store_message(
    message_id, jsonb_build_object('id', message_id) || payload, null, event, topic, private);
end $$;

create function realtime.send_binary(payload bytea, event text, topic text, private boolean default true) returns void
language sql as $$
  select realtime.store_message(gen_random_uuid(), null, payload, event, topic, private)
$$;

-- For row triggers: `perform realtime.broadcast_changes(topic, tg_op, tg_op, tg_table_name, tg_table_schema, new, old)`.
create function realtime.broadcast_changes(
  topic_name text, event_name text, operation text, table_name text, table_schema text,
  new record, old record, level text default 'ROW'
) returns void language plpgsql as $$
begin
  if level = 'STATEMENT' then
    raise exception 'Failed to process the row: function can only be triggered for each row, not for each statement';
  end if;
  if operation not in ('INSERT', 'UPDATE', 'DELETE') then
    raise exception 'Failed to process the row: Unexpected operation type: %', operation;
  end if;
  perform realtime.send(
    jsonb_build_object(
      'schema', table_schema, 'table', table_name, 'operation', operation, 'record', new, 'old_record', old),
    event_name, topic_name);
end $$;
