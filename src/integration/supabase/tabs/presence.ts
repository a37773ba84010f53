import type { TabLocks } from './environment.ts'

/** Tells that a tab is there, and finds out when another one is gone, however it went: a lock outlives no tab. */
export interface Presence {
  /** Whether others can be told to wait for the end of this tab. */
  isShown(): boolean
  /** Shows that this tab is there; calls back once others can see it. */
  show(shown: () => void): void
  /** This tab is as good as gone. */
  hide(): void
  /** Waits for the end of another tab that shows itself, once at a time; calls back with its name. */
  watch(tab: string): void
  /** Waits for nobody any more. */
  unwatchAll(): void
}

export function createPresence(
  locks: TabLocks | undefined,
  group: string,
  own: string,
  gone: (tab: string) => void,
): Presence {
  const watched = new Map<string, AbortController>()
  let isShown = false
  let end = (): void => undefined

  /** What a browser without locks loses is only that the ends of other tabs go unnoticed. */
  function request(tab: string, signal: AbortSignal, granted: () => PromiseLike<unknown>): void {
    try {
      locks?.request(`${group} ${tab}`, { signal }, granted).then(undefined, () => undefined)
    } catch {
      // As above.
    }
  }

  return {
    isShown: () => isShown,
    show(shown) {
      end()
      const waiting = new AbortController()
      const over = new Promise<void>((resolve) => {
        end = () => {
          isShown = false
          waiting.abort()
          resolve()
        }
      })
      request(own, waiting.signal, () => {
        if (waiting.signal.aborted) return Promise.resolve()
        isShown = true
        shown()
        return over
      })
    },
    hide: () => end(),
    watch(tab) {
      if (watched.has(tab)) return
      const waiting = new AbortController()
      watched.set(tab, waiting)
      request(tab, waiting.signal, () => {
        if (watched.get(tab) === waiting) {
          watched.delete(tab)
          gone(tab)
        }
        return Promise.resolve()
      })
    },
    unwatchAll() {
      for (const waiting of watched.values()) waiting.abort()
      watched.clear()
    },
  }
}
