import type { Change, ChangeHandler, DeleteChange, QueryKey, StatementChange } from '../../actions/types.ts'
import type { AnyCoalescer } from '../query/coalescer.ts'
import type { DatabaseOf, FeedClient } from './client.ts'
import type { MessageOptions } from './messageOptions.ts'
import type { TabsEnvironment } from './tabs/environment.ts'

type UnknownRow = Record<string, unknown>

type SchemaName<Client> = unknown extends DatabaseOf<Client> ? string : Extract<keyof DatabaseOf<Client>, string>

type ClientTables<Client, Schema extends string> =
  DatabaseOf<Client> extends { readonly [Name in Schema]: { readonly Tables: infer Tables } }
    ? Tables
    : Record<never, never>

export type RowOf<Table> = Table extends { readonly Row: infer Row extends object } ? Row : UnknownRow

type FilterOn<Row> = string extends keyof Row ? string : `${Extract<keyof Row, string>}=${string}`

/** What `postgresChangesFilter()` of `@supabase/supabase-js` builds. */
export interface FilterBuilder {
  /** The filter as a text. */
  build(): string
}

/** A topic that the database broadcasts changes to, by `realtime.broadcast_changes` or `realtime.send`. */
export interface BroadcastOptions {
  /** The topic, as the database names it. Each topic is a channel of its own. */
  readonly topic: string
  /** The only event of the topic to listen to. @default every event */
  readonly event?: string | undefined
  /** Whether the policies of `realtime.messages` decide who may listen. @default true */
  readonly private?: boolean | undefined
  /**
   * Also brings messages that were missed in a gap, the newest 25 at most, to their handlers. The server loses some of
   * them, so gaps are caught up with all the same: turn it on for handlers that do more than refetch. Private topics
   * only.
   * @default the `replay` of the service
   */
  readonly replay?: boolean | undefined
}

/** What holds for a table however its changes are answered. */
interface TableRules<Row extends object> {
  /**
   * Which rows the server sends, as in `'user_id=eq.7'`: `column=operator.value`, several separated by commas. A row
   * that an UPDATE takes out of the filter comes as no change at all, unless `unfilteredUpdates` is on. What
   * `postgresChangesFilter()` builds will do as well. Not for a table that comes through broadcast.
   * @default every row
   */
  readonly filter?: FilterOn<Row> | FilterBuilder | undefined
  /**
   * The columns the server sends, beside the primary key. Fewer are fewer bytes, and keep rows below 1 MiB. Not for a
   * table that comes through broadcast.
   * @default every column the role may read
   */
  readonly select?: readonly Extract<keyof Row, string>[] | undefined
  /**
   * Receives the table's changes through a topic the database broadcasts to, instead of `postgres_changes`; `false`
   * keeps it on `postgres_changes` where the service says otherwise.
   * @default the `broadcast` of the service
   */
  readonly broadcast?: BroadcastOptions | false | undefined
  /** The columns of the table's primary key. @default ['id'] */
  readonly primaryKey?: readonly Extract<keyof Row, string>[] | undefined
  /**
   * What to do with a DELETE that carries only the primary key, as it does unless the table has `REPLICA IDENTITY FULL`
   * and no row level security: `'catchUp'` invalidates the table's catch-up keys, `'handle'` calls the handler.
   * @default 'catchUp'
   */
  readonly keyOnlyDeletes?: 'catchUp' | 'handle' | undefined
  /**
   * The columns the handler reads. A change that lacks one of them is answered by the table's catch-up keys; one that
   * lacks others, such as a large value an UPDATE has left alone, is handled. Name them all if the first change may be
   * an UPDATE without such a value.
   * @default every column that rows of the table have been seen to have
   */
  readonly needs?: readonly Extract<keyof Row, string>[] | undefined
  /**
   * Whether a DELETE can concern this client. DELETEs reach every client, also those of rows it may not read: return
   * `false` for a row that nothing on screen shows or counts. Asked if the old row has the primary key and no query of
   * the catch-up keys is being fetched, because its response may bring the row. A throw is reported, and counts as
   * `true`.
   * @default every DELETE does
   */
  readonly concerns?: ((deleted: DeleteChange<Row>) => boolean) | undefined
  /**
   * Also receives the DELETEs that a `filter` on other columns than the primary key would never let through, those of
   * other rows included. Turn it off if the table has many of those and nothing on screen depends on deletions.
   * @default true
   */
  readonly unfilteredDeletes?: boolean | undefined
  /**
   * Also receives the UPDATEs of rows that the `filter` excludes, so that a row an UPDATE takes out of the filter is
   * noticed. Costs a change for every UPDATE of the table that the role may see: leave it off for busy tables.
   * @default false
   */
  readonly unfilteredUpdates?: boolean | undefined
}

/** The short form: a change of the table invalidates these keys. */
export interface KeysOfTable<Row extends object = UnknownRow> extends TableRules<Row> {
  /**
   * The keys to invalidate. Called without a change when one may have been missed, and then returns every key a change
   * of the table could touch. A change without its rows, as a statement trigger tells it, has the primary keys in
   * `keys`; if the function reads another column of it, it is called again without a change.
   */
  keys(change?: Change<Row> | StatementChange<Row>): readonly QueryKey[]
  readonly handle?: never
  readonly catchUp?: never
}

/** The long form: a handler decides what a change of the table does. */
export interface HandlerOfTable<Row extends object = UnknownRow> extends TableRules<Row> {
  /** Turns a change into effects. Pure, because `batch` runs it later; a throw is reported and answered by `catchUp`. */
  readonly handle: ChangeHandler<Row>
  /** What changes of the table can touch: invalidated when one may have been missed or cannot be handled. */
  readonly catchUp: readonly QueryKey[]
  readonly keys?: never
}

/** How changes of a table are answered: by the keys they touch, or by a handler. */
export type TableOptions<Row extends object = UnknownRow> = KeysOfTable<Row> | HandlerOfTable<Row>

/** The tables of a feed by name: those of the client's `Database` type, or any if the client is untyped. */
export type TableOptionsByName<Client, Schema extends string> =
  unknown extends DatabaseOf<Client>
    ? { readonly [Table in string]: TableOptions }
    : {
        readonly [Table in keyof ClientTables<Client, Schema>]?: TableOptions<
          RowOf<ClientTables<Client, Schema>[Table]>
        >
      } & {
        readonly [Name in QualifiedName<Client>]?: TableOptions<RowOfQualified<Client, Name>>
      }

/** `'schema.table'`, for a table of any schema. */
type QualifiedName<Client> = {
  [Schema in SchemaName<Client>]: `${Schema}.${Extract<keyof ClientTables<Client, Schema>, string>}`
}[SchemaName<Client>]

type RowOfQualified<Client, Name> = Name extends `${infer Schema}.${infer Table}`
  ? Table extends keyof ClientTables<Client, Schema>
    ? RowOf<ClientTables<Client, Schema>[Table]>
    : never
  : never

/** The rows of the tables of a client by name, those of other schemas by `'schema.table'`. */
export type RowsByName<Client, Schema extends string> =
  unknown extends DatabaseOf<Client>
    ? { readonly [Table in string]: object }
    : { readonly [Table in keyof ClientTables<Client, Schema>]: RowOf<ClientTables<Client, Schema>[Table]> } & {
        readonly [Name in QualifiedName<Client>]: RowOfQualified<Client, Name>
      }

/** What `createRealtimeService` takes. */
export interface RealtimeServiceOptions<Client extends FeedClient = FeedClient, Schema extends string = string> {
  /** The client of `createClient` from `@supabase/supabase-js`. On Node 20 it needs `realtime: { transport: ws }`. */
  readonly supabase: Client
  /** What `createCoalescer` returned. Timers of the connection run on its `clock`. */
  readonly coalescer: AnyCoalescer
  /**
   * The name of the channel for `postgres_changes`; no one else may use it on this client. A channel of the client that
   * is not subscribed yet will do as well: it is joined, and left, by the service, and replaced after the server has
   * closed it by one with the same `config`.
   */
  readonly channel: string | { readonly topic: string }
  /** The `config` of the channels, as in `supabase.channel(name, { config })`: `private`, `broadcast`, `presence`. */
  readonly channelConfig?: object | undefined
  /** The schema of the tables. @default 'public' */
  readonly schema?: (Schema & SchemaName<Client>) | undefined
  /** The tables by name; those of another schema by `'schema.table'`. */
  readonly tables: TableOptionsByName<Client, Schema>
  /**
   * Receives the changes of all tables through a topic the database broadcasts to, instead of `postgres_changes`.
   * @default `postgres_changes`, but for tables that say otherwise
   */
  readonly broadcast?: BroadcastOptions | undefined
  /** The `replay` of topics that do not say. @default false */
  readonly replay?: boolean | undefined
  /**
   * How messages of broadcast topics are answered that are no changes of tables, by event.
   * @default they are reported, once for each event
   */
  readonly messages?: { readonly [Event in string]: MessageOptions } | undefined
  /**
   * What to do about changes from before the feed is live for the first time: `'refetch'` fetches once what is on
   * screen and whose fetch started before that, and marks what is not; `'markStale'` only marks, which leaves old data
   * on the screen until focus or mount; `'off'` does nothing. Whoever waits for live before the first fetch pays nothing.
   * @default 'refetch'
   */
  readonly firstCatchUp?: 'markStale' | 'refetch' | 'off' | undefined
  /**
   * Time between two fetches of what all tables touch, in milliseconds, for servers that drop changes silently under
   * load. Lower it to bound how long such a loss can show; none while the page is hidden or offline.
   * @default no sweeps
   */
  readonly backstopMs?: number | undefined
  /**
   * Lets the tabs of one origin, with the same `channel` and user, share one connection: one tab holds it, and hands
   * every change on to the others. Where the browser has no Web Locks or no BroadcastChannel each tab has its own, which
   * is reported once. An object says what to share with, for tests.
   * @default false
   */
  readonly shareAcrossTabs?: boolean | TabsEnvironment | undefined
}
