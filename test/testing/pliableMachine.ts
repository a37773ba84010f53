import { type StrategyDefinition, type StrategyEvent, type StrategyInput, defineStrategy } from 'realtime-coalescer'
import { sendTo, setup } from 'xstate'

/** What a strategy with a machine of its own does right. */
interface Rights {
  readonly flushes?: boolean
  readonly tags?: readonly string[]
  readonly looksAtStart?: boolean
  readonly looksAtClock?: boolean
  readonly capsFromStart?: boolean
  /** How often it reports each flush. */
  readonly reports?: number
  readonly sleeps?: boolean
  readonly goesOn?: boolean
}

interface Context extends StrategyInput {
  readonly startedAtMs: number
}

/** A debounce with a machine of its own, of which each part can be left out. */
export function pliableMachine({
  flushes = true,
  tags = ['collecting'],
  looksAtStart = true,
  looksAtClock = true,
  capsFromStart = false,
  reports = 1,
  sleeps = true,
  goesOn = true,
}: Rights): StrategyDefinition {
  const leftMs = ({ port, startedAtMs }: Context): number => {
    const { queue, timing, now } = port
    const oldestAtMs = capsFromStart ? Math.max(startedAtMs, queue.oldestAtMs) : queue.oldestAtMs
    return Math.min(queue.lastEventAtMs + timing.quietMs, oldestAtMs + timing.maxWaitMs) - now()
  }
  const machine = setup({
    types: { context: {} as Context, input: {} as StrategyInput, events: {} as StrategyEvent },
    delays: {
      left: ({ context }) => Math.max(context.port.isHeld() ? context.port.timing.quietMs : 0, leftMs(context)),
    },
    guards: {
      mayFlush: ({ context: { port } }) => port.queue.size > 0 && !port.isHeld(),
      isUrgent: ({ context: { port }, event }) => event.type === 'PENDING' && event.urgent && !port.isHeld(),
      isDue: ({ context }) => leftMs(context) <= 0 && !context.port.isHeld(),
      isLate: ({ context }) => looksAtClock && leftMs(context) <= 0 && !context.port.isHeld(),
      hasKeys: ({ context: { port } }) => looksAtStart && port.queue.size > 0,
    },
    actions: {
      reportDue: sendTo(({ context }) => context.parentRef, { type: 'DUE', reason: 'quiet', fetch: 'now' }),
    },
  }).createMachine({
    id: 'pliable',
    context: ({ input }) => ({ ...input, startedAtMs: input.port.now() }),
    initial: 'idle',
    states: {
      idle: {
        always: { guard: 'hasKeys', target: 'collecting' },
        on: {
          PENDING: [{ guard: 'isUrgent', target: 'flushing' }, { target: 'collecting' }],
        },
        ...(!sleeps && { after: { 500: { target: 'idle', reenter: true } } }),
      },
      collecting: {
        tags: [...tags],
        on: {
          ...(flushes && { FLUSH: { guard: 'mayFlush', target: 'flushing' } as const }),
          PENDING: [
            { guard: 'isUrgent', target: 'flushing' },
            { guard: 'isLate', target: 'flushing' },
            { target: 'collecting', reenter: true },
          ],
        },
        after: {
          left: [
            { guard: 'isDue', target: 'flushing' },
            { target: 'collecting', reenter: true },
          ],
        },
      },
      flushing: {
        tags: 'flushing',
        entry: Array.from({ length: reports }, () => 'reportDue' as const),
        on: { FLUSHED: goesOn ? 'idle' : 'over' },
      },
      over: { type: 'final' },
    },
  })
  return defineStrategy({ machine, quietMs: 100 })
}
