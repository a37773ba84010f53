import { assign, fromPromise, setup } from 'xstate'
import { reopenDelayMs } from '../actions/reopening.ts'
import { latestRepairAtMs, untilLatestRepairMs, untilRepairMs } from '../actions/repairing.ts'

/** How long the user's token may take before the channel is joined without it. */
const AUTHORIZE_TIMEOUT_MS = 10_000
/** How long the server may take to attach the feed to a joined channel. */
const ATTACH_TIMEOUT_MS = 30_000

/** Why a catch-up runs; also its `source` label. */
export type CatchUpReason = 'firstConnect' | 'gap' | 'backstop'

/** What the connection has done for it, outside of any statechart. None of these may throw. */
export interface ConnectionPort {
  readonly now: () => number
  /** What to do when the feed is live for the first time. */
  readonly firstCatchUp: 'markStale' | 'refetch' | 'off'
  /** Time between two sweeps in milliseconds; `undefined` for none. */
  readonly backstopMs: number | undefined
  /** Gives the client the user's token. */
  authorize(): Promise<void>
  /** Joins a new channel object; from then on only its events are sent. */
  openChannel(): void
  /** Leaves the channel that is open, if any, and sends no more of its events. */
  removeChannel(): void
  /** Schedules a refetch of what a gap may have missed; `'mark'` only marks it stale. */
  catchUp(reason: CatchUpReason, effect: 'refetch' | 'mark'): void
  report(message: string, error?: unknown): void
  /** Whether the page is visible and online. */
  isAwake(): boolean
  /** Starts or ends sending PAGE_AWAKE. */
  watchPage(watch: boolean): void
}

export type ConnectionEvent =
  | { readonly type: 'INITIALIZE' }
  | { readonly type: 'STOP' }
  /** The channel is joined; nothing is known yet of the feed. */
  | { readonly type: 'SUBSCRIBED' }
  /** The feed is attached: changes from now on are delivered. */
  | { readonly type: 'SYSTEM_OK' }
  /** The feed could not be attached, or is attached no longer. */
  | { readonly type: 'SYSTEM_ERROR'; readonly message: string }
  /** The socket or the channel is gone; the client joins again by itself. */
  | { readonly type: 'CHANNEL_ERROR'; readonly error: unknown }
  /** A join was not answered; the client joins again by itself. */
  | { readonly type: 'TIMED_OUT' }
  /** The channel object is dead, and nobody but us will replace it. */
  | { readonly type: 'CLOSED'; readonly error?: unknown }
  /** The page is visible and online again. */
  | { readonly type: 'PAGE_AWAKE' }

export interface ConnectionContext {
  readonly port: ConnectionPort
  /** New channels opened since the feed was last live. */
  readonly attempts: number
  /** When the open gap is repaired at the latest. */
  readonly latestRepairAtMs: number
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error ?? 'no reason'))

/** The guards, delays, actors and actions of the connection. */
export const connectionSetup = setup({
  types: {
    context: {} as ConnectionContext,
    input: {} as { port: ConnectionPort },
    events: {} as ConnectionEvent,
  },
  actors: {
    authorize: fromPromise<void, ConnectionPort>(({ input }) => input.authorize()),
  },
  delays: {
    authorizeTimeout: AUTHORIZE_TIMEOUT_MS,
    attachTimeout: ATTACH_TIMEOUT_MS,
    reopenDelay: ({ context }) => reopenDelayMs(context.attempts),
    untilRepair: ({ context }) => untilRepairMs(context.latestRepairAtMs, context.port.now()),
    untilLatestRepair: ({ context }) => untilLatestRepairMs(context.latestRepairAtMs, context.port.now()),
    backstop: ({ context }) => context.port.backstopMs ?? 0,
  },
  guards: {
    marksFirst: ({ context }) => context.port.firstCatchUp === 'markStale',
    refetchesFirst: ({ context }) => context.port.firstCatchUp === 'refetch',
    hasBackstop: ({ context }) => context.port.backstopMs !== undefined,
    isAwake: ({ context }) => context.port.isAwake(),
  },
  actions: {
    openChannel: ({ context }) => context.port.openChannel(),
    removeChannel: ({ context }) => context.port.removeChannel(),
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
    reportUnattached: ({ context }) =>
      context.port.report(`The feed was not attached within ${ATTACH_TIMEOUT_MS} ms. A new channel will be opened.`),
    boundRepair: assign({ latestRepairAtMs: ({ context }) => latestRepairAtMs(context.port.now()) }),
    markStale: ({ context }) => context.port.catchUp('firstConnect', 'mark'),
    catchUp: ({ context }) => context.port.catchUp('gap', 'refetch'),
    sweep: ({ context }) => context.port.catchUp('backstop', 'refetch'),
    watchPage: ({ context }) => context.port.watchPage(true),
    unwatchPage: ({ context }) => context.port.watchPage(false),
  },
})
