import type { StrategyName } from 'realtime-coalescer'
import { and, assign, not, raise, setup, stateIn } from 'xstate'

/** Windows in ticks of 50 ms; the hybrid's refetch delay of 125 ms ends within its third tick. */
export const TICK_MS = 50
export const QUIET_TICKS = 2
export const MAX_WAIT_TICKS = 3
export const REFETCH_TICKS = 3
export const REFETCH_DELAY_MS = 125
/** How many changes `batch` buffers. */
export const MAX_BUFFERED = 3

/** What happens to a coalescer, its query and its page. `RESOLVE` and `REJECT` end the fetch that is running. */
export type WorldEvent =
  | { readonly type: 'INVALIDATE' | 'URGENT' | 'FLUSH' | 'TICK' | 'HIDE' | 'SHOW' | 'RESOLVE' | 'REJECT' | 'RESET' }
  | { readonly type: 'SWITCH'; readonly to: StrategyName }

export const worldEventTypes = [
  'INVALIDATE',
  'URGENT',
  'FLUSH',
  'TICK',
  'HIDE',
  'SHOW',
  'RESOLVE',
  'REJECT',
  'RESET',
  'SWITCH',
] as const satisfies readonly WorldEvent['type'][]

/** What the regions of the model tell each other. */
type InnerEvent =
  /** A flush that fetches, one of `direct` that restarts a running fetch, one that only marks; the timer of hybrid. */
  { readonly type: 'APPLIED' | 'RESTARTED' | 'MARKED' | 'REFETCH_DUE' }

export interface ModelContext {
  readonly strategy: StrategyName
  readonly leading: boolean
  /** Ticks since the oldest pending event, and since the newest event. */
  readonly sinceOldest: number
  readonly sinceNewest: number
  readonly buffered: number
  readonly refetchIn: number
  /** Whether an event came since the latest fetch started. */
  readonly isUnanswered: boolean
  /** Whether the screen may be old: its fetch failed, or a reset forgot what was pending. */
  readonly mayBeOld: boolean
  /** What the last event has led to: why flushes ran, and how many fetches have started. */
  readonly reasons: readonly string[]
  readonly started: number
}

const modelSetup = setup({
  types: {
    context: {} as ModelContext,
    events: {} as WorldEvent | InnerEvent,
    input: {} as { strategy: StrategyName; leading: boolean },
  },
  guards: {
    isVisible: stateIn({ page: 'visible' }),
    isPending: stateIn({ window: 'collecting' }),
    isDirect: ({ context }) => context.strategy === 'direct',
    isLeading: ({ context }) => context.leading,
    isUnanswered: ({ context }) => context.isUnanswered,
    isQuietNext: ({ context }) => context.sinceNewest + 1 >= QUIET_TICKS,
    isMaxWaitNext: ({ context }) => context.sinceOldest + 1 >= MAX_WAIT_TICKS,
    isFullNext: ({ context }) => context.strategy === 'batch' && context.buffered + 1 >= MAX_BUFFERED,
    isRefetchNext: ({ context }) => context.refetchIn === 1,
    isNew: ({ context, event }) => event.type === 'SWITCH' && event.to !== context.strategy,
    isMarking: and(['isUnanswered', stateIn({ fetch: 'none' })]),
    isToDirect: ({ event }) => event.type === 'SWITCH' && event.to === 'direct',
  },
  actions: {
    forgetStep: assign({ reasons: [], started: 0 }),
    closeWindow: assign({ sinceOldest: 0, sinceNewest: 0, buffered: 0 }),
    noteEvent: assign(({ context, event }) => ({
      isUnanswered: true,
      sinceNewest: 0,
      buffered:
        context.strategy === 'batch' && event.type === 'INVALIDATE'
          ? Math.min(context.buffered + 1, MAX_BUFFERED)
          : context.buffered,
    })),
    age: assign(({ context }) => ({
      sinceOldest: Math.min(context.sinceOldest + 1, MAX_WAIT_TICKS),
      sinceNewest: Math.min(context.sinceNewest + 1, QUIET_TICKS),
    })),
    flush: assign(({ context }, params: { reason: string }) => ({
      reasons: [...context.reasons, params.reason],
      buffered: 0,
    })),
    adopt: assign(({ context, event }) => (event.type === 'SWITCH' ? { strategy: event.to, buffered: 0 } : context)),
    apply: raise({ type: 'APPLIED' }),
    applyDue: raise(({ context }) => ({ type: context.strategy === 'hybrid' ? 'MARKED' : 'APPLIED' })),
    restart: raise({ type: 'RESTARTED' }),
    startRefetchDelay: assign({ refetchIn: REFETCH_TICKS }),
    endRefetchDelay: assign({ refetchIn: 0 }),
    countDown: assign(({ context }) => ({ refetchIn: context.refetchIn - 1 })),
    askForMarked: raise({ type: 'REFETCH_DUE' }),
    start: assign(({ context }) => ({ started: context.started + 1, isUnanswered: false })),
    succeed: assign({ mayBeOld: false }),
    fail: assign({ mayBeOld: true }),
    forgetAll: assign({ isUnanswered: false, mayBeOld: true, buffered: 0 }),
  },
})

const flushFor = (reason: string) => [{ type: 'flush', params: { reason } }, 'apply'] as const
const flushDueFor = (reason: string) => [{ type: 'flush', params: { reason } }, 'applyDue'] as const
const restart = [{ type: 'flush', params: { reason: 'direct' } }, 'restart'] as const

/**
 * What a coalescer is to do for one key, one mounted query and its page, in ticks and without any timer: when it
 * flushes and why, and when a fetch starts. Regions are ordered, because what falls into one tick happens in order.
 */
export const strategyModel = modelSetup.createMachine({
  id: 'strategyModel',
  context: ({ input }) => ({
    ...input,
    sinceOldest: 0,
    sinceNewest: 0,
    buffered: 0,
    refetchIn: 0,
    isUnanswered: false,
    mayBeOld: false,
    reasons: [],
    started: 0,
  }),
  type: 'parallel',
  states: {
    step: {
      description: 'What an event has led to is told once.',
      on: Object.fromEntries(worldEventTypes.map((type) => [type, { actions: 'forgetStep' as const }])),
    },
    page: {
      initial: 'visible',
      states: {
        visible: { on: { HIDE: 'hidden' } },
        hidden: { on: { SHOW: 'visible' } },
      },
    },
    refetch: {
      description: 'The timer of hybrid.',
      initial: 'off',
      states: {
        off: {
          on: { MARKED: { guard: 'isMarking', target: 'waiting', actions: 'startRefetchDelay' } },
        },
        waiting: {
          on: {
            TICK: [{ guard: 'isRefetchNext', target: 'off', actions: 'askForMarked' }, { actions: 'countDown' }],
            FLUSH: { guard: 'isVisible', target: 'off', actions: 'askForMarked' },
            SHOW: { target: 'off', actions: 'askForMarked' },
            SWITCH: { guard: 'isNew', target: 'off', actions: 'askForMarked' },
            APPLIED: 'off',
            RESET: 'off',
          },
          exit: 'endRefetchDelay',
        },
      },
    },
    window: {
      initial: 'idle',
      states: {
        idle: {
          entry: 'closeWindow',
          on: {
            INVALIDATE: [
              { guard: and(['isVisible', 'isDirect']), actions: ['noteEvent', ...restart] },
              {
                guard: and(['isVisible', 'isLeading']),
                target: 'burst',
                actions: ['noteEvent', ...flushFor('leading')],
              },
              { target: 'collecting', actions: 'noteEvent' },
            ],
            URGENT: [
              { guard: and(['isVisible', 'isDirect']), actions: ['noteEvent', ...restart] },
              { guard: 'isVisible', actions: ['noteEvent', ...flushFor('urgent')] },
              { target: 'collecting', actions: 'noteEvent' },
            ],
            SWITCH: { guard: 'isNew', actions: 'adopt' },
            RESET: { actions: 'forgetAll' },
          },
        },
        burst: {
          description: 'Under leading: the first event is flushed, the rest of its burst will be.',
          on: {
            INVALIDATE: { target: 'collecting', actions: ['closeWindow', 'noteEvent'] },
            URGENT: [
              { guard: 'isVisible', target: 'idle', actions: ['noteEvent', ...flushFor('urgent')] },
              { target: 'collecting', actions: ['closeWindow', 'noteEvent'] },
            ],
            TICK: [{ guard: 'isQuietNext', target: 'idle' }, { actions: 'age' }],
            SWITCH: { guard: 'isNew', target: 'idle', actions: 'adopt' },
            RESET: { target: 'idle', actions: 'forgetAll' },
          },
        },
        collecting: {
          on: {
            INVALIDATE: [
              {
                guard: and(['isVisible', 'isFullNext', 'isLeading']),
                target: 'burst',
                actions: ['noteEvent', ...flushDueFor('maxWait')],
              },
              {
                guard: and(['isVisible', 'isFullNext']),
                target: 'idle',
                actions: ['noteEvent', ...flushDueFor('maxWait')],
              },
              { actions: 'noteEvent' },
            ],
            URGENT: [
              { guard: 'isVisible', target: 'idle', actions: ['noteEvent', ...flushFor('urgent')] },
              { actions: 'noteEvent' },
            ],
            FLUSH: { guard: 'isVisible', target: 'idle', actions: [...flushFor('manual')] },
            SHOW: { target: 'idle', actions: [...flushFor('visible')] },
            TICK: [
              { guard: not('isVisible') },
              {
                guard: and(['isMaxWaitNext', 'isLeading']),
                target: 'burst',
                actions: ['age', ...flushDueFor('maxWait')],
              },
              { guard: 'isMaxWaitNext', target: 'idle', actions: [...flushDueFor('maxWait')] },
              { guard: 'isQuietNext', target: 'idle', actions: [...flushDueFor('quiet')] },
              { actions: 'age' },
            ],
            SWITCH: [
              {
                guard: and(['isNew', 'isToDirect', 'isVisible']),
                target: 'idle',
                actions: ['adopt', ...flushFor('switch')],
              },
              { guard: 'isNew', actions: 'adopt' },
            ],
            RESET: { target: 'idle', actions: 'forgetAll' },
          },
        },
      },
    },
    fetch: {
      initial: 'none',
      states: {
        none: {
          on: {
            APPLIED: { guard: 'isUnanswered', target: 'running', actions: 'start' },
            RESTARTED: { target: 'running', actions: 'start' },
            MARKED: { guard: 'isUnanswered', target: 'marked' },
          },
        },
        marked: {
          description: 'Stale, to be fetched when the timer of hybrid ends.',
          on: {
            REFETCH_DUE: [{ guard: 'isVisible', target: 'running', actions: 'start' }, { target: 'queued' }],
            APPLIED: { target: 'running', actions: 'start' },
            RESET: 'none',
          },
        },
        queued: {
          description: 'To be fetched when the page is visible again.',
          on: {
            SHOW: [{ guard: 'isPending' }, { target: 'running', actions: 'start' }],
            APPLIED: { target: 'running', actions: 'start' },
            RESET: 'none',
          },
        },
        running: {
          on: {
            APPLIED: { guard: 'isUnanswered', target: 'owed' },
            RESTARTED: { actions: 'start' },
            MARKED: { guard: 'isUnanswered', target: 'owed' },
            RESOLVE: { target: 'none', actions: 'succeed' },
            REJECT: { target: 'none', actions: 'fail' },
            RESET: 'none',
          },
        },
        owed: {
          description: 'A fetch from before the flush is running; one more follows.',
          on: {
            RESTARTED: { target: 'running', actions: 'start' },
            RESOLVE: [{ guard: 'isVisible', target: 'running', actions: 'start' }, { target: 'queued' }],
            REJECT: [{ guard: 'isVisible', target: 'running', actions: 'start' }, { target: 'queued' }],
            RESET: 'none',
          },
        },
      },
    },
  },
})
