import type { InspectionEvent } from 'xstate'
import { expectCount, failType } from '../../actions/validate.ts'
import { isCoalescer } from '../query/internals.ts'
import { Attachments, currentActors, hearOnce } from './actors.ts'
import type { Inspectable } from './createStatelyInspector.ts'
import { Limiter } from './limiter.ts'
import { Recorder, laneOf } from './local/recorder.ts'
import { Recording } from './local/recording.ts'
import { type View, createView, lookAtAll } from './local/view.ts'
import { watchQueries } from './local/watchQueries.ts'
import { type ShownOptions, expectPlace, resolveShown, warnOfOptions } from './options.ts'

/** What `createLocalInspector` takes. */
export interface LocalInspectorOptions {
  /** Draws the page into this element instead of a window of its own, which no popup blocker can stop. */
  readonly container?: HTMLElement | undefined
  /** The window that opens the page. @default the global one */
  readonly window?: Window | undefined
  /** How many steps are kept; older ones make room. @default 2000 */
  readonly maxSteps?: number | undefined
  /**
   * How many of the events that storms consist of (`INVALIDATE`, `REFETCH`, `CHANGE`, `SCHEDULE`, `PENDING`) are
   * recorded per second. More are told as `… 4 812 more` in their place. All other events, every change of a state,
   * every flush and every request are recorded. @default 200
   */
  readonly maxEventsPerSecond?: number | undefined
  /** Returns what may be shown of an event, for instance without rows. Contexts are then withheld. */
  readonly sanitizeEvent?: ((event: unknown) => unknown) | undefined
  /** Returns what may be shown of an actor's context. */
  readonly sanitizeContext?: ((context: unknown) => unknown) | undefined
}

/** Records actors and draws them on a page of this package, without a network. */
export interface LocalInspector {
  /** Pass this as the `inspect` option of `createCoalescer`, or of any XState actor, to record it from the start. */
  readonly inspect: (event: InspectionEvent) => void
  /**
   * Records a coalescer, a realtime service or anything with an `actor` that runs already; returns a function that ends
   * it. Of a coalescer, flushes, queries and requests are recorded too.
   */
  attach(source: Inspectable): () => void
  /**
   * Shows the page: call it in a click handler, so that the browser allows a window. False if it blocked the window, or
   * if there is none, as on a server; what happens is recorded all the same.
   */
  open(): boolean
  /** The recording as JSON, to be attached to a report. */
  export(): string
  /** Shows a recording that `export()` has written, until the page goes live again. @throws TypeError for another text. */
  import(json: string): void
  /** Ends it: everything is detached, and the page stays as it is. */
  stop(): void
}

const WINDOW_NAME = 'realtime-coalescer-inspector'
const WINDOW_FEATURES = 'popup,width=1280,height=860'
const TITLE = 'Inspector of realtime-coalescer'

/**
 * Records what actors do and draws it: their statecharts with the states lit, and a sequence diagram from an event over
 * coalescer, strategy and flush to the query and its request, with times. It can be paused, stepped back through,
 * searched, exported and imported. Draws any XState actor; nothing leaves the browser.
 *
 * @throws TypeError or RangeError for a bad option.
 */
export function createLocalInspector(options: LocalInspectorOptions = {}): LocalInspector {
  const { container, maxSteps, maxEventsPerSecond, sanitizeEvent, sanitizeContext, ...rest } = resolveOptions(options)
  const own = new Recording(maxSteps)
  const gaze = lookAtAll()
  let imported: Recording | undefined
  let view: View | undefined
  let page: Window | undefined
  let isStopped = false
  const watched = new Attachments()

  const recorder = new Recorder(own, { sanitizeEvent, sanitizeContext })
  const limiter = new Limiter(maxEventsPerSecond, (event) => recorder.take(event))
  own.onAdd = () => {
    if (!imported) view?.changed()
  }

  const port = {
    recording: () => imported ?? own,
    isImported: () => imported !== undefined,
    clear() {
      imported = undefined
      own.clear()
      view?.replaced()
    },
    import(json: string) {
      imported = Recording.import(json)
      view?.replaced()
    },
    goLive() {
      imported = undefined
      view?.replaced()
    },
  }

  const hear = hearOnce((event) => limiter.take(event))

  function inspect(event: InspectionEvent): void {
    if (!isStopped) hear(event)
  }

  return {
    inspect,
    attach(source) {
      if (isStopped) return () => undefined
      const { actor } = source
      return watched.attachWithCompanions(actor, (one) => {
        for (const event of currentActors(one, one.sessionId))
          if (!own.hasActor(event.actorRef.sessionId)) inspect(event)
        const subscription = one.system.inspect({ next: inspect })
        const isQueried = one === actor && isCoalescer(source)
        const endQueries = isQueried
          ? watchQueries(source, laneOf(actor), own, sanitizeEvent ?? ((event) => event))
          : undefined
        return () => {
          subscription.unsubscribe()
          endQueries?.()
        }
      })
    },
    open() {
      const place = container ?? openWindow()
      if (!place) return false
      view = createView(place, port, gaze)
      return true
    },
    export: () => port.recording().export(),
    import: (json) => port.import(json),
    stop() {
      if (isStopped) return
      isStopped = true
      watched.endAll()
      limiter.stop()
      view?.end('The inspector has been stopped')
    },
  }

  function openWindow(): HTMLElement | undefined {
    const host = rest.host ?? (typeof window === 'undefined' ? undefined : window)
    if (!host) return undefined
    const shown = page && blankBodyOf(page)
    if (shown) {
      page?.focus()
      return shown
    }
    // The window of that name may have gone to another page, which is left alone.
    for (const name of [WINDOW_NAME, '_blank']) {
      page = host.open('', name, WINDOW_FEATURES) ?? undefined
      const body = page && blankBodyOf(page)
      if (!body) continue
      const { ownerDocument } = body
      ownerDocument.title = TITLE
      ownerDocument.documentElement.lang = 'en'
      body.style.margin = '0'
      host.addEventListener('pagehide', () =>
        view?.end('The page that was recorded has gone: open the inspector again there'),
      )
      return body
    }
    return undefined
  }
}

/** Where to draw in a window; nothing if it is closed or shows a page of its own. */
function blankBodyOf(page: Window): HTMLElement | undefined {
  try {
    return !page.closed && page.document.URL === 'about:blank' ? page.document.body : undefined
  } catch {
    // A page of another site lets nobody look at it.
    return undefined
  }
}

/** Every option that it takes beside those of all inspectors; the type has it complete. */
const optionNames: Record<Exclude<keyof LocalInspectorOptions, keyof ShownOptions>, true> = {
  container: true,
  window: true,
  maxSteps: true,
}

/** @throws TypeError or RangeError for a bad option. */
function resolveOptions(options: LocalInspectorOptions) {
  if (typeof options !== 'object' || options === null) {
    failType('options', 'an object', options, 'Call createLocalInspector() or createLocalInspector({ container }).')
  }
  warnOfOptions('createLocalInspector()', options, optionNames)
  const { maxSteps = 2000, container, window: host } = options
  expectPlace('window', 'a window', host)
  expectPlace('container', 'an element', container)
  return { ...resolveShown(options), container, host, maxSteps: expectCount('maxSteps', maxSteps) }
}
