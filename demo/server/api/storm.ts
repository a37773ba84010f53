import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '../database/database.ts'
import { createCheckIn, regenerateMotivation, touchGoal, touchPartner, touchSummary } from './mutations.ts'
import { type StormChange, type StormOptions, planStorm } from './stormPlan.ts'
import type { MutationResponse } from './types.ts'

export interface StormResult {
  writes: number
  writesByChange: Partial<Record<StormChange, number>>
  /** The transaction of the last write. */
  lastTransactionId: number
}

const writers: Record<StormChange, (db: Database, n: number) => Promise<MutationResponse<unknown>>> = {
  goal: touchGoal,
  partner: touchPartner,
  summary: touchSummary,
  regenerate: regenerateMotivation,
  checkIn: (db, n) => createCheckIn(db, { goalId: 1 + (n % 3), note: `Check-in ${n}`, mood: 1 + (n % 5) }),
}

/** Makes one write. */
export function writeChange(
  db: Database,
  change: StormChange,
  n = Date.now() % 1000,
): Promise<MutationResponse<unknown>> {
  return writers[change](db, n)
}

/** Makes many writes at a steady rate; resolves after the last one, or when `signal` aborts. */
export async function playStorm(db: Database, options: StormOptions, signal: AbortSignal): Promise<StormResult> {
  const plan = planStorm(options)
  const startedAtMs = performance.now()
  const result: StormResult = { writes: 0, writesByChange: {}, lastTransactionId: 0 }
  for (const { atMs, change } of plan) {
    // Also when it is late: the embedded Postgres answers without leaving the turn, so nobody else would get one.
    const waitMs = Math.max(0, startedAtMs + atMs - performance.now())
    await sleep(waitMs, undefined, { signal }).catch(() => undefined)
    if (signal.aborted) break
    const { transactionId } = await writeChange(db, change, result.writes)
    result.writes++
    result.writesByChange[change] = (result.writesByChange[change] ?? 0) + 1
    result.lastTransactionId = transactionId
  }
  return result
}
