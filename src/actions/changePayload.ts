import type { Change } from './types.ts'
import { expectObject, expectText, failType } from './validate.ts'

const eventTypes = ['INSERT', 'UPDATE', 'DELETE'] as const

/**
 * Reads a change from the payload that supabase-js gives to `postgres_changes` callbacks.
 *
 * @throws TypeError if it is not of that shape.
 */
export function readChange(payload: unknown): Change {
  expectObject(
    'payload',
    'an object { schema, table, eventType, new, old, commit_timestamp, errors }',
    payload,
    'Pass what a postgres_changes callback receives.',
  )
  const {
    schema,
    table,
    eventType,
    new: after,
    old: before,
    commit_timestamp,
    errors,
  } = payload as Record<string, unknown>
  const knownType = eventTypes.find((one) => one === eventType)
  if (!knownType) {
    failType('payload.eventType', "'INSERT', 'UPDATE' or 'DELETE'", eventType, 'Pass the type of one row event.')
  }
  return {
    schema: readName('schema', schema),
    table: readName('table', table),
    eventType: knownType,
    new: readRow('new', after),
    old: readRow('old', before),
    commitTimestamp: readTimestamp(commit_timestamp),
    errors: readErrors(errors),
  }
}

function readName(name: 'schema' | 'table', value: unknown): string {
  expectText(`payload.${name}`, 'a name', value, `Pass the ${name} the change happened in.`)
  return value
}

function readRow(name: 'new' | 'old', value: unknown): Record<string, unknown> {
  if (value === undefined || value === null) return {}
  expectObject(`payload.${name}`, 'a row object', value, 'Pass {} where there is no row.')
  // A feed may write its next change into the same object, and `batch` runs handlers later.
  return { ...value }
}

function readTimestamp(value: unknown): string | null {
  if (value === undefined || value === null) return null
  if (typeof value !== 'string') {
    failType('payload.commit_timestamp', 'a string or null', value, 'Pass the commit time as the feed gives it.')
  }
  return value
}

function readErrors(value: unknown): readonly string[] | null {
  if (value === undefined || value === null || value === '') return null
  // A message on its own says as much as a list of one: the record cannot be trusted.
  if (typeof value === 'string') return [value]
  if (!Array.isArray(value)) {
    failType('payload.errors', 'a list of messages or null', value, 'Pass null where nothing went wrong.')
  }
  return value.map(String)
}
