import type { TabLocks } from './environment.ts'

/** Hears whose turn it is to hold the connection. */
export interface SeatListener {
  granted(): void
  /** Another tab has taken it. */
  stolen(): void
  /** There is no way to take turns. */
  unavailable(error: unknown): void
}

/** The one place from which the connection of all tabs of a group is held. */
export interface Seat {
  /** Waits to be granted it, after all that wait already. */
  queue(): void
  /** Takes it at once, whoever has it. */
  steal(): void
  /** Gives it up, or waits no longer. */
  leave(): void
}

/** Creates the seat of a group, which a lock of its name stands for. */
export function createSeat(locks: TabLocks, name: string, listener: SeatListener): Seat {
  /** The newest request; older ones are over. */
  let leaveRequest = (): void => undefined

  function request(steal: boolean): void {
    leaveRequest()
    const waiting = new AbortController()
    let state: 'waiting' | 'held' | 'left' = 'waiting'
    let release = (): void => undefined
    leaveRequest = () => {
      if (state === 'waiting') waiting.abort()
      state = 'left'
      release()
    }

    function held(): PromiseLike<unknown> {
      if (state === 'left') return Promise.resolve()
      state = 'held'
      const over = new Promise<void>((resolve) => {
        release = resolve
      })
      listener.granted()
      return over
    }

    function ended(error: unknown): void {
      const before = state
      state = 'left'
      if (before === 'left') return
      // A tab may learn that it was granted the seat only when another one has taken it already.
      if (before === 'held' || (error as Partial<Error> | undefined)?.name === 'AbortError') listener.stolen()
      else listener.unavailable(error)
    }

    try {
      locks.request(name, steal ? { steal } : { signal: waiting.signal }, held).then(undefined, ended)
    } catch (error) {
      ended(error)
    }
  }

  return {
    queue: () => request(false),
    steal: () => request(true),
    leave: () => leaveRequest(),
  }
}
