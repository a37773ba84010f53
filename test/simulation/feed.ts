import { type QueryClient, type QueryKey } from '@tanstack/react-query'
import { type Change, type ChangeEffects, coalesceQueryClient } from 'realtime-coalescer'
import { SimulatedApp, poolQuery } from './app.ts'
import { type Asks, idOf, matches } from './oracle.ts'
import { type EventKey, eventKeys, pool } from './pool.ts'
import type { Run } from './run.ts'
import type { Step } from './trace.ts'

type StepOf<Name extends Step['do']> = Extract<Step, { readonly do: Name }>

const asksOf = {
  active: { fetchActive: true, fetchInactive: false, mark: true, must: true },
  inactive: { fetchActive: false, fetchInactive: true, mark: true, must: true },
  all: { fetchActive: true, fetchInactive: true, mark: true, must: true },
  none: { fetchActive: false, fetchInactive: false, mark: true, must: true },
} as const satisfies Record<string, Asks>

function eventKey(index: number): EventKey {
  const key = eventKeys[index]
  if (!key) throw new RangeError(`Expected an index into ${eventKeys.length} event keys, got ${index}.`)
  return key
}

/** Writes on the server and tells the coalescer, and the oracle before it. */
export class Feed {
  readonly reentries: StepOf<'reenter'>[] = []
  readonly #run: Run
  readonly #client: QueryClient

  constructor(run: Run) {
    this.#run = run
    this.#client = coalesceQueryClient(run.app.queryClient, run.coalescer)
  }

  invalidate(step: StepOf<'invalidate'>): void {
    for (const exact of [false, true]) {
      const indices = step.keys.filter((key) => eventKey(key).exact === exact)
      this.#tell(indices, asksOf[step.refetchType ?? 'active'], (queryKeys) =>
        this.#run.coalescer.send({
          type: 'INVALIDATE',
          queryKeys,
          exact,
          ...(step.refetchType && { refetchType: step.refetchType }),
          ...(step.urgent && { urgent: true }),
        }),
      )
    }
  }

  /** The event of a mutation that has an answer, as the app's own `onSettled` sends it. */
  settled(index: number): void {
    this.invalidate({ do: 'invalidate', keys: [eventKeys.length - pool.length + index] })
  }

  refetch(step: StepOf<'refetch'>): void {
    const prefixes = step.keys.filter((key) => !eventKey(key).exact)
    this.#tell(prefixes, asksOf[step.queryType], (queryKeys) =>
      this.#run.coalescer.send({ type: 'REFETCH', queryKeys, queryType: step.queryType }),
    )
  }

  #note(key: EventKey, asks: Asks): void {
    this.#run.oracle.event(key, asks, this.#run.tick(), this.#run.visibleNow())
    this.#run.oracle.count(idOf(key), this.#run.visibleNow(), this.#run.maxWaitMs)
    this.#run.oracle.eventsReceived += 1
  }

  #tell(indices: readonly number[], asks: Asks, send: (queryKeys: readonly QueryKey[]) => void): void {
    const keys = indices.map(eventKey)
    if (keys.length === 0) return
    for (const key of keys) {
      this.#run.app.server.write(key.queryKey, key.exact)
      this.#note(key, asks)
    }
    send(keys.map((key) => key.queryKey))
  }

  /** Sends a change with a handler. */
  change(step: StepOf<'change'>): void {
    const keys = [...step.invalidate, ...step.refetch].map(eventKey).filter((key) => !key.exact)
    const patch = step.patch === undefined ? undefined : poolQuery(step.patch)
    const isPatched = patch?.kind === 'plain' && !step.throws
    for (const key of keys) this.#run.app.server.write(key.queryKey)
    if (isPatched) this.#run.app.server.write(patch.queryKey, true)
    const seq = this.#run.tick()
    const sinceMs = this.#run.visibleNow()
    const id = `change#${seq}`
    const { maxWaitMs } = this.#run
    this.#run.oracle.count(id, sinceMs, this.#run.timing.name === 'batch' ? this.#run.maxWaitMs : Infinity)
    if (!step.throws) for (const key of keys) this.#run.oracle.event(key, asksOf.active, seq, sinceMs, id)
    const handler = (): ChangeEffects => {
      this.#run.invariants.handled(id)
      if (step.throws) throw new Error('handler')
      for (const key of keys) this.#run.oracle.count(idOf(key), sinceMs, Math.max(maxWaitMs, this.#run.maxWaitMs))
      this.#run.oracle.eventsReceived += keys.length
      if (step.cancel !== undefined) this.#cancelMatching(poolQuery(step.cancel).queryKey)
      return {
        invalidate: keys.slice(0, step.invalidate.length).map((key) => key.queryKey),
        refetch: keys.slice(step.invalidate.length).map((key) => key.queryKey),
        ...(step.cancel !== undefined && { cancel: [poolQuery(step.cancel).queryKey] }),
        ...(isPatched &&
          step.patch !== undefined && {
            patch: [{ queryKey: patch.queryKey, update: this.#patch(step.patch, seq) }],
          }),
      }
    }
    const change: Change = {
      schema: 'public',
      table: id,
      eventType: 'UPDATE',
      new: {},
      old: {},
      commitTimestamp: null,
      errors: null,
    }
    this.#run.coalescer.send({ type: 'CHANGE', change, handler })
  }

  /** A handler cancels whatever its key matches: what that leaves on screen without data, or stale, may be fetched. */
  #cancelMatching(queryKey: QueryKey): void {
    for (const [index, one] of pool.entries()) {
      if (!matches({ queryKey, exact: false }, one.queryKey)) continue
      this.#run.touch(index)
      const query = this.#run.app.query(index)
      const isLeftStale = query && (query.state.data === undefined || query.state.isInvalidated)
      if (isLeftStale && query.isActive() && query.state.fetchStatus !== 'idle')
        this.#run.oracle.allowedAt[index] = this.#run.tick()
    }
  }

  #patch(index: number, seq: number): ReturnType<typeof SimulatedApp.patch> {
    const version = this.#run.app.server.versionOf(poolQuery(index).queryKey)
    const update = SimulatedApp.patch(version)
    return (old) => {
      const query = this.#run.app.query(index)
      const running = query && this.#run.monitor.running(query)
      if (old || running) this.#run.oracle.patched[index] = Math.max(version, this.#run.oracle.patched[index] ?? 0)
      if (running && running.seq < seq) this.#run.oracle.allowedAt[index] = this.#run.tick()
      return update(old)
    }
  }

  /** Calls the query client that goes through the coalescer. */
  callClient(step: StepOf<'clientInvalidate' | 'clientRefetch'>): void {
    const key = eventKey(step.key)
    this.#run.app.server.write(key.queryKey, key.exact)
    const isInvalidation = step.do === 'clientInvalidate'
    const type = step.type ?? (isInvalidation ? 'active' : 'all')
    const asks: Asks = {
      fetchActive: type !== 'inactive',
      fetchInactive: type !== 'active',
      mark: isInvalidation,
      must: isInvalidation && step.type === undefined,
    }
    const matched = this.#run.app.queryClient.getQueryCache().findAll({ queryKey: key.queryKey, exact: key.exact })
    const noted = step.byPredicate ? matched.map(({ queryKey }) => ({ queryKey, exact: true })) : [key]
    for (const one of noted) {
      this.#note(one, asks)
      this.#run.oracle.setApart(one)
    }
    const filters = {
      queryKey: key.queryKey,
      exact: key.exact,
      ...(step.type && { type: step.type }),
      ...(step.byPredicate && { predicate: () => true }),
    }
    this.watch(
      step.do,
      new Set([idOf(key)]),
      () => (isInvalidation ? this.#client.invalidateQueries(filters) : this.#client.refetchQueries(filters)),
      new Set(matched.map(({ queryHash }) => queryHash)),
    )
  }

  /** Whether a call of the app that is awaited waits for a query, which no limit may hold up. */
  isAwaited(queryHash: string): boolean {
    return this.#run.promises.some(({ isSettled, awaits }) => !isSettled && awaits.has(queryHash))
  }

  /** Watches a promise of the coalescer. */
  watch(
    name: string,
    ids: ReadonlySet<string> | 'all',
    call: () => Promise<void>,
    awaits: ReadonlySet<string> = new Set(),
  ): void {
    const entry = { name: `${name} #${this.#run.promises.length}`, isSettled: false, awaits }
    this.#run.promises.push(entry)
    const check = this.#run.invariants.expectAnswered(entry.name, ids)
    const promise = call()
    const settled = (): void => {
      entry.isSettled = true
      check()
    }
    void promise.then(settled, settled)
  }

  /** Sends an event from within the coalescer's own callbacks, if the trace says so. */
  reenter(place: 'flushed' | 'queryFn' | 'listener'): void {
    if (this.#run.isStopped) return
    const index = this.reentries.findIndex((reentry) => reentry.in === place)
    if (index < 0) return
    const [reentry] = this.reentries.splice(index, 1)
    if (!reentry) return
    const { exact } = eventKey(reentry.key)
    this.#run.invariants.isResetting = false
    this.#run.oracle.reentered(eventKey(reentry.key))
    this.#tell([reentry.key], asksOf.active, ([queryKey]) => {
      if (queryKey) this.#run.coalescer.scheduleInvalidate(queryKey, { exact })
    })
  }
}
