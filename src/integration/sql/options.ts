/** Which topic a table's changes go to. */
export type TopicOptions =
  /** One topic for everybody who is signed in. */
  | string
  /** A topic for each value of a column, as in `user:7`. */
  | {
      /** What stands before the value. */
      readonly prefix: string
      /** The column that says whose the row is. */
      readonly column: string
      /**
       * Who may listen to a topic: the users a table names as its members. Without it, the user whose id the column
       * holds.
       */
      readonly members?:
        | {
            /** The table, `'schema.table'` for one outside of `public`. */
            readonly table: string
            /** Its column that holds what `column` holds. */
            readonly column: string
            /** Its column that holds the user's id. */
            readonly user: string
          }
        | undefined
    }

/** A table that is to tell of its changes. */
export interface BroadcastTable {
  /** @default 'public' */
  readonly schema?: string | undefined
  readonly name: string
  /** The columns of its primary key. @default ['id'] */
  readonly primaryKey?: readonly string[] | undefined
  /** @default the `topic` of all tables */
  readonly topic?: TopicOptions | undefined
}

/** What `broadcastSql` takes. */
export interface BroadcastSqlOptions {
  /** The tables; a name stands for one with the defaults, `'schema.table'` for one outside of `public`. */
  readonly tables: readonly (string | BroadcastTable)[]
  /**
   * What is sent: `'rows'` one message for each row, with the row before and after; `'statements'` one message for each
   * statement, with the number of rows and up to 100 primary keys, and nothing else of them.
   * @default 'statements'
   */
  readonly send?: 'rows' | 'statements' | undefined
  /** Where to. @default 'db' */
  readonly topic?: TopicOptions | undefined
}
