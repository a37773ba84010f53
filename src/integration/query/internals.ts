import type { QueryClient } from '@tanstack/react-query'
import type { ActorOptions, AnyActorLogic } from 'xstate'
import type { ErrorReporter } from '../../actions/report.ts'
import { failType } from '../../actions/validate.ts'
import type { Wants } from '../../actions/wants.ts'
import type { QueryKey } from '../../actions/types.ts'
import type { Coalescer } from './coalescer.ts'
import type { Engine } from './host/engine.ts'
import type { Entry } from './fetches/way.ts'

/** What other edges need of a coalescer beyond its public face. */
export interface CoalescerInternals {
  readonly engine: Engine
  readonly report: ErrorReporter
  readonly now: () => number
  readonly isStopped: () => boolean
  /** The clock and inspector that other actors of the same coalescer share. */
  readonly actorOptions: Pick<ActorOptions<AnyActorLogic>, 'clock' | 'inspect'>
  /** Schedules keys as one event for what they want; each resolves with the queries it led to, flushed or deferred. */
  schedule(queryKeys: readonly QueryKey[], exact: boolean, wants: Wants): Promise<ReadonlySet<Entry>>[]
  /** Owes queries a fetch again, because a patch has overtaken the one that is running. */
  fetchLost(queryKeys: readonly QueryKey[]): void
  /** Gives the coalescer its query client, if it has none yet. */
  attach(queryClient: QueryClient): void
}

const internals = new WeakMap<Coalescer, CoalescerInternals>()

export function registerInternals(coalescer: Coalescer, own: CoalescerInternals): void {
  internals.set(coalescer, own)
}

/** @throws TypeError for anything that `createCoalescer` did not make. */
export function internalsOf(coalescer: Coalescer): CoalescerInternals {
  const own = internals.get(coalescer)
  if (!own) failType('coalescer', 'a coalescer', coalescer, 'Pass what createCoalescer() returned.')
  return own
}
