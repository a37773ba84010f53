import type { ActorSystem, InspectionEvent, Observer } from 'xstate'
import type { ErrorReporter } from '../../../actions/report.ts'
import type { CoalescerActorRef } from '../coalescer.ts'

type Inspect = Observer<InspectionEvent> | ((event: InspectionEvent) => void)

/** An inspector that cannot break the actor it watches. */
export function createTracedInspect(inspect: Inspect, report: ErrorReporter): (event: InspectionEvent) => void {
  return (event) => {
    try {
      if (typeof inspect === 'function') inspect(event)
      else inspect.next?.(event)
    } catch (error) {
      report(error, { type: 'listenerFailed', event: 'inspect' })
    }
  }
}

/**
 * Tells whether anyone inspects an actor system, also when an inspector is attached or detached later: while one
 * watches, every event must pass through the actors.
 */
// oxlint-disable-next-line typescript/no-explicit-any -- XState's own type for a system whose actor ids are unknown
export function watchInspectors(system: ActorSystem<any>, isInspected: boolean): { isOn(): boolean } {
  let watching = isInspected ? 1 : 0
  const inspect = system.inspect.bind(system)
  system.inspect = (observer) => {
    const subscription = inspect(observer)
    let isSubscribed = true
    watching += 1
    return {
      unsubscribe() {
        if (isSubscribed) watching -= 1
        isSubscribed = false
        subscription.unsubscribe()
      },
    }
  }
  return { isOn: () => watching > 0 }
}

/** Tells whether anyone listens to what the actor itself emits: without, no fact has to reach it. */
export function watchListeners(actor: CoalescerActorRef): { isOn(): boolean } {
  let listening = 0
  const on = actor.on.bind(actor)
  actor.on = (type, handler) => {
    const subscription = on(type, handler)
    let isSubscribed = true
    listening += 1
    return {
      unsubscribe() {
        if (isSubscribed) listening -= 1
        isSubscribed = false
        subscription.unsubscribe()
      },
    }
  }
  return { isOn: () => listening > 0 }
}
