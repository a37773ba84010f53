import { PGlite } from '@electric-sql/pglite'

/** What a project has of Realtime's broadcast, as far as a migration needs it. */
const platform = `
  create role authenticated;
  create schema auth;
  create function auth.uid() returns uuid language sql stable as $$
    select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid
  $$;
  create schema realtime;
  grant usage on schema auth, realtime to authenticated;
  create function realtime.topic() returns text language sql stable as $$
    select nullif(current_setting('realtime.topic', true), '')
  $$;
  create table realtime.messages (
    id uuid default gen_random_uuid(), at bigint generated always as identity,
    topic text not null, extension text, event text, payload jsonb, private boolean
  );
  alter table realtime.messages enable row level security;
  grant select on realtime.messages to authenticated;
  create function realtime.send(payload jsonb, event text, topic text, private boolean default true) returns void
    language plpgsql as $$
    declare message_id uuid := gen_random_uuid();
    begin
      insert into realtime.messages (id, topic, extension, event, payload, private)
      values (message_id, topic, 'broadcast', event, jsonb_build_object('id', message_id) || payload, private);
    end $$;
  create function realtime.broadcast_changes(
    topic_name text, event_name text, operation text, table_name text, table_schema text, new record, old record,
    level text default 'ROW'
  ) returns void language plpgsql as $$
    begin
      if level = 'STATEMENT' then raise exception 'for rows only'; end if;
      perform realtime.send(
        jsonb_build_object('old_record', old, 'record', new, 'operation', operation, 'table', table_name, 'schema', table_schema),
        event_name, topic_name);
    end $$;
`

export interface SentMessage {
  readonly topic: string
  readonly event: string
  readonly private: boolean
  readonly payload: Readonly<Record<string, unknown>>
}

export interface BroadcastDatabase {
  exec(sql: string): Promise<void>
  /** The messages sent since the last call, without their ids. */
  takeSent(): Promise<SentMessage[]>
  /** Whether a user may listen to a topic, as the server finds out at a join. */
  mayListen(user: string, topic: string): Promise<boolean>
  close(): Promise<void>
}

/** A database with Realtime's broadcast functions, and the tables of a script. */
export async function createBroadcastDatabase(tables: string): Promise<BroadcastDatabase> {
  const pglite = await PGlite.create()
  const exec = async (sql: string): Promise<void> => void (await pglite.exec(sql))
  await exec(platform)
  await exec(tables)
  return {
    exec,
    async takeSent() {
      const { rows } = await pglite.query<SentMessage>(
        "select topic, event, private, payload - 'id' as payload from realtime.messages order by at",
      )
      await exec('delete from realtime.messages')
      return rows
    },
    async mayListen(user, topic) {
      return pglite.transaction(async (tx) => {
        await tx.query("select set_config('realtime.topic', $1, true), set_config('request.jwt.claims', $2, true)", [
          topic,
          JSON.stringify({ sub: user }),
        ])
        await tx.query("insert into realtime.messages (topic, extension) values ($1, 'broadcast')", [topic])
        await tx.exec('set local role authenticated')
        const { rows } = await tx.query('select 1 from realtime.messages')
        await tx.rollback()
        return rows.length > 0
      })
    },
    close: () => pglite.close(),
  }
}
