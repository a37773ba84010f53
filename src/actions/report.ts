import type { ErrorInfo } from './types.ts'
import { show } from './validate.ts'

declare const process: { readonly env: { readonly NODE_ENV?: string } }

/** Hears of a failure the coalescer has caught, and of what failed. It may throw: that is caught as well. */
export type ErrorReporter = (error: unknown, info: ErrorInfo) => void

/**
 * Hands failures to the app's `onError`, which may fail itself. Without one, failures that nothing else shows go to
 * the console; a failed fetch is in the state of its query already.
 */
export function createErrorReporter(onError: ErrorReporter | undefined): ErrorReporter {
  return (error, info) => {
    if (!onError) {
      if (info.type !== 'refetchFailed') logFailure(`realtime-coalescer: ${info.type}`, error)
      return
    }
    try {
      onError(error, info)
    } catch (failure) {
      logFailure(`realtime-coalescer: onError threw while told of ${info.type}`, failure)
    }
  }
}

/** Warns of a mistake, which is told of once however it is worded. */
export type Warn = (message: string, mistake?: string) => void

/**
 * Tells the app's `onWarning` of what is likely a mistake, each once. Without one, warnings go to the console, in
 * development only.
 */
export function createWarner(onWarning: ((message: string) => void) | undefined): Warn {
  const told = new Set<string>()
  return (message, mistake = message) => {
    if (told.has(mistake)) return
    told.add(mistake)
    try {
      if (onWarning) onWarning(message)
      else if (process.env.NODE_ENV !== 'production') {
        // oxlint-disable-next-line no-console -- where a developer looks
        globalThis.console?.warn(`realtime-coalescer: ${message}`)
      }
    } catch (failure) {
      logFailure('realtime-coalescer: onWarning threw', failure)
    }
  }
}

/** Warns of calls that no coalescer hears of: in the console, in development only. */
export const warnInConsole: Warn = (message) => createWarner(undefined)(message)

/** Warns of each property of `given`, if anything is, that `names` does not have; `expected` says what those are. */
export function warnOfUnknown(expected: string, given: object | false | undefined, names: object, warn: Warn): void {
  for (const name of Object.keys(given || {})) {
    if (Object.hasOwn(names, name)) continue
    const known = Object.keys(names).join(', ')
    warn(`Expected ${expected}, got ${show(name)}, which is none and does nothing. Options: ${known}.`)
  }
}

function logFailure(message: string, error: unknown): void {
  // oxlint-disable-next-line no-console -- the last place where a contained failure can be seen
  globalThis.console?.error(message, error)
}

/** Listeners by event name; one that throws is reported and disturbs no other. */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(value: never) => void>>()
  readonly #report: ErrorReporter

  constructor(report: ErrorReporter) {
    this.#report = report
  }

  on<Name extends keyof Events>(name: Name, listener: (value: Events[Name]) => void): () => void {
    let listeners = this.#listeners.get(name)
    if (!listeners) this.#listeners.set(name, (listeners = new Set()))
    // Wrapped, so that the same function can be registered twice and each registration ends by itself.
    const own = (value: Events[Name]): void => listener(value)
    listeners.add(own)
    return () => {
      listeners.delete(own)
    }
  }

  has(name: keyof Events): boolean {
    return (this.#listeners.get(name)?.size ?? 0) > 0
  }

  emit<Name extends keyof Events>(name: Name, value: Events[Name]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        ;(listener as (value: Events[Name]) => void)(value)
      } catch (error) {
        this.#report(error, { type: 'listenerFailed', event: String(name) })
      }
    }
  }
}
