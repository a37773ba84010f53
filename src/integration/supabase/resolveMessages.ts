import type { BroadcastMessage, Change, ChangeEffects, QueryKey } from '../../actions/types.ts'
import { expectObject } from '../../actions/validate.ts'
import { type ResolvedAnswer, resolveAnswer } from './resolveAnswer.ts'

/**
 * Checks how messages of the app are answered.
 *
 * @throws TypeError for a bad option.
 */
export function resolveMessages(messages: unknown): Map<string, ResolvedAnswer> {
  if (messages === undefined) return new Map()
  expectObject('messages', 'an object of events by name', messages, "Pass { typing: { keys: () => [['rooms']] } }.")
  return new Map(
    Object.entries(messages as Record<string, unknown>)
      .filter(([, message]) => message !== undefined)
      .map(([event, message]) => [event, resolveMessage(`messages.${event}`, message)] as const),
  )
}

function resolveMessage(at: string, message: unknown): ResolvedAnswer {
  expectObject(
    at,
    'an object { keys } or { handle, catchUp }',
    message,
    "Pass { keys: () => [['rooms']] }, for instance.",
  )
  const { keys, handle } = message as {
    keys?: (message?: BroadcastMessage) => readonly QueryKey[]
    handle?: (message: BroadcastMessage) => ChangeEffects
  }
  const answer = resolveAnswer(at, message)
  if (handle) return { ...answer, handle: (change) => handle(messageOf(change)) }
  return { ...answer, handle: (change) => ({ invalidate: keys?.(messageOf(change)) }) }
}

/** A message on its way to its handler: for the database it is a new row of `realtime.messages`. */
export const changeOfMessage = (message: BroadcastMessage): Change => ({
  schema: 'realtime',
  table: 'messages',
  eventType: 'INSERT',
  new: { ...message },
  old: {},
  commitTimestamp: null,
  errors: null,
})

// Only `changeOfMessage` makes such changes.
const messageOf = (change: Change): BroadcastMessage => change.new as unknown as BroadcastMessage
