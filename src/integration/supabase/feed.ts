import { createActor } from 'xstate'
import type { RealtimeStatus } from '../../actions/feedStatus.ts'
import { feedMachine } from '../../machines/feed.ts'
import type { CatchUpEffect, CatchUpReason } from '../../machines/feedPort.ts'
import type { CoalescerInternals } from '../query/internals.ts'
import { isPageAwake, watchPage } from './page.ts'
import type { ResolvedService } from './resolveService.ts'
import { createUserToken } from './userToken.ts'
import type { WireListener } from './wire.ts'

/** Hears what a feed has to tell. Nothing of it may throw. */
export interface FeedListener {
  /** A row event of `postgres_changes`, in the payload shape of supabase-js. */
  changed(payload: unknown): void
  /** A message of a topic, as a `broadcast` callback of supabase-js receives it. */
  received(topic: string, message: unknown): void
  /** Changes may have been missed. */
  catchUp(reason: CatchUpReason, effect: CatchUpEffect): void
  report(message: string, error?: unknown): void
}

/** What tells of changes: the channels of a client, each kept joined, behind one status. */
export interface Feed {
  readonly actor: ReturnType<typeof createFeedActor>
  start(): void
  stop(): void
  getStatus(): RealtimeStatus
  /** Opens the channels anew that are live, because they are known to deliver nothing. */
  distrust(message: string): void
}

type FeedPort = Parameters<typeof createFeedActor>[0]
const createFeedActor = (
  port: { catchUp: FeedListener['catchUp']; service: ResolvedService },
  internals: CoalescerInternals,
) =>
  createActor(feedMachine, {
    id: `realtime:${port.service.channel}`,
    systemId: `realtime:${port.service.channel}`,
    input: {
      port: {
        now: internals.now,
        firstCatchUp: port.service.firstCatchUp,
        backstopMs: port.service.backstopMs,
        catchUp: port.catchUp,
        isAwake: isPageAwake,
      },
    },
    ...internals.actorOptions,
  })

/** Creates the feed of a service. It does nothing until `start()`. */
export function createFeed(service: ResolvedService, internals: CoalescerInternals, listener: FeedListener): Feed {
  const token = createUserToken(service.supabase, internals.now)
  const actor = createFeedActor({ service, catchUp: listener.catchUp } satisfies FeedPort, internals)
  const wireListener: WireListener = {
    changed: (payload) => listener.changed(payload),
    received: (topic, message) => listener.received(topic, message),
    report: (message, error) => listener.report(message, error),
    progressed(event) {
      if (isRunning) actor.send(event)
    },
    status: () => actor.getSnapshot().value.link,
  }
  const wire = service.createWire(service, internals, token, wireListener)
  let isRunning = false
  let unwatchPage = (): void => undefined

  actor.start()
  return {
    actor,
    start() {
      if (isRunning) return
      isRunning = true
      actor.send({ type: 'INITIALIZE' })
      unwatchPage = watchPage(() => {
        actor.send({ type: 'PAGE_AWAKE' })
        wire.pageAwake()
      })
      wire.start()
    },
    stop() {
      if (!isRunning) return
      isRunning = false
      unwatchPage()
      token.release()
      actor.send({ type: 'STOP' })
      wire.stop()
      actor.send({ type: 'STATUS', status: 'closed' })
    },
    getStatus: () => actor.getSnapshot().value.link,
    distrust: (message) => wire.distrust(message),
  }
}
