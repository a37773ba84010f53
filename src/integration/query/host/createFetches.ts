import type { LogicalClock } from '../../../actions/clock.ts'
import type { Containment } from '../../../actions/containment.ts'
import type { Counters } from '../fetches/counters.ts'
import { Fetches } from '../fetches/fetches.ts'
import { Mutations } from '../fetches/mutations.ts'
import { describeStuck } from '../fetches/stuck.ts'
import type { Entry } from '../fetches/way.ts'
import type { EnginePort } from './enginePort.ts'

interface EngineParts {
  readonly logicalClock: LogicalClock
  readonly containment: Containment
  readonly counters: Counters
  /** Whether someone waits for everything. */
  readonly isAwaited: () => boolean
  changed(): void
  /** The latest fetch of a query has failed, which nobody has been told of yet. */
  failed(entry: Entry): void
  removed(entry: Entry): void
}

/** The fetches of an engine. */
export function createFetches(port: EnginePort, parts: EngineParts): Fetches {
  const { now, options } = port
  const mutations = new Mutations({
    now,
    maxMutationHoldMs: options.maxMutationHoldMs,
    containment: parts.containment,
    ended: () => fetches.holds.lookSoon(),
    resumed: () => fetches.resumePaused(),
  })
  const fetches = new Fetches({
    ...parts,
    mutations,
    isOn: options.whileMutating === 'defer',
    maxConcurrentRefetches: options.maxConcurrentRefetches,
    stuckAfterMs: options.stuckAfterMs,
    isHeld: port.isHeld,
    now,
    clock: port.clock,
    mayYield: port.isRealTime,
    fetchLost: (queryKeys, sources) => port.fetchLost(queryKeys, sources),
    fetchFailed: parts.failed,
    fetchStuck: (entry) => port.report(...describeStuck(entry, now())),
  })
  return fetches
}
