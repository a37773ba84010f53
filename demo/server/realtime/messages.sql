-- Messages that were sent, in commit order, for the realtime server to hand on.

create table realtime_outbox.messages (
  seq bigint generated always as identity primary key,
  id uuid not null,
  topic text not null,
  event text not null,
  is_private boolean not null,
  payload text,
  binary_payload bytea
);

create function realtime_outbox.capture_message() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into realtime_outbox.messages (id, topic, event, is_private, payload, binary_payload)
  values (new.id, new.topic, new.event, coalesce(new.private, false), new.payload::text, new.binary_payload);
  perform pg_notify('realtime_messages', '');
  return null;
end $$;

create trigger capture_message after insert on realtime.messages
for each row when (new.extension = 'broadcast' and new.event is not null)
execute function realtime_outbox.capture_message();

-- What the holder of `claims` may read on `topic`: writes a message of each kind, looks which of them the policies show,
-- and takes them back.
create function realtime_outbox.readable_extensions(topic text, role text, claims text) returns text[]
language plpgsql as $$
declare
  probes constant uuid[] := array[gen_random_uuid(), gen_random_uuid()];
  readable text[];
begin
  begin
    insert into realtime.messages (id, topic, extension)
    values (probes[1], readable_extensions.topic, 'broadcast'), (probes[2], readable_extensions.topic, 'presence');
    perform
      set_config('role', role, true),
      set_config('realtime.topic', topic, true),
      set_config('request.jwt.claims', claims, true);
    execute 'select array_agg(extension) from realtime.messages where topic = $1 and id = any ($2)'
    into readable using topic, probes;
    raise exception using errcode = 'RT000';
  exception
    when sqlstate 'RT000' then null;
    -- A policy that fails shows nothing.
    when others then readable := '{}';
  end;
  return coalesce(readable, '{}');
end $$;

-- Whether the holder of `claims` may send on `topic`; the message written to find out is taken back.
create function realtime_outbox.is_writable(topic text, role text, claims text, extension text) returns boolean
language plpgsql as $$
declare
  allowed boolean := false;
begin
  begin
    perform
      set_config('role', role, true),
      set_config('realtime.topic', topic, true),
      set_config('request.jwt.claims', claims, true);
    execute 'insert into realtime.messages (topic, extension) values ($1, $2)' using topic, extension;
    allowed := true;
    raise exception using errcode = 'RT000';
  exception
    when sqlstate 'RT000' then null;
    when others then allowed := false;
  end;
  return allowed;
end $$;
