import { failType } from './validate.ts'

/**
 * Reads what `realtime.broadcast_changes` sends as a payload of `postgres_changes`.
 *
 * @throws TypeError if it is not of that shape.
 */
export function readBroadcast(message: unknown): object {
  const { payload } = (message ?? {}) as { readonly payload?: unknown }
  if (typeof payload !== 'object' || payload === null || !('operation' in payload)) {
    failType(
      'message.payload',
      'what realtime.broadcast_changes sends: { schema, table, operation, record, old_record }',
      payload,
      'Send changes to the topic with realtime.broadcast_changes().',
    )
  }
  const { schema, table, operation, record, old_record } = payload as Record<string, unknown>
  return { schema, table, eventType: operation, new: record, old: old_record, commit_timestamp: null, errors: null }
}
