import { assign, fromPromise, setup } from 'xstate'
import { reopenDelayMs } from '../actions/reopening.ts'

/** How long the user's token may take before the channel is joined without it. */
const AUTHORIZE_TIMEOUT_MS = 10_000
/** How long the client may try to join a channel object before it gets a new one. */
const JOIN_TIMEOUT_MS = 30_000
/** How long the server may take to attach the feed to a joined channel. */
const ATTACH_TIMEOUT_MS = 30_000
/** How long a server that knows of replication may take to say so; older ones never do. */
const READY_TIMEOUT_MS = 2_000
/** How long a channel that the server refuses is left alone. */
const DENIED_MS = 60_000
/** Time between two looks for a new token. */
const TOKEN_CHECK_MS = 1_000
/** Time between two looks at whether the client still has the channel joined. */
const PROBE_MS = 10_000

/** What a connection has done for it, outside of any statechart. None of these may throw. */
export interface ConnectionPort {
  /** Whether the server may leave out that the feed is attached. */
  readonly mayAttachSilently: boolean
  /** Gives the client the user's token. */
  authorize(): Promise<void>
  /** The same for a join that the client repeats by itself; failures are reported. */
  refreshToken(): void
  /** Whether the client has another token than at the last join. */
  hasNewToken(): boolean
  /** Joins a new channel object; from then on only its events are sent. */
  openChannel(): void
  /** Leaves the channel that is open, if any, and sends no more of its events. */
  removeChannel(): void
  /** Whether the client still has the channel joined, as far as it tells. */
  isJoined(): boolean
  /** Looks for what else may keep the feed from coming in. */
  lookAround(): void
  /** Changes may have been missed although the feed stays attached. */
  gapPassed(): void
  /** The feed was attached long after the join: its start may have been missed. */
  attachedLate(): void
  report(message: string, error?: unknown): void
}

export type ConnectionEvent =
  | { readonly type: 'INITIALIZE' }
  | { readonly type: 'STOP' }
  /** The channel is joined; nothing is known yet of the feed. */
  | { readonly type: 'SUBSCRIBED' }
  /** The feed is attached: changes from now on are delivered. */
  | { readonly type: 'SYSTEM_OK'; readonly isRenewal?: boolean; readonly isLate?: boolean }
  /** The feed could not be attached, or is attached no longer. */
  | { readonly type: 'SYSTEM_ERROR'; readonly message: string }
  /** The channel goes on without a table that the server refuses. */
  | { readonly type: 'EXCLUDED' }
  /** The server refuses the channel, and will as long as nothing changes. */
  | { readonly type: 'DENIED'; readonly message: string }
  /** The server refuses the token of the join. */
  | { readonly type: 'TOKEN_REFUSED'; readonly message: string }
  /** The socket or the channel is gone; the client joins again by itself. */
  | { readonly type: 'CHANNEL_ERROR'; readonly error: unknown }
  /** A join was not answered; the client joins again by itself. */
  | { readonly type: 'TIMED_OUT' }
  /** The channel object is dead, and nobody but us will replace it. */
  | { readonly type: 'CLOSED'; readonly error?: unknown }
  /** The socket has closed; the channel may be gone with it, or be joined again by the client. */
  | { readonly type: 'SOCKET_CLOSED' }
  /** The feed is known to deliver nothing, although nobody says so. */
  | { readonly type: 'DISTRUST'; readonly message: string }
  /** The page is visible and online again. */
  | { readonly type: 'PAGE_AWAKE' }

export interface ConnectionContext {
  readonly port: ConnectionPort
  /** New channels opened since the feed was last live. */
  readonly attempts: number
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error ?? 'no reason'))

/** The guards, delays, actors and actions of the connection. */
export const connectionSetup = setup({
  types: {} as {
    context: ConnectionContext
    input: { port: ConnectionPort }
    events: ConnectionEvent
  },
  actors: {
    authorize: fromPromise<void, ConnectionPort>(({ input }) => input.authorize()),
  },
  delays: {
    authorizeTimeout: AUTHORIZE_TIMEOUT_MS,
    joinTimeout: JOIN_TIMEOUT_MS,
    attachTimeout: ATTACH_TIMEOUT_MS,
    readyTimeout: READY_TIMEOUT_MS,
    deniedTime: DENIED_MS,
    tokenCheck: TOKEN_CHECK_MS,
    probe: PROBE_MS,
    reopenDelay: ({ context }) => reopenDelayMs(context.attempts),
  },
  guards: {
    mayAttachSilently: ({ context }) => context.port.mayAttachSilently,
    hasNewToken: ({ context }) => context.port.hasNewToken(),
    isJoined: ({ context }) => context.port.isJoined(),
    hidesGap: ({ event }) => event.type === 'SYSTEM_OK' && event.isRenewal !== true,
  },
  actions: {
    openChannel: ({ context }) => context.port.openChannel(),
    removeChannel: ({ context }) => context.port.removeChannel(),
    refreshToken: ({ context }) => context.port.refreshToken(),
    lookAround: ({ context }) => context.port.lookAround(),
    tellGap: ({ context }) => context.port.gapPassed(),
    tellLate: ({ context, event }) => {
      if (event.type === 'SYSTEM_OK' && event.isLate) context.port.attachedLate()
    },
    resetAttempts: assign({ attempts: 0 }),
    countAttempt: assign({ attempts: ({ context }) => context.attempts + 1 }),
    reportUnauthorized: ({ context, event }) =>
      context.port.report(
        "The user's token could not be given to the client.",
        'error' in event ? event.error : undefined,
      ),
    reportSlowAuthorization: ({ context }) =>
      context.port.report(`The client had no token within ${AUTHORIZE_TIMEOUT_MS} ms; joining without one.`),
    reportSystemError: ({ context, event }) => {
      if (event.type === 'SYSTEM_ERROR') context.port.report(`The server reported: ${event.message}`)
    },
    reportDenied: ({ context, event }) => {
      if (event.type !== 'DENIED') return
      context.port.report(
        `The server refuses the channel: ${event.message}. It is tried again with a new token, or after ${DENIED_MS / 1_000} s.`,
      )
    },
    reportTokenRefused: ({ context, event }) => {
      if (event.type === 'TOKEN_REFUSED') {
        context.port.report(`The server refuses the token: ${event.message}. A fresh one is asked for.`)
      }
    },
    reportChannelError: ({ context, event }) => {
      if (event.type === 'CHANNEL_ERROR') {
        context.port.report(`The channel failed: ${messageOf(event.error)}`, event.error)
      }
    },
    reportTimeout: ({ context }) => context.port.report('The server did not answer the join.'),
    reportClosed: ({ context, event }) => {
      if (event.type !== 'CLOSED') return
      const reason = event.error === undefined ? 'the server closed it' : messageOf(event.error)
      context.port.report(`The channel is closed: ${reason}. A new one will be opened.`, event.error)
    },
    reportDistrust: ({ context, event }) => {
      if (event.type === 'DISTRUST') context.port.report(`${event.message} A new channel will be opened.`)
    },
    reportUnattached: ({ context }) =>
      context.port.report(`The feed was not attached within ${ATTACH_TIMEOUT_MS} ms. A new channel will be opened.`),
    reportUnjoined: ({ context }) =>
      context.port.report(`The channel was not joined within ${JOIN_TIMEOUT_MS} ms. A new one will be opened.`),
    reportGone: ({ context }) =>
      context.port.report('The client no longer has the channel joined, and did not say so. A new one will be opened.'),
  },
})
