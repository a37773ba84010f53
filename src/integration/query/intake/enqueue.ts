import { notifyManager } from '@tanstack/react-query'
import type { Moment } from '../../../actions/pendingKey.ts'
import type { BufferedChange, PendingQueue } from '../../../actions/pendingQueue.ts'
import type { QueryKey } from '../../../actions/types.ts'
import { type Wants, wantsFor, wantsOf } from '../../../actions/wants.ts'
import { expectChangeEvent, expectKeyEvent, failEventType } from '../../../machines/events.ts'
import type { AnyCoalescerEvent, RecordableEvent } from '../../../machines/orchestratorPort.ts'
import { resolveStrategy } from '../../../machines/registry.ts'
import { type ChangeSink, type ChangesPort, applyChange } from './applyChange.ts'
import type { Containment } from '../../../actions/containment.ts'
import type { Changing } from './changing.ts'
import type { ResolvedOptions } from '../options.ts'

export interface IntakePort {
  readonly queue: PendingQueue
  readonly now: () => number
  readonly isHeld: () => boolean
  readonly containment: Containment
  readonly changing: Changing
  /** Whether changes wait for the flush with their handlers unread. */
  buffersChanges(): boolean
  maxBufferedChanges(): number
  /** What handlers need; `undefined` without a query client, and once the coalescer has ended. */
  changes(): ChangesPort | undefined
}

/** Why an event is unusable, if it is. */
export function checkEvent(
  event: AnyCoalescerEvent,
  options: Pick<ResolvedOptions, 'registry' | 'timing'>,
  hasQueryClient: boolean,
): Error | undefined {
  try {
    if (typeof event !== 'object' || event === null) return failEventType(event)
    switch (event.type) {
      case 'INVALIDATE':
      case 'REFETCH':
        expectKeyEvent(event)
        break
      case 'CHANGE':
        expectChangeEvent(event)
        break
      case 'SWITCH_STRATEGY':
        resolveStrategy(options.registry, event.strategy, options.timing)
        return undefined
      case 'FLUSH':
      case 'RESET':
        return undefined
      default:
        return failEventType(event)
    }
    if (hasQueryClient) return undefined
    return new TypeError(
      `Expected a query client before ${event.type}, got none. Pass \`queryClient\` to createCoalescer(), or call realtime.initialize(queryClient) first.`,
    )
  } catch (error) {
    return error as Error
  }
}

/** Puts events into the queue; returns the ids of the keys they touch. */
export function recordEvent(port: IntakePort, event: RecordableEvent): readonly string[] {
  const { queue } = port
  const atMs = port.now()
  const moment = queue.moments.get(event)
  switch (event.type) {
    case 'INVALIDATE':
    case 'REFETCH': {
      const exact = event.type === 'INVALIDATE' && event.exact === true
      return queue.during(0, () => addKeys(queue, event.queryKeys, wantsOf(event), atMs, exact, event.source, moment))
    }
    case 'SCHEDULE': {
      const { call } = event
      return call ? queue.during(0, () => call.enter(queue, atMs)) : (event.urgentKeyIds ?? [])
    }
    case 'FETCH_LOST':
      return event.queryKeys.map((queryKey) => queue.restore(queryKey, atMs, event.sources, moment).id)
    case 'CHANGE': {
      queue.bufferChange(event.change, event.handler, atMs, moment)
      const isFull = queue.changes.length >= port.maxBufferedChanges()
      return port.buffersChanges() && !(isFull && port.isHeld()) ? [] : drainChanges(port)
    }
  }
}

/** All ids first: an unusable key throws here, before anything has changed. */
function addKeys(
  queue: PendingQueue,
  queryKeys: readonly QueryKey[],
  wants: Wants,
  atMs: number,
  exact: boolean,
  source: string | undefined,
  moment: Moment | undefined,
): string[] {
  const ids = queryKeys.map((queryKey) => queue.idOf(queryKey, exact))
  for (const [index, queryKey] of queryKeys.entries()) {
    const id = ids[index]
    if (id !== undefined) queue.add(id, queryKey, wants, atMs, exact, source, moment)
  }
  return ids
}

/** Runs the handlers of buffered changes in arrival order and puts the keys they touch into the queue. */
export function drainChanges(port: IntakePort): string[] {
  const { queue } = port
  if (queue.changes.length === 0 || !port.changes()) return []
  const ids: string[] = []
  const drain = (buffered: BufferedChange): void => {
    port.containment.run(() => {
      const changesPort = port.changes()
      // The handler before this one has ended the coalescer.
      if (!changesPort) return
      const { change, handler, seq, atMs, moment } = buffered
      const add = (queryKeys: readonly QueryKey[], wants: Wants, source: string): void => {
        for (const queryKey of queryKeys) ids.push(queue.addFromChange(queryKey, wants, buffered, source).id)
      }
      const sink: ChangeSink = {
        invalidate: (queryKeys, source) => add(queryKeys, wantsFor.active, source),
        refetch: (queryKeys, queryType, source) => add(queryKeys, wantsFor[queryType], source),
        fetchLost: (queryKeys, source) =>
          ids.push(...queryKeys.map((queryKey) => queue.restore(queryKey, atMs, [source], moment).id)),
      }
      queue.during(1, () => applyChange(changesPort, change, handler, sink, seq))
    })
  }
  notifyManager.batch(() => port.changing.run(() => queue.takeChanges().forEach(drain)))
  return ids
}
