import { setup } from 'xstate'

/** How long nothing may be heard of the leader before it is asked for a sign of life. */
const QUIET_MS = 5_000
/** How long the leader has to answer, twice. */
const ANSWER_MS = 2_000
/** How much later than the tab before it each tab takes what nobody else has taken. */
const TURN_MS = 500

/** What the place of a tab among others has done for it, outside of any statechart. None of these may throw. */
export interface TabsPort {
  /** Waits to be granted the connection. */
  queue(): void
  /** Lets others have it first, and waits again. */
  yield(): void
  /** Takes it from a leader that gives no sign of life. */
  steal(): void
  /** Waits no longer, and lets go of the connection. */
  leave(): void
  /** Asks the leader how far it is. */
  ask(): void
  /** Any other leader will do from now on. */
  doubt(): void
  isVisible(): boolean
  /** How long ago the leader was heard; infinite if never. */
  heardAgoMs(): number
  /** Whether a tab that somebody looks at waits too. */
  shouldYield(): boolean
  /** How many other tabs may take the connection before this one does. */
  rank(): number
  reportAlone(): void
}

export type TabsEvent =
  /** It is this tab's turn. */
  | { readonly type: 'GRANTED' }
  /** Another tab has taken it. */
  | { readonly type: 'SEAT_LOST' }
  /** The browser does not let tabs take turns. */
  | { readonly type: 'UNAVAILABLE' }
  /** The leader has given a sign of life. */
  | { readonly type: 'HEARD' }
  /** The connection delivers. */
  | { readonly type: 'LIVE' }
  /** Somebody looks at this tab again. */
  | { readonly type: 'CHECK' }
  /** The page is about to be frozen, or left. */
  | { readonly type: 'SLEEP' }
  /** The page runs again. */
  | { readonly type: 'WAKE' }

/** A clock that was set back tells nothing. */
const isRecent = (agoMs: number): boolean => agoMs >= 0 && agoMs < QUIET_MS

const untilQuietMs = (agoMs: number): number => (isRecent(agoMs) ? QUIET_MS - agoMs : QUIET_MS)

/** The guards, delays and actions of a tab among others. */
export const tabsSetup = setup({
  types: {
    context: {} as { readonly port: TabsPort },
    input: {} as { port: TabsPort },
    events: {} as TabsEvent,
  },
  delays: {
    quiet: ({ context }) => untilQuietMs(context.port.heardAgoMs()),
    answer: ANSWER_MS,
    turn: ({ context }) => ANSWER_MS + context.port.rank() * TURN_MS,
  },
  guards: {
    isVisible: ({ context }) => context.port.isVisible(),
    hasHeard: ({ context }) => isRecent(context.port.heardAgoMs()),
    shouldYield: ({ context }) => context.port.shouldYield(),
  },
  actions: {
    queue: ({ context }) => context.port.queue(),
    yield: ({ context }) => context.port.yield(),
    steal: ({ context }) => context.port.steal(),
    leave: ({ context }) => context.port.leave(),
    ask: ({ context }) => context.port.ask(),
    doubt: ({ context }) => context.port.doubt(),
    reportAlone: ({ context }) => context.port.reportAlone(),
  },
})
