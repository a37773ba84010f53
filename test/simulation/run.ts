import { type QueryKey, focusManager, hashKey, onlineManager } from '@tanstack/react-query'
import {
  type Change,
  type ChangeEffects,
  type Coalescer,
  type ErrorInfo,
  coalesceQueryClient,
  createCoalescer,
} from 'realtime-coalescer'
import { resolveStrategy } from '../../src/machines/strategies.ts'
import { advance, drain, endSimulatedTime, startSimulatedTime } from '../support/simulatedTime.ts'
import { vi } from 'vitest'
import { SimulatedApp, poolQuery } from './app.ts'
import { CountingClock } from './countingClock.ts'
import { Invariants } from './invariants.ts'
import { Monitor } from './monitor.ts'
import { type Asks, Oracle, idOf } from './oracle.ts'
import { type EventKey, eventKeys, pool } from './pool.ts'
import type { Step, Trace } from './trace.ts'

const asksOf = {
  active: { fetchActive: true, fetchInactive: false, mark: true, must: true },
  inactive: { fetchActive: false, fetchInactive: true, mark: true, must: true },
  all: { fetchActive: true, fetchInactive: true, mark: true, must: true },
  none: { fetchActive: false, fetchInactive: false, mark: true, must: true },
} as const satisfies Record<string, Asks>

const eventKey = (index: number): EventKey => {
  const key = eventKeys[index]
  if (!key) throw new RangeError(`Expected an index into ${eventKeys.length} event keys, got ${index}.`)
  return key
}

/** One trace under way. */
class Run {
  readonly app: SimulatedApp
  readonly clock = new CountingClock()
  readonly monitor: Monitor
  readonly oracle: Oracle
  readonly coalescer: Coalescer
  readonly invariants: Invariants
  readonly errors: { seq: number; info: ErrorInfo }[] = []
  readonly promises: { name: string; isSettled: boolean }[] = []
  /** Steps that make the promises of `flush` moot: what they wait for may be cancelled, unmounted or held. */
  disturbances = 0
  isStopped = false
  wasHeldAtStop = false
  timing
  #seq = 0
  #hasEnded = false
  #hiddenMs = 0
  #hiddenSinceMs: number | undefined
  readonly #trace: Trace
  readonly #client
  readonly #reentries: { in: 'flushed' | 'queryFn' | 'listener'; key: number }[] = []

  constructor(trace: Trace) {
    this.#trace = trace
    const { config } = trace
    this.app = new SimulatedApp(config)
    this.oracle = new Oracle((queryKey) => this.app.server.versionOf(queryKey))
    this.timing = { ...resolveStrategy(config.strategy, config.timing) }
    this.monitor = new Monitor(this.app.queryClient, {
      tick: () => this.tick(),
      now: () => this.visibleNow(),
      started: (fetch, before) => this.invariants.started(fetch, before),
    })
    this.invariants = new Invariants(this)
    this.app.ran = (query) => {
      this.monitor.ran(query)
      this.#reenter('queryFn')
    }
    this.coalescer = createCoalescer({
      queryClient: this.app.queryClient,
      strategy: config.strategy,
      ...config.timing,
      maxConcurrentRefetches: config.maxConcurrentRefetches,
      whenHidden: config.whenHidden,
      clock: this.clock,
      ...(config.inspected && { inspect: () => undefined }),
      onError: (_error, info) => this.errors.push({ seq: this.tick(), info }),
    })
    this.#client = coalesceQueryClient(this.app.queryClient, this.coalescer)
    this.coalescer.on('flushed', (record) => {
      this.invariants.flushed(record)
      this.#reenter('flushed')
    })
    this.coalescer.subscribe(() => this.#reenter('listener'))
  }

  tick(): number {
    this.#seq += 1
    return this.#seq
  }

  get isHeld(): boolean {
    return this.#trace.config.whenHidden === 'defer' && !focusManager.isFocused()
  }

  get trace(): Trace {
    return this.#trace
  }

  /** Simulated time without the time that was spent hidden under `'defer'`. */
  visibleNow(): number {
    const hidden = this.#hiddenSinceMs === undefined ? 0 : Date.now() - this.#hiddenSinceMs
    return Date.now() - this.#hiddenMs - hidden
  }

  /** How long an event may wait under the strategy at work. */
  get maxWaitMs(): number {
    return this.timing.name === 'direct' ? 0 : this.timing.timing.maxWaitMs
  }

  setVisible(isVisible: boolean): void {
    if (isVisible && this.#hiddenSinceMs !== undefined) {
      this.#hiddenMs += Date.now() - this.#hiddenSinceMs
      this.#hiddenSinceMs = undefined
    }
    if (!isVisible) {
      this.disturbances += 1
      if (this.#trace.config.whenHidden === 'defer') this.#hiddenSinceMs ??= Date.now()
    }
    focusManager.setFocused(isVisible)
  }

  async step(step: Step): Promise<void> {
    switch (step.do) {
      case 'invalidate':
        for (const exact of [false, true]) {
          const indices = step.keys.filter((key) => eventKey(key).exact === exact)
          this.#send(indices, asksOf[step.refetchType ?? 'active'], (queryKeys) =>
            this.coalescer.send({
              type: 'INVALIDATE',
              queryKeys,
              exact,
              ...(step.refetchType && { refetchType: step.refetchType }),
              ...(step.urgent && { urgent: true }),
            }),
          )
        }
        break
      case 'refetch': {
        const prefixes = step.keys.filter((key) => !eventKey(key).exact)
        this.#send(prefixes, asksOf[step.queryType], (queryKeys) =>
          this.coalescer.send({ type: 'REFETCH', queryKeys, queryType: step.queryType }),
        )
        break
      }
      case 'change':
        this.#change(step)
        break
      case 'clientInvalidate':
      case 'clientRefetch':
        this.#callClient(step)
        break
      case 'reenter':
        this.#reentries.push(step)
        break
      case 'mount':
        this.app.mount(step.query)
        this.#touch(step.query)
        break
      case 'unmount':
        this.app.unmount(step.query)
        this.#touch(step.query)
        break
      case 'toggle':
        this.app.toggle(step.query)
        this.#touch(step.query)
        break
      case 'remove':
        this.app.queryClient.removeQueries({ queryKey: poolQuery(step.query).queryKey, exact: true })
        this.#touch(step.query)
        break
      case 'cancel':
        void this.app.queryClient.cancelQueries({ queryKey: poolQuery(step.query).queryKey, exact: true })
        this.#touch(step.query)
        break
      case 'appRefetch':
        this.app.refetch(step.query)
        this.#touch(step.query)
        break
      case 'nextPage':
        this.app.nextPage(step.query)
        this.#touch(step.query)
        break
      case 'clear':
        this.app.queryClient.clear()
        for (const index of pool.keys()) this.#touch(index)
        break
      case 'hide':
      case 'unhide':
        this.setVisible(step.do === 'unhide')
        break
      case 'offline':
      case 'online':
        this.disturbances += 1
        onlineManager.setOnline(step.do === 'online')
        break
      case 'serverDown':
      case 'serverUp':
        this.app.isServerUp = step.do === 'serverUp'
        break
      case 'flush':
        this.#await('flush', new Set(this.oracle.pending.keys()), () => this.coalescer.flush())
        break
      case 'settled':
        this.#await('settled', 'all', () => this.coalescer.settled())
        break
      case 'reset':
        this.disturbances += 1
        this.oracle.reset()
        this.invariants.isResetting = true
        this.coalescer.reset()
        this.invariants.isResetting = false
        break
      case 'switch':
        this.timing = resolveStrategy(step.strategy, this.#trace.config.timing)
        this.oracle.timingChanged(this.maxWaitMs)
        this.coalescer.switchStrategy(step.strategy)
        break
      case 'drain':
        await drain()
        this.invariants.drained()
        break
      case 'wait':
        await advance(step.ms)
        if (step.ms > 0) this.invariants.waited()
        this.invariants.drained()
        break
    }
  }

  #touch(index: number): void {
    this.disturbances += 1
    this.invariants.touched(index)
  }

  #note(key: EventKey, asks: Asks): void {
    this.oracle.event(key, asks, this.tick(), this.visibleNow())
    this.oracle.count(idOf(key), this.visibleNow(), this.maxWaitMs)
    this.oracle.eventsReceived += 1
  }

  #send(indices: readonly number[], asks: Asks, send: (queryKeys: readonly QueryKey[]) => void): void {
    const keys = indices.map(eventKey)
    if (keys.length === 0) return
    for (const key of keys) {
      this.app.server.write(key.queryKey, key.exact)
      this.#note(key, asks)
    }
    send(keys.map((key) => key.queryKey))
  }

  #change(step: Extract<Step, { do: 'change' }>): void {
    const keys = [...step.invalidate, ...step.refetch].map(eventKey).filter((key) => !key.exact)
    const patch = step.patch === undefined ? undefined : poolQuery(step.patch)
    const isPatched = patch?.kind === 'plain' && !step.throws
    for (const key of keys) this.app.server.write(key.queryKey)
    if (isPatched) this.app.server.write(patch.queryKey, true)
    const seq = this.tick()
    const sinceMs = this.visibleNow()
    const id = `change#${seq}`
    const { maxWaitMs } = this
    this.oracle.count(id, sinceMs, this.timing.name === 'batch' ? this.maxWaitMs : Infinity)
    if (!step.throws) for (const key of keys) this.oracle.event(key, asksOf.active, seq, sinceMs, id)
    const handler = (): ChangeEffects => {
      this.invariants.handled(id)
      if (step.throws) throw new Error('handler')
      for (const key of keys) this.oracle.count(idOf(key), sinceMs, Math.max(maxWaitMs, this.maxWaitMs))
      this.oracle.eventsReceived += keys.length
      if (step.cancel !== undefined) this.#touch(step.cancel)
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
    this.coalescer.send({ type: 'CHANGE', change, handler })
  }

  #patch(index: number, seq: number): ReturnType<typeof SimulatedApp.patch> {
    const version = this.app.server.versionOf(poolQuery(index).queryKey)
    const update = SimulatedApp.patch(version)
    return (old) => {
      const query = this.app.query(index)
      const running = query && this.monitor.running(query)
      if (old || running) this.oracle.patched[index] = Math.max(version, this.oracle.patched[index] ?? 0)
      if (running && running.seq < seq) this.oracle.allowedAt[index] = this.tick()
      return update(old)
    }
  }

  #callClient(step: Extract<Step, { do: 'clientInvalidate' | 'clientRefetch' }>): void {
    const key = eventKey(step.key)
    this.app.server.write(key.queryKey, key.exact)
    const isInvalidation = step.do === 'clientInvalidate'
    const type = step.type ?? (isInvalidation ? 'active' : 'all')
    const asks: Asks = {
      fetchActive: type !== 'inactive',
      fetchInactive: type !== 'active',
      mark: isInvalidation,
      must: isInvalidation && step.type === undefined,
    }
    const matched = this.app.queryClient.getQueryCache().findAll({ queryKey: key.queryKey, exact: key.exact })
    if (step.byPredicate) {
      for (const { queryKey } of matched) {
        if (step.type && this.app.queryClient.getQueryCache().get(hashKey(queryKey))?.isActive() === undefined) continue
        this.#note({ queryKey, exact: true }, asks)
      }
    } else this.#note(key, asks)
    const filters = {
      queryKey: key.queryKey,
      exact: key.exact,
      ...(step.type && { type: step.type }),
      ...(step.byPredicate && { predicate: () => true }),
    }
    this.#await(step.do, new Set([idOf(key)]), () =>
      isInvalidation ? this.#client.invalidateQueries(filters) : this.#client.refetchQueries(filters),
    )
  }

  #await(name: string, ids: ReadonlySet<string> | 'all', call: () => Promise<void>): void {
    const entry = { name: `${name} #${this.promises.length}`, isSettled: false }
    this.promises.push(entry)
    const check = this.invariants.expectAnswered(entry.name, ids)
    const promise = call()
    const settled = (): void => {
      entry.isSettled = true
      check()
    }
    void promise.then(settled, settled)
  }

  #reenter(place: 'flushed' | 'queryFn' | 'listener'): void {
    if (this.isStopped) return
    const index = this.#reentries.findIndex((reentry) => reentry.in === place)
    if (index < 0) return
    const [reentry] = this.#reentries.splice(index, 1)
    if (!reentry) return
    this.disturbances += 1
    const { exact } = eventKey(reentry.key)
    this.invariants.isResetting = false
    this.oracle.reentered(eventKey(reentry.key))
    this.#send([reentry.key], asksOf.active, ([queryKey]) => {
      if (queryKey) this.coalescer.scheduleInvalidate(queryKey, { exact })
    })
  }

  end(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.coalescer.stop({ pending: 'drop' })
    this.monitor.end()
    this.app.end()
  }
}

export type { Run }

/** Runs a trace and throws with everything that went wrong. */
export async function runTrace(trace: Trace): Promise<void> {
  startSimulatedTime()
  const random = vi.spyOn(Math, 'random').mockImplementation(createRandom(trace.config.seed))
  const run = new Run(trace)
  try {
    for (const index of trace.config.loaded) run.app.mount(index)
    await advance(3000)
    for (const step of trace.steps) {
      await run.step(step)
      run.invariants.throwIfBroken()
    }
    await run.invariants.finish()
    run.invariants.throwIfBroken()
  } finally {
    run.end()
    random.mockRestore()
    endSimulatedTime()
  }
}

/** Numbers from 0 to 1 that depend on nothing but the seed. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
