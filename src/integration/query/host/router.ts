import { closeGate } from '../../../actions/gate.ts'
import type { Moment } from '../../../actions/pendingKey.ts'
import type { QueryKey } from '../../../actions/types.ts'
import { wantsFor } from '../../../actions/wants.ts'
import { expectInvalidateOptions } from '../../../machines/events.ts'
import type {
  AnyCoalescerEvent,
  FetchLostEvent,
  FlushRequest,
  OrchestratorEvent,
  RecordableEvent,
  ScheduleEvent,
} from '../../../machines/orchestratorPort.ts'
import type { InvalidateOptions } from '../coalescer.ts'
import type { Engine } from './engine.ts'
import type { Page } from './page.ts'

/** `dead`: the actor has failed, and events are flushed one by one without it. */
export type CoalescerState = 'running' | 'dead' | 'stopped'

type RoutedEvent = AnyCoalescerEvent | ScheduleEvent

export const isRecordable = (event: RoutedEvent): event is Exclude<RecordableEvent, FetchLostEvent> =>
  event.type !== 'FLUSH' && event.type !== 'RESET' && event.type !== 'SWITCH_STRATEGY'

export interface RouterPort {
  readonly engine: Engine
  readonly page: Pick<Page, 'isAway' | 'look'>
  sendToActor(event: OrchestratorEvent): void
  /** Whether an inspector watches, who must see every event. */
  isInspected(): boolean
}

/** Brings each event to where it belongs: straight to the queue, to the actor, or past an actor that has died. */
export class Router {
  state: CoalescerState = 'running'
  /** Whether `stop()` was called, though what is unfinished may not have been treated as told yet. */
  isOver = false
  #isHolding = false
  readonly #port: RouterPort

  constructor(port: RouterPort) {
    this.#port = port
  }

  /** Takes an event of the app. */
  take(event: RoutedEvent): void {
    if (this.isOver) return
    this.#take(event)
    // With what has been deferred, so that each query is fetched once.
    this.#lookForReturn()
  }

  #take(event: RoutedEvent): void {
    const { engine } = this.#port
    if (this.state === 'running') {
      if (this.#passesGate(event)) {
        engine.recordOrThrow(event)
        this.#wakeIfClosed()
      } else this.#port.sendToActor(event)
    } else if (this.state === 'dead') {
      if (isRecordable(event)) this.#flushEvent(event)
      else if (event.type === 'RESET') engine.reset()
      else if (event.type === 'FLUSH') this.#flush({ reason: 'manual', fetch: 'now' })
    }
  }

  /**
   * Takes an INVALIDATE of one key without making an event of it, if the event would only be noted; `false` if it
   * must be sent.
   */
  tryEnqueue(queryKey: QueryKey, options: InvalidateOptions): boolean {
    const { engine } = this.#port
    if (this.isOver || this.state !== 'running' || !engine.gate.open || this.#port.isInspected()) return false
    const atMs = engine.now()
    if (atMs >= engine.gate.overdueAtMs) return false
    expectInvalidateOptions(options)
    const { exact = false, urgent, refetchType = 'active', source } = options
    if (urgent === true) return false
    engine.enqueue(queryKey, wantsFor[refetchType], atMs, exact, source)
    this.#wakeIfClosed()
    this.#lookForReturn()
    return true
  }

  /** Sends an event to the orchestrator, unless it is gone. */
  send(event: OrchestratorEvent): void {
    if (this.state === 'running') this.#port.sendToActor(event)
  }

  /** Takes what a change asks for that was on its way when `stop()` was called. */
  takeLate(event: RecordableEvent): void {
    if (this.state !== 'stopped') this.#port.engine.record(event)
  }

  /** Has keys flushed now that are still pending. */
  hurry(keyIds: readonly string[]): void {
    const pending = keyIds.filter((id) => this.#port.engine.queue.keys.has(id))
    if (pending.length > 0) this.send({ type: 'SCHEDULE', urgentKeyIds: pending })
  }

  /** Takes it that the page went out of sight, or came back. */
  takePage(isVisible: boolean): void {
    const { engine } = this.#port
    if (this.state !== 'dead') this.send({ type: isVisible ? 'PAGE_VISIBLE' : 'PAGE_HIDDEN' })
    else if (!isVisible) engine.pageHidden()
    else {
      engine.pageVisible()
      this.#flush({ reason: 'visible', fetch: 'now' })
    }
  }

  /** Shows in the chart whether fetches wait for mutations. */
  noteHeld(): void {
    const isHolding = this.#port.engine.fetches.ways.held.size > 0
    if (isHolding === this.#isHolding) return
    this.#isHolding = isHolding
    this.send({ type: isHolding ? 'HOLDING' : 'FREE' })
  }

  /** Owes queries a fetch again. */
  fetchLost(queryKeys: readonly QueryKey[], sources: readonly string[], moment?: Moment): void {
    const event: FetchLostEvent = { type: 'FETCH_LOST', queryKeys, sources }
    if (moment) this.#port.engine.queue.moments.set(event, moment)
    if (this.isOver) this.takeLate(event)
    else if (this.state === 'dead') this.#flushEvent(event)
    else this.send(event)
  }

  /** Goes on without the actor: what is pending is flushed now, later events one by one. */
  die(error: unknown): void {
    if (this.state !== 'running') return
    this.state = 'dead'
    closeGate(this.#port.engine.gate)
    this.#port.engine.queue.watcher = undefined
    this.#port.engine.strategyDied(error)
    this.#flush({ reason: 'switch', fetch: 'now' })
  }

  /** Whoever knows of the return to the page may tell nobody. */
  #lookForReturn(): void {
    if (this.#port.page.isAway && !this.isOver) this.#port.page.look()
  }

  /** A rule that has seen the event pass by may want its chart to look at once. */
  #wakeIfClosed(): void {
    if (!this.#port.engine.gate.open) this.send({ type: 'WAKE' })
  }

  #flushEvent(event: RecordableEvent): void {
    this.#flush({ reason: 'direct', keyIds: this.#port.engine.record(event), fetch: 'now' })
  }

  /** Flushes without the actor, unless the page is hidden. */
  #flush(request: FlushRequest): void {
    const { engine } = this.#port
    engine.containment.run(() => {
      if (!engine.isHeld()) engine.flush(request)
    })
  }

  /** While a strategy collects, it would only note the event, so the event may go straight to the queue. */
  #passesGate(event: RoutedEvent): event is Exclude<RecordableEvent, FetchLostEvent> {
    const { gate, now, queue } = this.#port.engine
    if (!gate.open || !isRecordable(event) || this.#port.isInspected() || now() >= gate.overdueAtMs) return false
    if (event.type === 'CHANGE') return queue.changes.length + 1 < gate.maxBufferedChanges
    return event.type !== 'INVALIDATE' || event.urgent !== true
  }
}
