import type { Containment } from '../../../actions/containment.ts'
import type { CoalescerClock } from '../../../actions/clock.ts'
import type { Emitter, ErrorReporter } from '../../../actions/report.ts'
import type { QueryKey } from '../../../actions/types.ts'
import type { EmittedRecords } from '../../../machines/events.ts'
import type { ResolvedOptions } from '../options.ts'

/** What the engine needs of the coalescer around it. */
export interface EnginePort {
  readonly options: ResolvedOptions
  readonly now: () => number
  readonly clock: CoalescerClock
  readonly isHeld: () => boolean
  /** Whether the timers are those of the platform. */
  readonly isRealTime: boolean
  readonly report: ErrorReporter
  readonly emitter: Emitter<EmittedRecords<string>>
  /** Tells the actor's own listeners of a fact. */
  emitFromActor<Name extends keyof EmittedRecords>(name: Name, record: EmittedRecords<string>[Name]): void
  /** Tells the orchestrator of queries that owe a fetch again. */
  fetchLost(queryKeys: readonly QueryKey[], sources: readonly string[]): void
  /** Something of the snapshot has changed outside of a transition. */
  changed(): void
  /** The orchestrator has given up. */
  gaveUp(error: unknown): void
}

/** The root of a key by the app's own function; its first element without one, or where it throws. */
export const containRootOf =
  (rootOf: ((queryKey: QueryKey) => unknown) | undefined, containment: Containment) =>
  (queryKey: QueryKey): unknown => {
    let root = queryKey[0]
    if (rootOf) containment.run(() => (root = rootOf(queryKey)))
    return root
  }
