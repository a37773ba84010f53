import type { CoalescerClock } from '../../../actions/clock.ts'
import type { ErrorInfo } from '../../../actions/types.ts'
import { stickRun } from './runs.ts'
import { type Entry, isAnswered, isOwnRun, isRunning } from './way.ts'
import type { Ways } from './ways.ts'

/** A query may take this many times the longest that its requests have taken. */
const LONGEST_TIMES = 4

export interface StuckPort {
  readonly clock: CoalescerClock
  readonly now: () => number
  readonly stuckAfterMs: number
}

/** Finds requests that have run for too long to be waited for, with one timer for all. */
export class StuckWatch {
  readonly #port: StuckPort
  readonly #found: (entries: readonly Entry[]) => void
  readonly #running = new Set<Entry>()
  #timer: unknown

  constructor(port: StuckPort, found: (entries: readonly Entry[]) => void) {
    this.#port = port
    this.#found = found
  }

  add(entry: Entry): void {
    this.#running.add(entry)
    if (this.#timer === undefined) this.#setTimer(this.#port.stuckAfterMs)
  }

  delete(entry: Entry): void {
    if (this.#running.delete(entry) && this.#running.size === 0) this.stop()
  }

  /** Leaves no timer. */
  stop(): void {
    this.#running.clear()
    if (this.#timer === undefined) return
    this.#port.clock.clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #setTimer(delayMs: number): void {
    this.#timer = this.#port.clock.setTimeout(() => this.#look(), delayMs)
  }

  #look(): void {
    this.#timer = undefined
    const nowMs = this.#port.now()
    const stuck: Entry[] = []
    let nextMs = this.#port.stuckAfterMs
    for (const entry of this.#running) {
      const leftMs = this.#dueAtMs(entry) - nowMs
      if (leftMs <= 0) stuck.push(entry)
      else nextMs = Math.min(nextMs, leftMs)
    }
    for (const entry of stuck) this.#running.delete(entry)
    if (this.#running.size > 0) this.#setTimer(nextMs)
    if (stuck.length > 0) this.#found(stuck)
  }

  /** When a request counts as stuck: never while it waits for network or page. */
  #dueAtMs(entry: Entry): number {
    const { attemptAtMs, longestMs } = entry
    if (!isRunning(entry) || attemptAtMs === undefined) return Infinity
    return attemptAtMs + Math.max(this.#port.stuckAfterMs, LONGEST_TIMES * longestMs)
  }
}

/** Has nobody wait for a request any more; returns whether somebody may have, so that it is to be reported. */
export function giveUp(ways: Ways, entry: Entry): boolean {
  const isAwaited = isOwnRun(entry) || entry.debt.at === 'fetching'
  stickRun(entry)
  ways.running.delete(entry)
  if (isAwaited) ways.givenUp.add(entry)
  ways.waiting.release(entry, -1, entry.startedAt)
  if (isAnswered(entry)) ways.discharge(entry)
  else if (entry.debt.at === 'fetching') ways.move(entry, 'queued')
  return isAwaited
}

/** What is reported of a request that has run for too long. */
export function describeStuck(
  { query: { queryKey, queryHash }, attemptAtMs }: Entry,
  nowMs: number,
): [error: Error, info: ErrorInfo] {
  const seconds = Math.round((nowMs - (attemptAtMs ?? nowMs)) / 1000)
  const error = new Error(
    `Expected the request of ${queryHash} to end, got none in ${seconds} s. It is not waited for any more: give queryFn a time limit, or raise stuckAfterMs.`,
  )
  return [error, { type: 'fetchStuck', queryKey, queryHash }]
}
