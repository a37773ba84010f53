import { focusManager, onlineManager } from '@tanstack/react-query'
import { finishAfterStop } from '../fetches/afterStop.ts'
import type { StopOptions } from '../coalescer.ts'
import type { Engine } from './engine.ts'
import type { ResolvedOptions } from '../options.ts'
import type { Page } from './page.ts'
import type { Router } from './router.ts'

/** Follows the page's visibility and connection; returns a function that ends it. */
export function followPage(engine: Engine, router: Router, page: Page): () => void {
  const unsubscribeFocus = focusManager.subscribe((focused) => {
    if (focused) engine.fetches.slots.unmarkForFocus()
    page.look()
    if (!focused) return
    void engine.fetches.slots.markAgainSoon()
    engine.fetches.resumePaused()
    // Timers of a background page are throttled: what is overdue is flushed now.
    router.send({ type: 'WAKE' })
  })
  const unsubscribeOnline = onlineManager.subscribe((online) => {
    engine.fetches.holds.setOnline(online)
    if (online) engine.fetches.resumePaused()
  })
  page.look()
  return () => {
    page.stop()
    unsubscribeFocus()
    unsubscribeOnline()
  }
}

/**
 * Treats unfinished work as told. Inside of a change, what that still asks for is waited for, which is known before the
 * call that told of the change returns.
 *
 * @param finished called before the actor is to stop
 */
export function finishWork(
  engine: Engine,
  pending: StopOptions['pending'],
  options: ResolvedOptions,
  finished: () => void,
): void {
  const { slots, ways } = engine.fetches
  engine.interruptFlushes()
  if (pending === 'drop') return finished()
  slots.isShut = true
  engine.changing.whenKnown(() => {
    slots.isShut = false
    const mayFetch = pending === 'flush' && !engine.isHeld()
    if (mayFetch) engine.flush({ reason: 'stop', fetch: 'now' })
    else engine.markPending('stop')
    finishAfterStop(ways, mayFetch ? 'fetch' : 'mark', options.maxConcurrentRefetches)
    finished()
  })
}

/** Lets go of everything and everyone, after the actor has stopped. */
export function release(engine: Engine): void {
  engine.detach()
  engine.queue.clear()
  engine.fetches.stop()
  engine.waiters.resolveSettled()
}
