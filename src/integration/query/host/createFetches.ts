import type { LogicalClock } from '../../../actions/clock.ts'
import type { Containment } from '../../../actions/containment.ts'
import type { Counters } from '../fetches/counters.ts'
import { Fetches } from '../fetches/fetches.ts'
import { describeStuck } from '../fetches/stuck.ts'
import type { Entry } from '../fetches/way.ts'
import type { EnginePort } from './enginePort.ts'

interface EngineParts {
  readonly logicalClock: LogicalClock
  readonly containment: Containment
  readonly counters: Counters
  changed(): void
  /** The latest fetch of a query has failed, which nobody has been told of yet. */
  failed(entry: Entry): void
  removed(entry: Entry): void
}

/** The fetches of an engine. */
export const createFetches = (port: EnginePort, parts: EngineParts): Fetches =>
  new Fetches({
    ...parts,
    maxConcurrentRefetches: port.options.maxConcurrentRefetches,
    stuckAfterMs: port.options.stuckAfterMs,
    isHeld: port.isHeld,
    now: port.now,
    clock: port.clock,
    mayYield: port.isRealTime,
    fetchLost: (queryKeys) => port.fetchLost(queryKeys),
    fetchFailed: parts.failed,
    fetchStuck: (entry) => port.report(...describeStuck(entry, port.now())),
  })
