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
    page.look()
    if (!focused) return engine.fetches.slots.unmarkHidden()
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

/** Treats unfinished work as told, before the actor stops. */
export function finishWork(engine: Engine, pending: StopOptions['pending'], options: ResolvedOptions): void {
  engine.interruptFlushes()
  if (pending === 'drop') return
  const mayFetch = pending === 'flush' && !engine.isHeld()
  if (mayFetch) engine.flush({ reason: 'stop', fetch: 'now' })
  else engine.markPending('stop')
  finishAfterStop(engine.fetches.ways, mayFetch ? 'fetch' : 'mark', options.maxConcurrentRefetches)
}

/** Lets go of everything and everyone, after the actor has stopped. */
export function release(engine: Engine): void {
  engine.detach()
  engine.queue.clear()
  engine.fetches.stop()
  engine.waiters.resolveSettled()
}
