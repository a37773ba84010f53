import type { ActorSystem, InspectionEvent, Observer, Subscription } from 'xstate'
import type { ErrorReporter } from '../../../actions/report.ts'
import type { CoalescerActorRef } from '../coalescer.ts'

type Inspect = Observer<InspectionEvent> | ((event: InspectionEvent) => void)

/** An inspector that cannot break the actor it watches. */
export function createContainedInspect(inspect: Inspect, report: ErrorReporter): (event: InspectionEvent) => void {
  return (event) => {
    try {
      if (typeof inspect === 'function') inspect(event)
      else inspect.next?.(event)
    } catch (error) {
      report(error, { type: 'listenerFailed', event: 'inspect' })
    }
  }
}

/** Counts those who have subscribed and not left again. */
class Audience {
  #count: number

  constructor(count: number) {
    this.#count = count
  }

  isOn(): boolean {
    return this.#count > 0
  }

  /** Returns the subscription, by which the one who has come leaves, once. */
  join(subscription: Subscription): Subscription {
    let isSubscribed = true
    this.#count += 1
    return {
      unsubscribe: () => {
        if (isSubscribed) this.#count -= 1
        isSubscribed = false
        subscription.unsubscribe()
      },
    }
  }
}

/**
 * Tells whether anyone inspects an actor system, also when an inspector is attached or detached later: while one
 * watches, every event must pass through the actors.
 */
// oxlint-disable-next-line typescript/no-explicit-any -- XState's own type for a system whose actor ids are unknown
export function watchInspectors(system: ActorSystem<any>, isInspected: boolean): Pick<Audience, 'isOn'> {
  const audience = new Audience(isInspected ? 1 : 0)
  const inspect = system.inspect.bind(system)
  system.inspect = (observer) => audience.join(inspect(observer))
  return audience
}

/** Tells whether anyone listens to what the actor itself emits: without, no fact has to reach it. */
export function watchListeners(actor: CoalescerActorRef): Pick<Audience, 'isOn'> {
  const audience = new Audience(0)
  const on = actor.on.bind(actor)
  actor.on = (type, handler) => audience.join(on(type, handler))
  return audience
}
