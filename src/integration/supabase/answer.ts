import { resolveEffects } from '../../actions/effects.ts'
import type { Moment } from '../../actions/pendingKey.ts'
import { identifyKey } from '../../actions/queryKeys.ts'
import type { Change, ChangeHandler, QueryKey } from '../../actions/types.ts'
import type { CoalescerInternals } from '../query/internals.ts'
import type { ResolvedAnswer } from './resolveAnswer.ts'

export interface AnswerPort {
  readonly internals: CoalescerInternals
  invalidate(queryKeys: readonly QueryKey[], source: string, moment?: Moment): void
  /** Has the handler of a change run, when the strategy says so; fetches may have seen the change before it came. */
  apply(change: Change, handler: ChangeHandler, moment?: Moment): void
}

/** What the app wants done for changes of one kind, with its failures contained. */
export interface Answer {
  take(change: Change, moment?: Moment): void
  /** What a change may touch of which nothing more is known; empty, and reported, if the app's function fails. */
  catchUpKeys(): readonly QueryKey[]
}

/** @throws TypeError for a key that cannot be told from others. */
export function expectUsable(queryKeys: readonly QueryKey[]): void {
  for (const queryKey of queryKeys) identifyKey(queryKey)
}

export function createAnswer(name: string, answer: ResolvedAnswer, { internals, apply }: AnswerPort): Answer {
  function catchUpKeys(): readonly QueryKey[] {
    try {
      const queryKeys = answer.catchUpKeys()
      expectUsable(queryKeys)
      return queryKeys
    } catch (error) {
      const message = `The catch-up keys of ${name} are unknown: its keys() threw when called without a change.`
      internals.report(error, { type: 'feedFailed', message })
      return []
    }
  }

  /** Never throws: what it cannot handle is caught up with instead. */
  const handler: ChangeHandler = (change) => {
    try {
      const effects = resolveEffects(answer.handle, change)
      expectUsable(effects.invalidate)
      expectUsable(effects.refetch.map(({ queryKey }) => queryKey))
      return effects
    } catch (error) {
      internals.handlerFailed({ change, error })
      return { invalidate: catchUpKeys() }
    }
  }

  return { take: (change, moment) => apply(change, handler, moment), catchUpKeys }
}
