import type { EmbeddedPostgres } from '../database/embedded.ts'
import type { Binding } from './bindings.ts'
import { Catalog } from './catalog.ts'
import { type RowChange, takeChanges } from './changes.ts'
import type { FaultState } from './faults.ts'
import { type Subscriber, type Subscription, createSubscriptions, describeUnbound, relidsOf } from './subscriptions.ts'
import type { Queryable } from '../database/database.ts'

/** Reads captured changes in commit order and hands each to `deliver`. A change is read once and never again. */
export class ChangeFeed {
  readonly #db: EmbeddedPostgres
  readonly #faults: FaultState
  readonly #deliver: (change: RowChange) => void
  readonly #subscriptions = new Map<Subscriber, Subscription[]>()
  readonly #catalog = new Catalog()
  /** Subscribers that get nothing, because a table of theirs is not published any more. */
  readonly #unbound = new Map<Subscriber, Subscription[]>()
  #published: string | undefined
  #lastCheckAtMs = 0
  #unlisten: (() => Promise<void>) | undefined
  #timer: NodeJS.Timeout | undefined
  #reading: Promise<void> | undefined
  #hasNews = false
  #isStopped = false

  constructor(db: EmbeddedPostgres, faults: FaultState, deliver: (change: RowChange) => void) {
    this.#db = db
    this.#faults = faults
    this.#deliver = deliver
  }

  async start(): Promise<void> {
    this.#unlisten = await this.#db.listen('realtime_outbox', () => this.#wake())
    await this.#db.query('delete from realtime_outbox.changes')
    await this.#followPublication(this.#db)
  }

  /** Checks the bindings; what it resolves with replaces what `subscriber` gets. */
  async prepare(
    subscriber: Subscriber,
    bindings: readonly Binding[],
    role: string,
    claimsJson: string,
  ): Promise<() => void> {
    const subscriptions = await this.#db.transaction(async (tx) => {
      await this.#followPublication(tx)
      return createSubscriptions(tx, this.#catalog, subscriber, bindings, role, claimsJson)
    })
    return () => {
      this.#unbound.delete(subscriber)
      if (!this.#isStopped) this.#subscriptions.set(subscriber, subscriptions)
    }
  }

  /** Forgets what everybody gets, as when the worker behind the feed stops: only a new join or token brings it back. */
  stopWorker(): void {
    this.#subscriptions.clear()
  }

  /** Goes on after a pause of polls. */
  resume(): void {
    if (this.#hasNews) this.#wake()
  }

  unsubscribe(subscriber: Subscriber): void {
    this.#unbound.delete(subscriber)
    this.#subscriptions.delete(subscriber)
  }

  /** Resolves when everything committed so far has been handed on; at once while polls pause. */
  async drained(): Promise<void> {
    while (!this.#isStopped && (this.#hasNews || this.#reading !== undefined)) {
      if (this.#faults.settings.pausePolls && this.#reading === undefined) return
      if (this.#timer !== undefined) this.#readNow()
      await this.#reading
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    clearTimeout(this.#timer)
    this.#timer = undefined
    await this.#reading
    await this.#unlisten?.()
  }

  #wake(): void {
    this.#hasNews = true
    if (this.#isStopped || this.#timer !== undefined || this.#reading !== undefined) return
    const { pollIntervalMs, pausePolls } = this.#faults.settings
    if (pausePolls) return
    if (pollIntervalMs === 0) this.#readNow()
    // Polls come by the clock, not by the writes: a write waits for the next one, up to a whole interval.
    else this.#timer = setTimeout(() => this.#readNow(), pollIntervalMs - (performance.now() % pollIntervalMs))
  }

  #readNow(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#hasNews = false
    this.#reading = this.#read().finally(() => {
      this.#reading = undefined
      if (this.#hasNews) this.#wake()
    })
  }

  async #read(): Promise<void> {
    try {
      // A filter can fail on a row it was not checked with. Guarding against that costs time, so it comes second.
      const changes = await this.#take(false).catch(() => this.#take(true))
      for (const change of changes) this.#deliver(change)
    } catch (error) {
      if (this.#isStopped) return
      console.error('The realtime server could not read changes; they are lost.', error)
      await this.#db.query('delete from realtime_outbox.changes').catch(() => undefined)
    }
  }

  #take(isGuarded: boolean): Promise<RowChange[]> {
    return this.#db.transaction(async (tx) => {
      await this.#followPublication(tx)
      return takeChanges(tx, this.#catalog, [...this.#subscriptions.values()].flat(), isGuarded)
    })
  }

  /** Looks which tables are published, at most once per check interval; if others than before, binds everybody anew. */
  async #followPublication(db: Queryable): Promise<void> {
    if (Date.now() - this.#lastCheckAtMs < this.#faults.settings.publicationCheckMs) return
    this.#lastCheckAtMs = Date.now()
    const tables = await this.#catalog.tables(db)
    const published = tables
      .map(({ relid }) => relid)
      .toSorted((one, other) => one - other)
      .join()
    const isChanged = this.#published !== undefined && this.#published !== published
    this.#published = published
    if (!isChanged) return
    for (const [subscriber, subscriptions] of [...this.#subscriptions, ...this.#unbound]) {
      const bound = subscriptions.map((it) => ({ ...it, relids: relidsOf(it.binding, tables) }))
      const lost = bound.find(({ relids }) => relids.size === 0)
      const wasUnbound = this.#unbound.has(subscriber)
      this.unsubscribe(subscriber)
      ;(lost === undefined ? this.#subscriptions : this.#unbound).set(subscriber, bound)
      if (lost === undefined && wasUnbound) subscriber.onTablesBack()
      else subscriber.onPublicationChange(lost === undefined ? null : describeUnbound(lost.binding))
    }
  }
}
