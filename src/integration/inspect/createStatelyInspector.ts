import type { AnyActorRef, InspectionEvent } from 'xstate'
import { Attachments, currentActors, hearOnce } from './actors.ts'
import { describe } from './describe.ts'
import { History } from './history.ts'
import { Limiter, isThinnable } from './limiter.ts'
import {
  type InspectorProblem,
  type InspectorStatus,
  type StatelyInspectorOptions,
  resolveInspectorOptions,
} from './options.ts'
import { type InspectorPage, openPage } from './page.ts'

/** Anything with an actor: a coalescer, a realtime service. */
export interface Inspectable {
  readonly actor: AnyActorRef
}

/** Shows statecharts in a window of the Stately inspector. */
export interface StatelyInspector {
  /** Pass this as the `inspect` option of `createCoalescer` to see everything from the start. */
  readonly inspect: (event: InspectionEvent) => void
  /**
   * Starts to show a coalescer or realtime service that runs already; returns a function that ends it. Until then, and
   * after, inspecting costs nothing.
   */
  attach(source: Inspectable): () => void
  /** Opens the page now, or again: call it in a click handler if the browser blocks popups. */
  open(): void
  /** Whether the window is open and answers, or why not. */
  getStatus(): InspectorStatus
  /** How many events were left out to keep the page usable. */
  getDropped(): number
  /** Ends it: everything is detached, the page is told, nothing is shown any more. */
  stop(): void
}

/** Definitions nest this deep and more; the default of the inspector would cut them off. */
const DEFINITION_DEPTH = 40

const WEB_SOCKET =
  "Pass `createSocketInspector(createWebSocketInspector({ url: 'ws://localhost:8080' })).inspect`, with createWebSocketInspector of @statelyai/inspect and its createInspectorServer() running, as the `inspect` option instead."
const SEVERED = `Its window is closed, or out of reach: a page with Cross-Origin-Opener-Policy: same-origin cannot talk to windows it opens. Send same-origin-allow-popups in development, or show the page in an \`iframe\`. ${WEB_SOCKET}`
const STRAYED = 'Pass the address it redirects to as `url`, or call open() to go back.'

/**
 * Shows coalescers and realtime services in the Stately inspector. The page opens, and `@statelyai/inspect` is loaded,
 * with the first thing to show; what happened before the page connects is told afterwards. A missing package, a blocked
 * popup or a page that does not answer is reported in the status and harms nothing.
 *
 * @throws TypeError or RangeError for a bad option.
 */
export function createStatelyInspector(options: StatelyInspectorOptions = {}): StatelyInspector {
  const resolved = resolveInspectorOptions(options)
  const { url, onStatus, connectTimeoutMs, sanitizeEvent, sanitizeContext } = resolved
  const history = new History(resolved.maxBufferedEvents)
  let status: InspectorStatus = { state: 'idle' }
  let page: InspectorPage | undefined
  let convert: ((event: InspectionEvent) => void) | undefined
  let isPageReady = false
  let timer: ReturnType<typeof setTimeout> | undefined

  /** When what a message tells of has happened: it may be made, and sent, much later. */
  const times = new WeakMap<object, string>()
  const watched = new Attachments()

  const limiter = new Limiter(resolved.maxEventsPerSecond, (event) => {
    const at = String(Date.now())
    const described = describe(event, { sanitizeEvent, sanitizeContext }, (part) => times.set(part, at))
    history.add(described, isThinnable(event))
    if (status.state === 'connected') convert?.(described)
  })

  const hear = hearOnce((event) => {
    if (status.state === 'idle') open()
    limiter.take(event)
  })

  function become(next: InspectorStatus): void {
    status = next
    try {
      if (onStatus) onStatus(next)
      // oxlint-disable-next-line no-console -- a developer who waits for an inspector must hear why none comes
      else if (next.message !== undefined) console.warn(`realtime-coalescer inspector: ${next.message}`)
    } catch {
      // A listener that throws must not reach the actor that is watched.
    }
  }

  const fail = (problem: InspectorProblem, message: string): void => become({ state: 'failed', problem, message })

  function open(): void {
    if (status.state === 'stopped') return
    closePage()
    const host = resolved.window ?? (typeof window === 'undefined' ? undefined : window)
    if (!host)
      return fail('noWindow', `There is no window here, as on a server, so nothing can be shown. ${WEB_SOCKET}`)
    become({ state: 'opening' })
    // Before anything asynchronous, while the browser still knows that the user clicked.
    page = openPage(
      { url, host, iframe: resolved.iframe ?? undefined },
      {
        connected() {
          isPageReady = true
          connect()
        },
        strayed(origin) {
          const site = origin === '' || origin === 'null' ? 'a page without an origin' : origin
          isPageReady = false
          clearTimeout(timer)
          fail('otherOrigin', `The inspector window shows ${site} instead of ${url}, so nothing is sent. ${STRAYED}`)
        },
      },
    )
    if (!page) {
      const message = `The browser blocked the inspector window at ${url}. Allow popups for this page, or call open() in a click handler.`
      return fail('popupBlocked', message)
    }
    timer = setTimeout(() => {
      if (status.state !== 'opening') return
      const silent = `The inspector page at ${url} has not answered in ${connectTimeoutMs} ms.`
      fail('noAnswer', page?.isGone() ? `${silent} ${SEVERED}` : `${silent} Is there a network?`)
    }, connectTimeoutMs)
    if (!convert) void load(page)
  }

  async function load(forPage: InspectorPage): Promise<void> {
    try {
      const { createInspector } = await import('@statelyai/inspect')
      const inspector = createInspector({ send }, { serializationDepthLimit: DEFINITION_DEPTH })
      convert ??= (event) => inspector.inspect.next?.(event)
    } catch (error) {
      if (page !== forPage) return
      closePage()
      forPage.close()
      history.clear()
      const reason = error instanceof Error ? ` (${error.message})` : ''
      fail('missingPackage', `@statelyai/inspect could not be loaded: install it to use the inspector${reason}.`)
      return
    }
    connect()
  }

  function connect(): void {
    if (!isPageReady || !convert || !page || status.state === 'stopped') return
    clearTimeout(timer)
    if (status.state !== 'connected') become({ state: 'connected' })
    for (const event of history.all()) convert(event)
  }

  function send(message: { readonly event?: object; readonly snapshot?: object }): void {
    if (status.state !== 'connected') return
    const createdAt = times.get(message.event ?? message.snapshot ?? message)
    if (page?.post(createdAt === undefined ? message : { ...message, createdAt }) !== false) return
    closePage()
    fail('pageClosed', 'The inspector window was closed. Call open() to show it again.')
  }

  function closePage(): void {
    clearTimeout(timer)
    isPageReady = false
    page?.disconnect()
    page = undefined
  }

  function inspect(event: InspectionEvent): void {
    if (status.state === 'stopped' || status.problem === 'missingPackage' || status.problem === 'noWindow') return
    hear(event)
  }

  return {
    inspect,
    open,
    attach({ actor }) {
      if (status.state === 'stopped') return () => undefined
      return watched.attachWithCompanions(actor, (one) => {
        for (const event of currentActors(one, one.sessionId)) {
          if (!history.has(event.actorRef.sessionId) || event.type !== '@xstate.actor') inspect(event)
        }
        return endOf(one.system.inspect({ next: inspect }))
      })
    },
    getStatus: () => status,
    getDropped: () => limiter.dropped,
    stop() {
      if (status.state === 'stopped') return
      watched.endAll()
      limiter.stop()
      history.clear()
      closePage()
      become({ state: 'stopped' })
    },
  }
}

const endOf = (subscription: { unsubscribe(): void }) => (): void => subscription.unsubscribe()
