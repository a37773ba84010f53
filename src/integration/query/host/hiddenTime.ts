import type { PendingQueue } from '../../../actions/pendingQueue.ts'

/** The time for which nobody has looked at the page: what is pending has not waited then. */
export class HiddenTime {
  readonly #queue: Pick<PendingQueue, 'forgive'>
  readonly #now: () => number
  #sinceMs: number | undefined

  constructor(queue: Pick<PendingQueue, 'forgive'>, now: () => number) {
    this.#queue = queue
    this.#now = now
  }

  get isRunning(): boolean {
    return this.#sinceMs !== undefined
  }

  begin(): void {
    this.#sinceMs ??= this.#now()
  }

  forgive(): void {
    if (this.#sinceMs === undefined) return
    this.#queue.forgive(this.#sinceMs, this.#now())
    this.#sinceMs = undefined
  }
}
