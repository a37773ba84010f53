import { focusManager } from '@tanstack/react-query'

/** What is used of the Web Locks API. */
export interface TabLocks {
  /** Calls back once the lock of the name is granted, and holds it until what that returns has settled. */
  request(
    name: string,
    options: { readonly steal?: boolean; readonly signal?: AbortSignal },
    granted: () => PromiseLike<unknown>,
  ): PromiseLike<unknown>
}

/** What is used of a `BroadcastChannel`. */
export interface TabChannel {
  /** Receives what other tabs post to a channel of the same name. */
  onmessage: ((event: { readonly data: unknown }) => void) | null
  /** Sends a copy to all other tabs with a channel of the same name. */
  postMessage(data: unknown): void
  /** Receives no more. */
  close(): void
}

/** What tabs share a connection with; all of it is the browser's unless a test says otherwise. */
export interface TabsEnvironment {
  /** Decides which tab holds the connection. @default navigator.locks */
  readonly locks?: TabLocks | undefined
  /** Opens what tabs talk over. @default new BroadcastChannel(name) */
  readonly openChannel?: ((name: string) => TabChannel) | undefined
  /** Whether somebody looks at this tab. @default focusManager.isFocused() */
  readonly isVisible?: (() => boolean) | undefined
  /** Calls back when the tab is put to sleep or left, and when it is back; returns a function that ends it. */
  readonly watchSleep?: ((sleep: () => void, wake: () => void) => () => void) | undefined
}

/** An environment with nothing left open; `undefined` where the browser has no way to share. */
export interface ResolvedEnvironment {
  readonly locks: TabLocks | undefined
  readonly openChannel: ((name: string) => TabChannel) | undefined
  readonly isVisible: () => boolean
  readonly watchSleep: (sleep: () => void, wake: () => void) => () => void
}

export function resolveEnvironment(given: TabsEnvironment): ResolvedEnvironment {
  const { locks = locksOfBrowser(), openChannel = channelsOfBrowser() } = given
  return {
    locks,
    openChannel,
    isVisible: given.isVisible ?? (() => focusManager.isFocused()),
    watchSleep: given.watchSleep ?? watchSleepOfPage,
  }
}

function locksOfBrowser(): TabLocks | undefined {
  const { navigator } = globalThis as { readonly navigator?: { readonly locks?: TabLocks } }
  try {
    return navigator?.locks
  } catch {
    // Pages of an opaque origin may not even look.
    return undefined
  }
}

function channelsOfBrowser(): ((name: string) => TabChannel) | undefined {
  const { BroadcastChannel } = globalThis as { readonly BroadcastChannel?: new (name: string) => TabChannel }
  if (BroadcastChannel === undefined) return undefined
  return (name) => {
    const channel: TabChannel & { unref?(): void } = new BroadcastChannel(name)
    // Node would not end while it is open.
    channel.unref?.()
    return channel
  }
}

const sleepEvents = [
  ['document', 'freeze', 'sleep'],
  ['document', 'resume', 'wake'],
  ['window', 'pagehide', 'sleep'],
  ['window', 'pageshow', 'wake'],
] as const

type Target = Pick<EventTarget, 'addEventListener' | 'removeEventListener'>

function watchSleepOfPage(sleep: () => void, wake: () => void): () => void {
  const { document, window } = globalThis as { readonly document?: Target; readonly window?: Target }
  const targets = { document, window }
  const listeners = { sleep, wake }
  for (const [target, event, what] of sleepEvents) targets[target]?.addEventListener?.(event, listeners[what])
  return () => {
    for (const [target, event, what] of sleepEvents) targets[target]?.removeEventListener?.(event, listeners[what])
  }
}
