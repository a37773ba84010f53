import { type ActorRef, type Snapshot, assign, emit, sendTo, setup } from 'xstate'
import { closeGate } from '../actions/gate.ts'
import { describe } from './describe.ts'
import type { EmittedEvent } from './events.ts'
import type { AnyCoalescerEvent, OrchestratorEvent, OrchestratorPort, RecordableEvent } from './orchestratorPort.ts'
import { FALLBACK, type ResolvedStrategy } from './registry.ts'
import type { StrategyEvent, StrategyMachine, StrategyParentRef } from './strategy.ts'
import { surroundingsMachine } from './surroundings.ts'
import type { SurroundingsEvent } from './surroundingsPort.ts'

interface OrchestratorContext {
  readonly port: OrchestratorPort
  readonly strategy: ResolvedStrategy
  /** How often a strategy has died. */
  readonly deaths: number
}

interface OrchestratorArgs {
  readonly context: OrchestratorContext
  readonly event: OrchestratorEvent
}

/** After so many deaths no strategy is started any more, and the coalescer goes on without. */
const MAX_DEATHS = 3

/** Whether what an event brings is to be flushed at once. */
const isUrgent = (event: OrchestratorEvent): boolean =>
  event.type === 'INVALIDATE' ? event.urgent === true : event.type === 'SCHEDULE' && event.urgentKeyIds !== undefined

/** What an actor died of: what it threw, or that the chart of a strategy came to an end. */
const causeOf = (event: OrchestratorEvent): unknown =>
  'error' in event ? event.error : new Error('Expected a strategy without an end, got a final state. Lead it to idle.')

const isSame = (a: ResolvedStrategy, b: ResolvedStrategy): boolean => JSON.stringify(a) === JSON.stringify(b)

type StrategyRef = ActorRef<Snapshot<unknown>, StrategyEvent>

/** Says something to the strategy at work; XState itself takes any event for an actor named by its id. */
export const tell = (event: StrategyEvent | ((args: OrchestratorArgs) => StrategyEvent)) =>
  sendTo<OrchestratorContext, OrchestratorEvent, undefined, StrategyRef, OrchestratorEvent>('strategy', event)

const orchestratorSetup = setup({
  types: {} as {
    context: OrchestratorContext
    input: { port: OrchestratorPort; strategy: ResolvedStrategy }
    events: OrchestratorEvent
    emitted: EmittedEvent<string>
    children: { strategy: string; surroundings: 'surroundings' }
  },
  actors: { surroundings: surroundingsMachine } as { surroundings: typeof surroundingsMachine } & Record<
    string,
    StrategyMachine
  >,
  guards: {
    isStrategy: ({ context }, params: { name: string }) => context.strategy.name === params.name,
    isBad: ({ context, event }) => context.port.check(event as AnyCoalescerEvent) !== undefined,
    isSurvivable: ({ context }) => context.deaths < MAX_DEATHS,
    hasFact: ({ event }) => event.type === 'REPORT' && typeof (event.emitted as unknown) === 'object',
    isNewStrategy: ({ context, event }) =>
      event.type === 'SWITCH_STRATEGY' && !isSame(context.port.resolve(event.strategy), context.strategy),
  },
  actions: {
    reportBadEvent: ({ context, event }) => {
      const error = context.port.check(event as AnyCoalescerEvent)
      if (error) context.port.reportBadEvent(event, error)
    },
    detach: ({ context }) => {
      closeGate(context.port.gate)
      context.port.queue.watcher = undefined
    },
    record: ({ context, event }) => context.port.record(event as RecordableEvent),
    announcePending: tell(({ context, event }) => ({
      type: 'PENDING',
      keyIds: context.port.recordedIds,
      urgent: isUrgent(event),
    })),
    requestFlush: tell({ type: 'FLUSH', reason: 'manual' }),
    requestCatchUp: tell({ type: 'FLUSH', reason: 'visible' }),
    requestCheck: tell({ type: 'PENDING', keyIds: [], urgent: false }),
    flushPending: ({ context, event }) => {
      if (event.type === 'DUE') context.port.flush(event)
    },
    confirmFlush: tell(({ context }) => ({ type: 'FLUSHED', marked: context.port.markedCount })),
    fetchMarked: ({ context }) => context.port.fetchMarked(),
    adoptStrategy: assign(({ context, event }) => {
      if (event.type !== 'SWITCH_STRATEGY') return {}
      return { strategy: context.port.resolve(event.strategy) }
    }),
    announceSwitch: ({ context, event }) => {
      if (event.type === 'SWITCH_STRATEGY') {
        context.port.strategySwitched(context.strategy, context.port.resolve(event.strategy))
      }
    },
    reportDeath: ({ context, event }) => context.port.strategyDied(causeOf(event)),
    countDeath: assign({ deaths: ({ context }) => context.deaths + 1 }),
    adoptFallback: assign({ strategy: ({ context }) => ({ ...context.strategy, name: FALLBACK }) }),
    giveUp: ({ context, event }) => context.port.gaveUp(causeOf(event)),
    forgetAll: ({ context }) => context.port.reset(),
    tellSurroundings: sendTo('surroundings', ({ event }) => event as SurroundingsEvent),
    emitReport: emit(({ event }) => (event as Extract<OrchestratorEvent, { type: 'REPORT' }>).emitted),
  },
})

const toFallback = { target: 'choosing', actions: ['reportDeath', 'countDeath', 'adoptFallback'] } as const

/** What takes the place of a dead strategy may die as well, but not for ever. */
const fallbackDied = [{ guard: 'isSurvivable', ...toFallback }, { target: '#coalescer.dead' }] as const

/** One state per strategy, so that the chart shows which one is at work. */
const strategyState = (name: string) => {
  const died = name === FALLBACK ? fallbackDied : toFallback
  return orchestratorSetup.createStateConfig({
    description: describe(`The strategy '${name}' decides when to flush.`),
    exit: 'detach',
    invoke: {
      id: 'strategy',
      src: name,
      input: ({ context: { port, strategy }, self }: { context: OrchestratorContext; self: StrategyParentRef }) => {
        const { queue, gate, now, isHeld, rootOf } = port
        return { parentRef: self, port: { queue, gate, timing: strategy.timing, now, isHeld, rootOf } }
      },
      onError: died,
      onDone: died,
    },
  })
}

const noted = { actions: ['record', 'announcePending'] } as const
const taken = [{ guard: 'isBad', actions: 'reportBadEvent' }, noted] as const
const around = { actions: 'tellSurroundings' } as const

/**
 * Takes the events of the app, keeps one of these strategies at work, and has the flushes applied that it asks for.
 * Without regions: each would be asked for its transitions at every event.
 */
export function createOrchestratorMachine(machines: Readonly<Record<string, StrategyMachine>>) {
  const names = Object.keys(machines)
  return orchestratorSetup
    .createMachine({
      id: 'coalescer',
      description: describe(
        'Collects what has changed; a strategy decides when to flush; a flush marks and fetches each query once.',
      ),
      context: ({ input }) => ({ ...input, deaths: 0 }),
      initial: 'strategy',
      states: {
        strategy: {
          description: describe(
            'A strategy is at work, and events are taken. The pending queue outlives it, so a switch hands nothing over.',
          ),
          invoke: {
            id: 'surroundings',
            src: 'surroundings',
            input: ({ context, self }) => ({ port: context.port, parentRef: self }),
            onError: 'dead',
          },
          initial: 'choosing',
          on: {
            INVALIDATE: taken,
            REFETCH: taken,
            CHANGE: taken,
            SCHEDULE: noted,
            FETCH_LOST: noted,
            FLUSH: { actions: 'requestFlush' },
            WAKE: { actions: 'requestCheck' },
            DUE: { actions: ['flushPending', 'confirmFlush'] },
            REFETCH_DUE: { actions: 'fetchMarked' },
            REPORT: { guard: 'hasFact', actions: 'emitReport' },
            PAGE_HIDDEN: around,
            PAGE_VISIBLE: around,
            HOLDING: around,
            FREE: around,
            RETURNED: { actions: 'requestCatchUp' },
            SWITCH_STRATEGY: [
              { guard: 'isBad', actions: 'reportBadEvent' },
              { guard: 'isNewStrategy', target: '.choosing', actions: ['announceSwitch', 'adoptStrategy'] },
            ],
            RESET: { target: '.choosing', actions: 'forgetAll' },
            STOP: 'stopped',
            '*': { actions: 'reportBadEvent' },
          },
          states: {
            choosing: {
              description: describe('Between two strategies: the old one is stopped, the gate is shut.'),
              always: names.map((name) => ({
                guard: { type: 'isStrategy' as const, params: { name } },
                target: name,
              })),
            },
            ...Object.fromEntries(names.map((name) => [name, strategyState(name)])),
          },
        },
        dead: {
          description: describe('Strategies have died too often. Events are flushed one by one, without a chart.'),
          entry: 'giveUp',
          on: { STOP: 'stopped', '*': {} },
        },
        stopped: {
          description: describe('Stopped for good.'),
          on: { '*': {} },
        },
      },
    })
    .provide({ actors: machines })
}
