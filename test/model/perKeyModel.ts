import { assign, setup } from 'xstate'
import { MAX_WAIT_TICKS, QUIET_TICKS } from './strategyModel.ts'

type KeyName = 'a' | 'b'

/** The window of one key, in ticks. */
interface KeyWindow {
  readonly phase: 'idle' | 'collecting' | 'burst'
  readonly sinceOldest: number
  readonly sinceNewest: number
}

export type PerKeyEvent =
  | { readonly type: 'INVALIDATE' | 'URGENT'; readonly key: KeyName }
  | { readonly type: 'TICK' | 'FLUSH' | 'HIDE' | 'SHOW' }

interface PerKeyModelContext {
  readonly leading: boolean
  readonly windows: Readonly<Record<KeyName, KeyWindow>>
  /** What the last event has led to. */
  readonly reasons: readonly string[]
  readonly flushed: readonly KeyName[]
}

const idle: KeyWindow = { phase: 'idle', sinceOldest: 0, sinceNewest: 0 }
const keyNames = ['a', 'b'] as const

const isCapped = ({ phase, sinceOldest }: KeyWindow): boolean => phase === 'collecting' && sinceOldest >= MAX_WAIT_TICKS
const isQuiet = ({ sinceNewest }: KeyWindow): boolean => sinceNewest >= QUIET_TICKS
const isDue = (window: KeyWindow): boolean => window.phase === 'collecting' && (isCapped(window) || isQuiet(window))

type Next = Partial<PerKeyModelContext>

function receive({ leading, windows }: PerKeyModelContext, key: KeyName): Next {
  const window = windows[key]
  if (window.phase === 'idle' && leading) {
    return { windows: { ...windows, [key]: { ...idle, phase: 'burst' } }, reasons: ['leading'], flushed: [key] }
  }
  const sinceOldest = window.phase === 'collecting' ? window.sinceOldest : 0
  return { windows: { ...windows, [key]: { phase: 'collecting', sinceOldest, sinceNewest: 0 } } }
}

function flushAll({ windows }: PerKeyModelContext, reason: string): Next {
  const flushed = keyNames.filter((key) => windows[key].phase === 'collecting')
  return flushed.length > 0 ? { windows: { a: idle, b: idle }, reasons: [reason], flushed } : {}
}

function pass({ leading, windows }: PerKeyModelContext): Next {
  const aged = (key: KeyName): KeyWindow =>
    windows[key].phase === 'idle'
      ? idle
      : {
          phase: windows[key].phase,
          sinceOldest: windows[key].phase === 'collecting' ? windows[key].sinceOldest + 1 : 0,
          sinceNewest: windows[key].sinceNewest + 1,
        }
  const now = { a: aged('a'), b: aged('b') }
  const flushed = keyNames.filter((key) => isDue(now[key]))
  const after = (window: KeyWindow): KeyWindow => {
    const isOver = isDue(window) || (window.phase === 'burst' && isQuiet(window))
    if (!isOver) return window
    // A stream that never goes quiet is still one burst.
    return leading && isCapped(window) && !isQuiet(window) ? { ...window, phase: 'burst', sinceOldest: 0 } : idle
  }
  return {
    windows: { a: after(now.a), b: after(now.b) },
    reasons: flushed.length === 0 ? [] : [flushed.every((key) => isCapped(now[key])) ? 'maxWait' : 'quiet'],
    flushed,
  }
}

const nothing: Next = { reasons: [], flushed: [] }

/** What `perKey` is to do for two keys: each has a window of its own, and keys due at once share a flush. */
export const perKeyModel = setup({
  types: { context: {} as PerKeyModelContext, events: {} as PerKeyEvent, input: {} as { leading: boolean } },
  actions: {
    receive: assign(({ context, event }) => ({ ...nothing, ...('key' in event ? receive(context, event.key) : {}) })),
    hold: assign(({ context, event }) => ({
      ...nothing,
      ...('key' in event ? receive({ ...context, leading: false }, event.key) : {}),
    })),
    flushKey: assign(({ context: { windows }, event }) =>
      'key' in event ? { windows: { ...windows, [event.key]: idle }, reasons: ['urgent'], flushed: [event.key] } : {},
    ),
    flushManually: assign(({ context }) => ({ ...nothing, ...flushAll(context, 'manual') })),
    catchUp: assign(({ context }) => ({ ...nothing, ...flushAll(context, 'visible') })),
    pass: assign(({ context }) => ({ ...nothing, ...pass(context) })),
    doNothing: assign(nothing),
  },
}).createMachine({
  id: 'perKeyModel',
  context: ({ input }) => ({ ...input, windows: { a: idle, b: idle }, reasons: [], flushed: [] }),
  initial: 'visible',
  states: {
    visible: {
      on: {
        INVALIDATE: { actions: 'receive' },
        URGENT: { actions: 'flushKey' },
        FLUSH: { actions: 'flushManually' },
        TICK: { actions: 'pass' },
        HIDE: { target: 'hidden', actions: 'doNothing' },
      },
    },
    hidden: {
      description: 'Events gather, and time does not count.',
      on: {
        INVALIDATE: { actions: 'hold' },
        URGENT: { actions: 'hold' },
        FLUSH: { actions: 'doNothing' },
        TICK: { actions: 'doNothing' },
        SHOW: { target: 'visible', actions: 'catchUp' },
      },
    },
  },
})
