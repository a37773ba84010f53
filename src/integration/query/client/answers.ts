import type { Entry } from '../fetches/way.ts'
import { RUNNING, type Waiter, type Waiting } from '../fetches/waiting.ts'

/** A promise that tells when somebody waits for it, which makes what it stands for no more than the app's own. */
class AwaitedPromise extends Promise<void> {
  /** Called at the first `then`, `await` included. */
  awaited: (() => void) | undefined

  static override get [Symbol.species](): PromiseConstructor {
    return Promise
  }

  // oxlint-disable-next-line unicorn/no-thenable -- a promise already, which only tells of being awaited
  override then<Value = void, Failure = never>(
    ...callbacks: Parameters<Promise<void>['then']>
  ): Promise<Value | Failure> {
    const { awaited } = this
    this.awaited = undefined
    awaited?.()
    return super.then(...callbacks) as Promise<Value | Failure>
  }
}

/** The promise of a call, and of those after it that wait for the same fetches. */
interface Answer extends Waiter {
  readonly entries: readonly Entry[]
  readonly throwOnError: boolean
  readonly promise: Promise<void>
  /** Whether a caller waits for it. */
  isAwaited: boolean
  /** How many fetches it waits for. */
  left: number
}

/** Calls whose sets of queries have one sum are compared; the newest is kept. */
const sumOf = (entries: readonly Entry[]): number => {
  let sum = entries.length
  for (const { id } of entries) sum = (Math.imul(sum, 31) + id) | 0
  return sum
}

/**
 * The promises of calls. A storm of calls that match the same queries shares one, so that what is held grows with the
 * sets of queries that are matched, not with the calls.
 */
export class Answers {
  readonly #waiting: Waiting<Entry>
  readonly #answered: () => void
  readonly #awaited: () => void
  readonly #open = new Map<number, Answer>()

  /**
   * @param answered told when a promise has settled whose caller had to wait
   * @param awaited told when the first caller waits for a promise
   */
  constructor(waiting: Waiting<Entry>, answered: () => void, awaited: () => void) {
    this.#awaited = awaited
    this.#waiting = waiting
    this.#answered = answered
  }

  /**
   * Resolves once each query has been fetched for the event of time `seq`, or will not be.
   *
   * @param joined queries whose request that is running is all that is waited for
   */
  whenAnswered(
    entries: readonly Entry[],
    seq: number,
    throwOnError: boolean,
    joined: readonly Entry[] = [],
  ): Promise<void> {
    if (entries.length + joined.length === 0) return Promise.resolve()
    const sum = sumOf(entries)
    const open = joined.length === 0 ? this.#open.get(sum) : undefined
    if (open && open.throwOnError === throwOnError && stillStandsFor(open, entries)) return open.promise
    const answer = this.#create(entries, joined.length, seq, throwOnError, sum)
    if (joined.length === 0) this.#open.set(sum, answer)
    for (const entry of entries) this.#waiting.add(entry, answer)
    for (const entry of joined) this.#waiting.add(entry, { seq: RUNNING, done: answer.done })
    return answer.promise
  }

  #create(entries: readonly Entry[], joined: number, seq: number, throwOnError: boolean, sum: number): Answer {
    let resolve: () => void = () => undefined
    let reject: (error: unknown) => void = () => undefined
    const promise = new AwaitedPromise((onAnswer, onFailure) => {
      resolve = onAnswer
      reject = onFailure
    })
    const answer: Answer = {
      seq,
      entries,
      throwOnError,
      promise,
      isAwaited: false,
      left: entries.length + joined,
      done: (failure) => {
        answer.left -= 1
        const hasFailed = failure !== undefined && throwOnError
        if (!hasFailed && answer.left > 0) return
        this.#open.delete(sum)
        // Before the caller goes on.
        this.#answered()
        if (hasFailed) reject(failure.error)
        else resolve()
      },
    }
    promise.awaited = () => {
      answer.isAwaited = true
      this.#awaited()
    }
    return answer
  }
}

/** Whether the fetches a promise waits for would answer a call for these queries now: none of them has started. */
function stillStandsFor({ entries, seq, left }: Answer, others: readonly Entry[]): boolean {
  if (left < entries.length || entries.length !== others.length) return false
  return entries.every((entry, index) => entry === others[index] && entry.startedAt < seq)
}
