import { type DehydratedState, dehydrate, hydrate } from '@tanstack/react-query'
import { type Coalescer, type ErrorInfo, createCoalescer } from 'realtime-coalescer'
import { vi } from 'vitest'
import { resolveStrategy } from '../../src/machines/registry.ts'
import { strategies } from '../../src/machines/strategies.ts'
import { advance, endSimulatedTime, startSimulatedTime } from '../support/simulatedTime.ts'
import { SimulatedApp } from './app.ts'
import { CountingClock } from './countingClock.ts'
import { finish } from './ending.ts'
import { Feed } from './feed.ts'
import { Invariants } from './invariants.ts'
import { Monitor, STUCK_AFTER_MS } from './monitor.ts'
import { MAX_HOLD_MS, Mutations } from './mutations.ts'
import { Oracle } from './oracle.ts'
import { pool } from './pool.ts'
import { takeStep } from './steps.ts'
import { type Trace, isAsked } from './trace.ts'
import { Visibility } from './visibility.ts'

/** One trace under way. */
export class Run {
  readonly app: SimulatedApp
  readonly clock = new CountingClock()
  readonly monitor: Monitor
  readonly oracle: Oracle
  readonly coalescer: Coalescer
  readonly invariants: Invariants
  readonly feed: Feed
  readonly errors: { seq: number; info: ErrorInfo }[] = []
  readonly promises: { name: string; isSettled: boolean; awaits: ReadonlySet<string> }[] = []
  /** Steps that make the promises of `flush` moot: what they wait for may be cancelled, unmounted or held. */
  disturbances = 0
  isStopped = false
  readonly visibility: Visibility
  readonly mutations = new Mutations(this)
  #persisted: DehydratedState | undefined
  /** The strategy at work, with its timing. */
  timing: ReturnType<typeof resolveStrategy>
  #seq = 0
  #hasEnded = false
  readonly #trace: Trace

  constructor(trace: Trace) {
    this.#trace = trace
    const { config } = trace
    this.app = new SimulatedApp(config)
    this.visibility = new Visibility(config.whenHidden === 'defer')
    this.oracle = new Oracle((queryKey) => this.app.server.versionOf(queryKey))
    this.timing = { ...resolveStrategy(strategies, config.strategy, config.timing) }
    this.monitor = new Monitor(this.app.queryClient, {
      tick: () => this.tick(),
      now: () => this.visibleNow(),
      started: (fetch, before) => this.invariants.started(fetch, before),
      marked: (query) => this.invariants.marked(query),
    })
    this.invariants = new Invariants(this)
    this.app.ran = (query, request) => {
      this.monitor.ran(query, request)
      this.feed.reenter('queryFn')
    }
    this.coalescer = createCoalescer({
      queryClient: this.app.queryClient,
      strategy: config.strategy,
      ...config.timing,
      maxConcurrentRefetches: config.maxConcurrentRefetches,
      whenHidden: config.whenHidden,
      clock: this.clock,
      ...realAppOptions(() => this.visibility.isHidden),
      ...(config.inspected && { inspect: () => undefined }),
      onError: (_error, info) => this.errors.push({ seq: this.tick(), info }),
      onWarning: () => undefined,
    })
    this.feed = new Feed(this)
    this.coalescer.on('flushed', (record) => {
      this.invariants.flushed(record)
      this.feed.reenter('flushed')
    })
    this.coalescer.subscribe(() => this.feed.reenter('listener'))
  }

  tick(): number {
    this.#seq += 1
    return this.#seq
  }

  get isHeld(): boolean {
    return this.visibility.isHeld
  }

  get trace(): Trace {
    return this.#trace
  }

  /** Simulated time without the time that was spent hidden under `'defer'`. */
  visibleNow(): number {
    return this.visibility.now()
  }

  /** How long an event may wait under the strategy at work. */
  get maxWaitMs(): number {
    return this.timing.name === 'direct' ? 0 : this.timing.timing.maxWaitMs
  }

  setVisible(isVisible: boolean): void {
    if (!isVisible) this.disturbances += 1
    this.visibility.setFocused(isVisible)
  }

  /** Lets something happen that comes from elsewhere. */
  elsewhere(happen: () => void): void {
    this.monitor.isForeign = true
    happen()
    this.monitor.isForeign = false
  }

  /** Keeps the cache as it is, for `restore`. */
  persist(): void {
    this.#persisted = dehydrate(this.app.queryClient)
  }

  /** Puts the kept cache back where nothing newer is. */
  restore(): void {
    const persisted = this.#persisted
    if (!persisted) return
    for (const index of pool.keys()) {
      if (this.app.query(index)?.state.data !== undefined) continue
      this.touch(index)
      this.oracle.putIn(index, this.tick())
    }
    this.elsewhere(() => hydrate(this.app.queryClient, persisted))
  }

  /** Notes that the app did something to a query. */
  touch(index: number): void {
    this.invariants.touched(index)
  }

  end(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.isStopped = true
    this.coalescer.stop({ pending: 'drop' })
    this.monitor.end()
    this.app.end()
  }
}

/** Runs a trace and throws with everything that went wrong. */
export async function runTrace(trace: Trace): Promise<void> {
  startSimulatedTime()
  const random = vi.spyOn(Math, 'random').mockImplementation(createRandom(trace.config.seed))
  const run = new Run(trace)
  try {
    for (const index of trace.config.loaded) {
      run.app.mount(index)
      run.invariants.touched(index)
    }
    await advance(3000)
    run.persist()
    await advance(1)
    for (const step of trace.steps) {
      await takeStep(run, step)
      run.invariants.throwIfBroken()
    }
    await finish(run)
    run.invariants.throwIfBroken()
  } finally {
    run.end()
    random.mockRestore()
    endSimulatedTime()
  }
}

/** Options that only those traces need whose steps are asked for. */
const realAppOptions = (isHidden: () => boolean): object => ({
  ...(isAsked('isHidden') && { isHidden }),
  ...(isAsked('hangs') && { stuckAfterMs: STUCK_AFTER_MS }),
  ...(isAsked('mutations') && { maxMutationHoldMs: MAX_HOLD_MS }),
})

/** Numbers from 0 to 1 that depend on nothing but the seed. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
