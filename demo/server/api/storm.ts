import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '../database/database.ts'
import { createCheckIn, regenerateMotivation, touchGoal, touchPartner, touchSummary } from './mutations.ts'
import type { MutationResponse } from './types.ts'

/** One kind of write a storm is made of. */
export type StormChange = 'goal' | 'partner' | 'summary' | 'regenerate' | 'checkIn'

export interface StormOptions {
  /** Writes per second. Default 100. */
  ratePerSecond?: number
  /** Default 2000. */
  durationMs?: number
  /** How often each kind comes, relative to the others. Default: all kinds, mostly single rows. */
  mix?: Partial<Record<StormChange, number>>
  /** Plays these instead, each `atMs` after the start. */
  recorded?: readonly { atMs: number; change: StormChange }[]
  /** Same seed, same order of kinds. Default 1. */
  seed?: number
}

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

const defaultMix: Record<StormChange, number> = { goal: 4, partner: 2, summary: 2, regenerate: 1, checkIn: 1 }
const maxWrites = 100_000

/** Makes one write. */
export function writeChange(
  db: Database,
  change: StormChange,
  n = Date.now() % 1000,
): Promise<MutationResponse<unknown>> {
  return writers[change](db, n)
}

export function isStormChange(change: unknown): change is StormChange {
  return typeof change === 'string' && Object.hasOwn(writers, change)
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

function planStorm({
  ratePerSecond = 100,
  durationMs = 2000,
  mix = defaultMix,
  recorded,
  seed = 1,
}: StormOptions): readonly { atMs: number; change: StormChange }[] {
  if (recorded !== undefined) {
    const unknown = recorded.find(({ change }) => !isStormChange(change))
    if (unknown !== undefined) throw new TypeError(`Unknown change \`${unknown.change}\`.`)
    return [...recorded].sort((a, b) => a.atMs - b.atMs)
  }
  const kinds = Object.entries(mix).flatMap(([change, weight]) => {
    if (!isStormChange(change)) throw new TypeError(`Unknown change \`${change}\`.`)
    return Array.from({ length: Math.max(0, Math.round(weight)) }, () => change)
  })
  const writes = Math.round((ratePerSecond * durationMs) / 1000)
  if (!(writes >= 0 && writes <= maxWrites)) {
    throw new RangeError(`Expected a storm of at most ${maxWrites} writes, got \`${writes}\`.`)
  }
  if (kinds.length === 0) throw new TypeError('Expected `mix` to give at least one change a weight of 1 or more.')
  const random = createRandom(seed)
  return Array.from({ length: writes }, (_, n) => ({
    atMs: (n * 1000) / ratePerSecond,
    change: kinds[Math.floor(random() * kinds.length)] ?? 'goal',
  }))
}

/** A small generator of numbers from 0 to 1 that repeats for the same seed. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}
