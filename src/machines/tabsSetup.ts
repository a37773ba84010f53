import { setup } from 'xstate'

/** How long nothing may be heard of the leader before it is asked for a sign of life. */
const QUIET_MS = 5_000
/** How long the leader has to answer, twice. */
const ANSWER_MS = 2_000
/** How much later than the tab before it each tab takes what nobody else has taken. */
const TURN_MS = 500

/** How long an heir may take until its connection delivers. */
const PATIENCE_MS = 15_000
/** How long both deliver: what the server has committed before is then told by the leader. */
const OVERLAP_MS = 2_000
/** How long the leader whose place was taken may take to say that it has told its last. */
const FAREWELL_MS = 2_000

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
  /** Says that the connection delivers beside that of the leader. */
  proclaim(): void
  /** Leads without a leader beside it. */
  inherit(): void
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
  /** The connection does not deliver, or not all. */
  | { readonly type: 'INTERRUPTED' }
  /** The leader lets this tab take its place, because nobody looks at it. */
  | { readonly type: 'RELIEVE' }
  /** The leader whose place this tab takes has told its last. */
  | { readonly type: 'RELIEVED' }
  /** Another tab has taken the place of the leader. */
  | { readonly type: 'SUPERSEDED' }
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
  types: {} as {
    context: { readonly port: TabsPort }
    input: { port: TabsPort }
    events: TabsEvent
  },
  delays: {
    quiet: ({ context }) => untilQuietMs(context.port.heardAgoMs()),
    answer: ANSWER_MS,
    patience: PATIENCE_MS,
    overlap: OVERLAP_MS,
    farewell: FAREWELL_MS,
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
    proclaim: ({ context }) => context.port.proclaim(),
    inherit: ({ context }) => context.port.inherit(),
    ask: ({ context }) => context.port.ask(),
    doubt: ({ context }) => context.port.doubt(),
    reportAlone: ({ context }) => context.port.reportAlone(),
  },
})
