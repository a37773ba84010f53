import type { Gate } from './gate.ts'
import type { PendingQueue } from './pendingQueue.ts'
import type { Timing } from './timing.ts'
import type { FlushReason } from './types.ts'

/** What a strategy may look at to decide when to flush. */
export interface StrategyPort {
  readonly queue: PendingQueue
  readonly timing: Timing
  readonly gate: Gate
  /** Milliseconds that never go back. */
  readonly now: () => number
  /** Whether nothing may be fetched now, because the page is hidden under `whenHidden: 'defer'`. */
  readonly isHeld: () => boolean
}

/** How far `jitterMs` can spread a lone change without passing `maxWaitMs`. */
const jitterRange = (timing: Timing): number =>
  Math.min(timing.jitterMs, Math.max(0, timing.maxWaitMs - timing.quietMs))

/** A random delay for one window. */
export const drawJitter = (timing: Timing): number => Math.random() * jitterRange(timing)

/** Until when something that has waited since `firstAtMs` must be flushed. */
export const capAt = (firstAtMs: number, timing: Timing, jitterMs: number): number =>
  firstAtMs + timing.maxWaitMs - (jitterRange(timing) - jitterMs)

/** When something that came at `firstAtMs` and last at `lastAtMs` is to be flushed. */
export const dueAt = (firstAtMs: number, lastAtMs: number, timing: Timing, jitterMs: number): number =>
  Math.min(lastAtMs + timing.quietMs + jitterMs, capAt(firstAtMs, timing, jitterMs))

/** One window over everything pending: what `debounce`, `batch` and `hybrid` share. */
export interface SharedWindow {
  readonly port: StrategyPort
  /** The random share of this window. */
  jitterMs: number
  /** When what was marked must be fetched; `Infinity` while nothing marked waits. */
  readonly refetchDueAtMs: number
}

const windowDueAt = ({ port, jitterMs }: SharedWindow): number =>
  dueAt(port.queue.oldestAtMs, port.queue.lastEventAtMs, port.timing, jitterMs)

export const untilWindowDue = (window: SharedWindow): number => Math.max(0, windowDueAt(window) - window.port.now())

export const isWindowDue = (window: SharedWindow): boolean => window.port.now() >= windowDueAt(window)

/** Whether the oldest event has waited as long as it may, or the buffer is full. */
export const isWindowOverdue = (window: SharedWindow): boolean =>
  window.port.now() >= capAt(window.port.queue.oldestAtMs, window.port.timing, window.jitterMs) ||
  isBufferFull(window.port)

export const isBufferFull = (port: StrategyPort): boolean => port.queue.changes.length >= port.timing.maxBufferedChanges

export const windowReason = (window: SharedWindow): FlushReason => (isWindowOverdue(window) ? 'maxWait' : 'quiet')

/** Lets events pass by the chart while a window waits for nothing but its timer. */
export function openWindowGate({ port, jitterMs, refetchDueAtMs }: SharedWindow): void {
  port.gate.open = port.queue.size > 0
  port.gate.overdueAtMs = port.isHeld()
    ? Infinity
    : Math.min(capAt(port.queue.oldestAtMs, port.timing, jitterMs), refetchDueAtMs)
  port.gate.maxBufferedChanges = port.timing.maxBufferedChanges
}
