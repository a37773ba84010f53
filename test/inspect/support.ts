import type { StatelyInspectorOptions } from 'realtime-coalescer/inspect'

export interface PostedMessage {
  readonly type: string
  readonly sessionId: string
  readonly rootId: string
  readonly name?: string
  readonly definition?: string
  readonly event?: { readonly type: string }
  readonly snapshot?: { readonly value?: unknown; readonly context?: unknown; readonly status?: string }
}

/** A page that opens inspector windows, blocks them on demand, and keeps what they are sent. */
export function createFakeHost() {
  const listeners = new Set<(event: MessageEvent) => void>()
  const posted: PostedMessage[] = []
  const origins: string[] = []
  const opened: string[] = []
  const target = {
    closed: false,
    postMessage(message: unknown, origin: string) {
      // As a browser does: functions and the like throw here.
      posted.push(structuredClone(message) as PostedMessage)
      origins.push(origin)
    },
    close() {
      target.closed = true
    },
  }
  const fake = {
    isBlocked: false,
    open(url: string) {
      if (fake.isBlocked) return null
      opened.push(url)
      target.closed = false
      return target
    },
    addEventListener: (_type: string, listener: (event: MessageEvent) => void) => listeners.add(listener),
    removeEventListener: (_type: string, listener: (event: MessageEvent) => void) => listeners.delete(listener),
  }
  return {
    posted,
    origins,
    opened,
    target,
    listeners,
    block: (isBlocked: boolean) => (fake.isBlocked = isBlocked),
    /** What an inspector page posts to its opener once it is ready. */
    connect(source: unknown = target, origin = 'https://inspector.test') {
      const event = { data: { type: '@statelyai.connected' }, source, origin } as unknown as MessageEvent
      for (const listener of listeners) listener(event)
    },
    options: { window: fake as unknown as Window, url: 'https://inspector.test/' } satisfies StatelyInspectorOptions,
    ofType: (type: string) => posted.filter((message) => message.type === type),
    definitions: () => posted.filter((message) => message.type === '@xstate.actor').map(({ name }) => name),
  }
}
