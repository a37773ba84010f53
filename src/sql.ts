export { broadcastSql } from './integration/sql/broadcastSql.ts'
export type { BroadcastSqlOptions, BroadcastTable, TopicOptions } from './integration/sql/options.ts'
