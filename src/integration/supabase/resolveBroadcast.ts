import { expectBoolean, expectObject, expectText, failType } from '../../actions/validate.ts'
import type { BroadcastOptions } from './options.ts'

/** A topic, and all that is asked of it. */
export interface ResolvedTopic {
  readonly topic: string
  readonly events: ReadonlySet<string>
  readonly isPrivate: boolean
  readonly replay: boolean
}

/** What one `broadcast` option asks for. */
export interface ResolvedBroadcast {
  readonly topic: string
  readonly event: string
  readonly isPrivate: boolean
  readonly replay: boolean
}

interface Defaults {
  readonly isPrivate: boolean
  readonly replay: boolean
}

/** @throws TypeError for a bad `broadcast` option. */
export function resolveBroadcast(at: string, broadcast: unknown, defaults: Defaults): ResolvedBroadcast {
  expectObject(at, 'an object { topic, event? }', broadcast, "Pass { topic: 'room:1' }, for instance.")
  const {
    topic,
    event = '*',
    private: isPrivate = defaults.isPrivate,
    replay = defaults.replay,
  } = broadcast as { [Name in keyof BroadcastOptions]?: unknown }
  expectText(
    `${at}.topic`,
    'the name of a topic',
    topic,
    "Pass the topic that the database sends to, such as 'room:1'.",
  )
  expectText(`${at}.event`, 'the name of an event', event, "Pass a name such as 'INSERT', or leave it out for all.")
  const resolved = {
    topic,
    event,
    isPrivate: expectBoolean(`${at}.private`, isPrivate),
    replay: expectBoolean(`${at}.replay`, replay),
  }
  if (resolved.replay && !resolved.isPrivate) {
    failType(`${at}.replay`, 'false for a public topic', true, 'The server replays private topics only.')
  }
  return resolved
}

/**
 * The topics that a service listens to, each once.
 *
 * @throws TypeError if one is to be private and public.
 */
export function mergeTopics(broadcasts: readonly ResolvedBroadcast[]): Map<string, ResolvedTopic> {
  const topics = new Map<string, ResolvedTopic>()
  for (const { topic, event, isPrivate, replay } of broadcasts) {
    const known = topics.get(topic)
    if (known && known.isPrivate !== isPrivate) {
      failType('broadcast.private', `the same wherever '${topic}' is named`, isPrivate, 'A topic is private or public.')
    }
    const events = new Set([...(known?.events ?? []), event])
    topics.set(topic, {
      topic,
      // The client calls back once for each listener that matches.
      events: events.has('*') ? new Set(['*']) : events,
      isPrivate,
      replay: replay || known?.replay === true,
    })
  }
  return topics
}
