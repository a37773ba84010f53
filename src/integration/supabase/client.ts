import type { SupabaseClient } from '@supabase/supabase-js'

/** What is used of a supabase-js client. */
export interface FeedClient {
  channel(name: string, options?: { readonly config: object }): object
  removeChannel(channel: never): unknown
  getChannels?(): readonly (object & { readonly topic: string; readonly state?: string })[]
  readonly realtime?: object
}

/** What is used of the socket of a client, as far as its version has it. */
export interface FeedSocket {
  setAuth?(token?: string | null): PromiseLike<void>
  disconnect?(): unknown
  isConnected?(): boolean
  isDisconnecting?(): boolean
  /** The WebSocket, of clients that have it themselves. */
  readonly conn?: Pick<EventTarget, 'addEventListener' | 'removeEventListener'> | null
  /** Has the WebSocket in newer clients. */
  readonly socketAdapter?: { getSocket?(): { readonly conn?: object | null } | undefined }
  /** Drops a channel from the client's list. */
  _remove?(channel: object): void
  /** Says what token to join with; what `createClient` passes falls back to the API key. */
  accessToken?: (() => PromiseLike<string | null>) | null
  readonly accessTokenValue?: string | null
  readonly apiKey?: string | null
}

/** One binding of a channel to row events. */
export interface FeedBinding {
  readonly event: '*' | 'UPDATE' | 'DELETE'
  readonly schema: string
  readonly table: string
  readonly filter?: string
  readonly select?: readonly string[]
}

/** What is used of a channel of supabase-js, whose overloads no structural type can restate. */
export interface FeedChannel {
  readonly topic?: string
  readonly state?: string
  readonly params?: { readonly config?: object }
  on(type: 'postgres_changes', filter: FeedBinding, callback: (payload: unknown) => void): unknown
  on(type: 'broadcast', filter: { readonly event: string }, callback: (message: unknown) => void): unknown
  on(type: 'system', filter: object, callback: (payload: unknown) => void): unknown
  subscribe(callback: (status: string, error?: Error) => void): unknown
  teardown?(): void
}

/** The generated `Database` type of a client; `unknown` if it has none. */
export type DatabaseOf<Client> =
  // oxlint-disable-next-line typescript/no-explicit-any -- the other type parameters do not matter here
  Client extends SupabaseClient<infer Database, any, any, any, any>
    ? IsAny<Database> extends true
      ? unknown
      : Database
    : unknown

type IsAny<T> = 0 extends 1 & T ? true : false
