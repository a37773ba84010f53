import { resolveOptions } from '../query/options.ts'
import type { AnyCoalescer } from '../query/coalescer.ts'
import { createCoalescerWith } from '../query/createCoalescerWith.ts'
import { type AnyOptions, registryOf } from '../query/createCoalescer.ts'
import { type CoalescerInternals, internalsOf, registerInternals } from '../query/internals.ts'
import { countHolders } from './countHolders.ts'
import { snapshotAtRest } from './snapshotAtRest.ts'

/** A coalescer that exists from its first use on, and ends with the components that use it. */
export interface LazyCoalescer {
  readonly coalescer: AnyCoalescer
  /** Keeps it alive until the returned function is called. */
  retain(): () => void
}

/**
 * Makes a coalescer that a component may create while rendering: nothing is subscribed and no actor runs until one of
 * its methods is called outside of a render, which a server never does.
 *
 * @throws TypeError or RangeError for a bad option.
 */
export function createLazyCoalescer(options: AnyOptions): LazyCoalescer {
  const registry = registryOf(options.strategies)
  const before = snapshotAtRest<string>(resolveOptions(registry, options).strategy.name)
  let real: AnyCoalescer | undefined
  let isReleased = false
  const hold = countHolders(() => {
    isReleased = true
    real?.stop()
  })
  const use = (): AnyCoalescer => (real ??= createCoalescerWith(registry, options))

  const coalescer: AnyCoalescer = {
    get actor() {
      return use().actor
    },
    scheduleInvalidate: (queryKey, invalidate) => use().scheduleInvalidate(queryKey, invalidate),
    scheduleRefetch: (queryKey, typeOrOptions) => use().scheduleRefetch(queryKey, typeOrOptions),
    send: (event) => use().send(event),
    switchStrategy: (strategy) => use().switchStrategy(strategy),
    flush: async (options) => use().flush(options),
    settled: async () => use().settled(),
    getSnapshot: () => real?.getSnapshot() ?? before,
    subscribe: (listener) => use().subscribe(listener),
    on: (name, listener) => use().on(name, listener),
    explain: (queryHashOrKey) => real?.explain(queryHashOrKey),
    reset: () => real?.reset(),
    stop: (stop) => use().stop(stop),
  }
  registerInternals(
    coalescer,
    // A coalescer that is asked for its internals by another part of the library is in use.
    new Proxy({} as CoalescerInternals, { get: (_, name) => Reflect.get(internalsOf(use()), name) as unknown }),
  )

  return {
    coalescer,
    retain() {
      // The one before was stopped with its components; these are mounted anew, as React does with a hidden Activity.
      if (isReleased) real = undefined
      isReleased = false
      return hold()
    },
  }
}
