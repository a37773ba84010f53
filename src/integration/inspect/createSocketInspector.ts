import type { AnyActorRef, InspectionEvent } from 'xstate'
import { expectCount, failType } from '../../actions/validate.ts'
import { Attachments, currentActors, hearOnce } from './actors.ts'
import type { Inspectable } from './createStatelyInspector.ts'
import { type KnownEvent, describe, statusOf } from './describe.ts'
import { Limiter } from './limiter.ts'
import { type ShownOptions, resolveShown, warnOfOptions } from './options.ts'

/** An inspector of `@statelyai/inspect`, such as the one of `createWebSocketInspector`. */
export interface InspectorTarget {
  readonly inspect: {
    /** Takes an inspection event of XState. */
    readonly next?: ((event: InspectionEvent) => void) | undefined
  }
}

/** What `createSocketInspector` takes beside the inspector. */
export interface SocketInspectorOptions extends ShownOptions {
  /**
   * After so many messages the actors that live are told of again, with the states they are in: whoever looks later than
   * that sees them too. Keep it below what the server between remembers.
   * @default 150
   */
  readonly repeatEveryMessages?: number | undefined
}

/** Shows statecharts through an inspector that needs no window. */
export interface SocketInspector {
  /** Pass this as the `inspect` option of `createCoalescer` to see everything from the start. */
  readonly inspect: (event: InspectionEvent) => void
  /** Shows a coalescer or realtime service that runs already; returns a function that ends it. */
  attach(source: Inspectable): () => void
  /** Tells of all actors that live, and the states they are in: for a viewer that has just come. */
  replay(): void
  /** How many events were left out to keep the viewer usable. */
  getDropped(): number
  /** Ends it: everything is detached, nothing is told any more. The inspector it was given goes on. */
  stop(): void
}

/**
 * Shows coalescers and realtime services where no window can be opened: in Node, or under
 * Cross-Origin-Opener-Policy. Gives an inspector of `@statelyai/inspect` what `createStatelyInspector` would show: storms
 * are thinned with numbers, the flow gets through, and viewers that come late are told of the actors that live.
 *
 * @throws TypeError or RangeError for a bad option, or something that is no inspector.
 */
export function createSocketInspector(target: InspectorTarget, options: SocketInspectorOptions = {}): SocketInspector {
  const next = target?.inspect?.next?.bind(target.inspect)
  if (!next) {
    failType(
      'target',
      'an inspector of @statelyai/inspect',
      target,
      "Pass createWebSocketInspector({ url: 'ws://localhost:8080', serializationDepthLimit: 40 }).",
    )
  }
  warnOfOptions('createSocketInspector()', options, { repeatEveryMessages: true })
  const { repeatEveryMessages = 150, ...rest } = options
  const { maxEventsPerSecond, sanitizeEvent, sanitizeContext } = resolveShown(rest)
  const most = expectCount('repeatEveryMessages', repeatEveryMessages)
  const watched = new Attachments()
  /** The announcements of the actors that live, parents first. */
  const living = new Map<string, KnownEvent>()
  let sinceReplay = 0
  let isStopped = false

  const limiter = new Limiter(maxEventsPerSecond, (event) => {
    if (event.type === '@xstate.actor') living.set(event.actorRef.sessionId, event)
    tell(event)
    sinceReplay += 1
    if (sinceReplay >= most) replay()
  })

  function tell(event: KnownEvent): void {
    try {
      next?.(describe(event, { sanitizeEvent, sanitizeContext }, () => undefined))
    } catch {
      // What fails on the way to a viewer must not reach the actor that is watched.
    }
  }

  function replay(): void {
    sinceReplay = 0
    for (const [sessionId, event] of living) {
      if (statusOf((event.actorRef as AnyActorRef).getSnapshot()) === 'active') tell(event)
      else living.delete(sessionId)
    }
  }

  const hear = hearOnce((event) => limiter.take(event))

  function inspect(event: InspectionEvent): void {
    if (!isStopped) hear(event)
  }

  return {
    inspect,
    attach({ actor }) {
      if (isStopped) return () => undefined
      return watched.attachWithCompanions(actor, (one) => {
        for (const event of currentActors(one, one.sessionId)) {
          if (event.type !== '@xstate.actor' || !living.has(event.actorRef.sessionId)) inspect(event)
        }
        const subscription = one.system.inspect({ next: inspect })
        return () => subscription.unsubscribe()
      })
    },
    replay() {
      if (!isStopped) replay()
    },
    getDropped: () => limiter.dropped,
    stop() {
      isStopped = true
      watched.endAll()
      limiter.stop()
      living.clear()
    },
  }
}
