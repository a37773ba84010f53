import type { Change } from 'realtime-coalescer'

/** A row event of a table. */
export const changeOf = (table: string, id = 1): Change => ({
  schema: 'public',
  table,
  eventType: 'INSERT',
  new: { id },
  old: {},
  commitTimestamp: null,
  errors: null,
})
