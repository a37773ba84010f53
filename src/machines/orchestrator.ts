import { assign, emit, sendTo, setup } from 'xstate'
import { closeGate } from '../actions/gate.ts'
import type { FlushReason, QueryKey } from '../actions/types.ts'
import type { FilterCall } from '../actions/pendingKey.ts'
import type { StrategyPort } from '../actions/windows/windows.ts'
import type { CoalescerEvent, EmittedEvent } from './events.ts'
import type { StrategyInput, StrategyMachine, StrategyParentRef, StrategyReport } from './strategy.ts'
import {
  type ResolvedStrategy,
  type StrategyName,
  type StrategyOption,
  strategies,
  strategyNames,
} from './strategies.ts'

export interface FlushRequest {
  readonly reason: FlushReason
  /** The keys to flush; all of them if missing. */
  readonly keyIds?: readonly string[] | undefined
  readonly fetch: 'now' | 'later'
}

/** What the orchestrator has done for it, outside of any statechart. None of these may throw. */
export interface OrchestratorPort extends Omit<StrategyPort, 'timing'> {
  /** Why an event is unusable, if it is. */
  check(event: CoalescerEvent): Error | undefined
  reportBadEvent(event: unknown, error: Error): void
  /** Puts an event's keys or change into the queue; returns the ids of its keys. A bad key is reported. */
  record(event: RecordableEvent): readonly string[]
  /** Applies pending keys; returns how many queries wait for `fetchMarked`. */
  flush(request: FlushRequest): number
  /** Fetches what flushes with `fetch: 'later'` have marked. */
  fetchMarked(): void
  /** Forgets all that is pending, queued and to follow, and cancels the fetches in flight. */
  reset(): void
  /** The strategy and timing that an option means. */
  resolve(strategy: StrategyOption): ResolvedStrategy
  strategySwitched(from: ResolvedStrategy, to: ResolvedStrategy): void
  strategyDied(error: unknown): void
  pageHidden(): void
  pageVisible(): void
}

/** Queries whose running fetch no longer answers the events it was to answer: cancelled, or overtaken by a patch. */
export interface FetchLostEvent {
  readonly type: 'FETCH_LOST'
  readonly queryKeys: readonly QueryKey[]
}

/** What a call of the coalesced client asks for, or keys of such calls that are not to wait any longer. */
export interface ScheduleEvent {
  readonly type: 'SCHEDULE'
  readonly call?: FilterCall
  readonly urgentKeyIds?: readonly string[]
}

export type RecordableEvent =
  | Extract<CoalescerEvent, { type: 'INVALIDATE' | 'REFETCH' | 'CHANGE' }>
  | FetchLostEvent
  | ScheduleEvent

export type OrchestratorEvent =
  | CoalescerEvent
  | FetchLostEvent
  | ScheduleEvent
  | StrategyReport
  /** The page went out of sight. */
  | { readonly type: 'PAGE_HIDDEN' }
  /** The page came back. */
  | { readonly type: 'PAGE_VISIBLE' }
  /** Something woke the app up: a timer that was throttled may be late. */
  | { readonly type: 'WAKE' }
  /** A fact for the listeners of the actor. */
  | { readonly type: 'REPORT'; readonly emitted: EmittedEvent }

interface OrchestratorContext {
  readonly port: OrchestratorPort
  readonly strategy: ResolvedStrategy
  /** How often a strategy has died. */
  readonly deaths: number
  /** What the port answered last, for the message to the strategy that follows in the same transition. */
  readonly answer: { keyIds: readonly string[]; marked: number }
}

/** After so many deaths the error is the orchestrator's own, and the coalescer goes on without an actor. */
const MAX_DEATHS = 3

/** Whether what an event brings is to be flushed at once. */
const isUrgent = (event: OrchestratorEvent): boolean =>
  event.type === 'INVALIDATE' ? event.urgent === true : event.type === 'SCHEDULE' && event.urgentKeyIds !== undefined

/** What a strategy died of. */
const causeOf = (event: OrchestratorEvent): unknown => ('error' in event ? event.error : event)

const isSame = (a: ResolvedStrategy, b: ResolvedStrategy): boolean => JSON.stringify(a) === JSON.stringify(b)

const strategyMachines = Object.fromEntries(strategyNames.map((name) => [name, strategies[name].machine])) as {
  [Name in StrategyName]: StrategyMachine
}

const orchestratorSetup = setup({
  types: {
    context: {} as OrchestratorContext,
    input: {} as { port: OrchestratorPort; strategy: ResolvedStrategy },
    events: {} as OrchestratorEvent,
    emitted: {} as EmittedEvent,
    children: {} as { strategy: StrategyName },
  },
  actors: strategyMachines,
  guards: {
    isStrategy: ({ context }, params: { name: StrategyName }) => context.strategy.name === params.name,
    isBad: ({ context, event }) => context.port.check(event as CoalescerEvent) !== undefined,
    isSurvivable: ({ context }) => context.deaths < MAX_DEATHS,
    hasFact: ({ event }) => event.type === 'REPORT' && typeof (event.emitted as unknown) === 'object',
    isNewStrategy: ({ context, event }) =>
      event.type === 'SWITCH_STRATEGY' && !isSame(context.port.resolve(event.strategy), context.strategy),
  },
  actions: {
    reportBadEvent: ({ context, event }) => {
      const error = context.port.check(event as CoalescerEvent)
      if (error) context.port.reportBadEvent(event, error)
    },
    detach: ({ context }) => {
      closeGate(context.port.gate)
      context.port.queue.watcher = undefined
    },
    record: ({ context, event }) => {
      context.answer.keyIds = context.port.record(event as RecordableEvent)
    },
    announcePending: sendTo('strategy', ({ context, event }) => ({
      type: 'PENDING',
      keyIds: context.answer.keyIds,
      urgent: isUrgent(event),
    })),
    requestFlush: sendTo('strategy', { type: 'FLUSH', reason: 'manual' }),
    requestCatchUp: sendTo('strategy', { type: 'FLUSH', reason: 'visible' }),
    requestCheck: sendTo('strategy', { type: 'PENDING', keyIds: [], urgent: false }),
    flushPending: ({ context, event }) => {
      if (event.type === 'DUE') context.answer.marked = context.port.flush(event)
    },
    confirmFlush: sendTo('strategy', ({ context }) => ({ type: 'FLUSHED', marked: context.answer.marked })),
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
    adoptDirect: assign(({ context }) => ({
      strategy: { ...context.strategy, name: 'direct' as const },
      deaths: context.deaths + 1,
    })),
    giveUp: ({ event }) => {
      throw causeOf(event)
    },
    forgetAll: ({ context }) => context.port.reset(),
    notePageHidden: ({ context }) => context.port.pageHidden(),
    notePageVisible: ({ context }) => context.port.pageVisible(),
    emitReport: emit(({ event }) => (event as Extract<OrchestratorEvent, { type: 'REPORT' }>).emitted),
  },
})

const toDirect = { target: 'choosing', actions: ['reportDeath', 'adoptDirect'] } as const

/** One state per registered strategy, so that the chart shows which one is at work. */
const strategyState = (name: StrategyName) =>
  orchestratorSetup.createStateConfig({
    description: `The strategy '${name}' decides when to flush.`,
    exit: 'detach',
    invoke: {
      id: 'strategy',
      src: name,
      input: ({ context, self }: { context: OrchestratorContext; self: StrategyParentRef }): StrategyInput => ({
        parentRef: self,
        port: {
          queue: context.port.queue,
          gate: context.port.gate,
          timing: context.strategy.timing,
          now: context.port.now,
          isHeld: context.port.isHeld,
        },
      }),
      // What takes the place of a dead strategy may die as well, but not for ever.
      onError: name === 'direct' ? [{ guard: 'isSurvivable', ...toDirect }, { actions: 'giveUp' }] : toDirect,
    },
  })

/** Takes the events of the app, keeps one strategy at work, and has the flushes applied that it asks for. */
export const orchestratorMachine = orchestratorSetup.createMachine({
  id: 'coalescer',
  description:
    'Collects what has changed; a strategy decides when to flush; a flush marks and fetches each query once.',
  context: ({ input }) => ({ ...input, deaths: 0, answer: { keyIds: [], marked: 0 } }),
  type: 'parallel',
  on: {
    INVALIDATE: [{ guard: 'isBad', actions: 'reportBadEvent' }, { actions: ['record', 'announcePending'] }],
    REFETCH: [{ guard: 'isBad', actions: 'reportBadEvent' }, { actions: ['record', 'announcePending'] }],
    CHANGE: [{ guard: 'isBad', actions: 'reportBadEvent' }, { actions: ['record', 'announcePending'] }],
    SCHEDULE: { actions: ['record', 'announcePending'] },
    FETCH_LOST: { actions: ['record', 'announcePending'] },
    FLUSH: { actions: 'requestFlush' },
    WAKE: { actions: 'requestCheck' },
    DUE: { actions: ['flushPending', 'confirmFlush'] },
    REFETCH_DUE: { actions: 'fetchMarked' },
    REPORT: { guard: 'hasFact', actions: 'emitReport' },
    '*': { actions: 'reportBadEvent' },
  },
  states: {
    strategy: {
      description: 'Which strategy is at work. The pending queue outlives it, so a switch hands nothing over.',
      initial: 'choosing',
      on: {
        SWITCH_STRATEGY: [
          { guard: 'isBad', actions: 'reportBadEvent' },
          { guard: 'isNewStrategy', target: '.choosing', actions: ['announceSwitch', 'adoptStrategy'] },
        ],
        RESET: { target: '.choosing', actions: 'forgetAll' },
      },
      states: {
        choosing: {
          description: 'Between two strategies: the old one is stopped, the gate is shut.',
          always: strategyNames.map((name) => ({
            guard: { type: 'isStrategy' as const, params: { name } },
            target: name,
          })),
        },
        ...(Object.fromEntries(strategyNames.map((name) => [name, strategyState(name)])) as Record<
          StrategyName,
          ReturnType<typeof strategyState>
        >),
      },
    },
    page: {
      description: "Whether the page is on screen. With whenHidden 'defer' nothing is fetched while it is not.",
      initial: 'visible',
      states: {
        visible: {
          on: { PAGE_HIDDEN: { target: 'hidden', actions: 'notePageHidden' }, PAGE_VISIBLE: {} },
        },
        hidden: {
          on: { PAGE_VISIBLE: { target: 'visible', actions: ['notePageVisible', 'requestCatchUp'] }, PAGE_HIDDEN: {} },
        },
      },
    },
  },
})
