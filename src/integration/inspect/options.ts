import { warnInConsole, warnOfUnknown } from '../../actions/report.ts'
import { expectCount, expectDelay, expectFunction, failType } from '../../actions/validate.ts'

/**
 * Why an inspector shows nothing. `otherOrigin`: the window shows a page of another site than `url`, which is told
 * nothing.
 */
export type InspectorProblem =
  | 'missingPackage'
  | 'popupBlocked'
  | 'noAnswer'
  | 'pageClosed'
  | 'noWindow'
  | 'otherOrigin'

/** How an inspector stands. */
export interface InspectorStatus {
  /**
   * `idle`: nothing to show yet. `opening`: the page loads. `connected`: it shows what happens. `failed`: see
   * `problem`. `stopped`: by `stop()`.
   */
  readonly state: 'idle' | 'opening' | 'connected' | 'failed' | 'stopped'
  readonly problem?: InspectorProblem
  /** What happened and what to do about it. */
  readonly message?: string
}

/** What `createStatelyInspector` takes. */
export interface StatelyInspectorOptions {
  /**
   * The inspector page. Give your own page, with `createBrowserReceiver` of `@statelyai/inspect`, to work offline or
   * to keep rows and query keys on your machine.
   * @default 'https://stately.ai/inspect'
   */
  readonly url?: string | undefined
  /** The window that opens the page and hears from it. @default the global one */
  readonly window?: Window | undefined
  /** Shows the page in this frame instead of a window of its own, which no popup blocker can stop. */
  readonly iframe?: HTMLIFrameElement | null | undefined
  /** Told of every change of the status. Without it, failures go to `console.warn`. */
  readonly onStatus?: ((status: InspectorStatus) => void) | undefined
  /** How long the page may take to answer, in milliseconds, before that is reported. @default 10000 */
  readonly connectTimeoutMs?: number | undefined
  /**
   * How many of the events that storms consist of (`INVALIDATE`, `REFETCH`, `CHANGE`, `SCHEDULE`, `PENDING`) are shown
   * per second. More are told as `… 4 812 more` in their place, with numbers, and counted in `getDropped()`. All other
   * events and every change of a state get through. Raise it to see a storm whole, at the price of a slow page.
   * @default 200
   */
  readonly maxEventsPerSecond?: number | undefined
  /**
   * How many events a page that connects late is told of, beside the definitions of all actors that live. The events of
   * a storm make room first.
   * @default 500
   */
  readonly maxBufferedEvents?: number | undefined
  /**
   * Returns what the page may see of an event, for instance without rows. Contexts keep what events brought: with this
   * option and without `sanitizeContext`, only the events in a context are shown, as this leaves them.
   */
  readonly sanitizeEvent?: ((event: unknown) => unknown) | undefined
  /** Returns what the page may see of an actor's context. */
  readonly sanitizeContext?: ((context: unknown) => unknown) | undefined
}

export interface ResolvedInspectorOptions extends Pick<
  StatelyInspectorOptions,
  'onStatus' | 'sanitizeEvent' | 'sanitizeContext' | 'window' | 'iframe'
> {
  readonly url: string
  readonly connectTimeoutMs: number
  readonly maxEventsPerSecond: number
  readonly maxBufferedEvents: number
}

/** What every inspector takes: how much of a storm it shows, and what of events and contexts. */
export type ShownOptions = Pick<StatelyInspectorOptions, 'maxEventsPerSecond' | 'sanitizeEvent' | 'sanitizeContext'>

/** Every option that all of them take; the type has it complete. */
const shownNames: Record<keyof ShownOptions, true> = {
  maxEventsPerSecond: true,
  sanitizeEvent: true,
  sanitizeContext: true,
}

/** Warns of options that an inspector does not take, beside those that all take. */
export const warnOfOptions = (call: string, options: object, names: object): void =>
  warnOfUnknown(`options of ${call}`, options, { ...shownNames, ...names }, warnInConsole)

/** Every other option of `createStatelyInspector`. */
const statelyNames: Record<Exclude<keyof StatelyInspectorOptions, keyof ShownOptions>, true> = {
  url: true,
  window: true,
  iframe: true,
  onStatus: true,
  connectTimeoutMs: true,
  maxBufferedEvents: true,
}

/** @throws TypeError or RangeError for a bad option. */
export function resolveShown({ maxEventsPerSecond = 200, sanitizeEvent, sanitizeContext }: ShownOptions) {
  if (sanitizeEvent !== undefined) expectFunction('sanitizeEvent', sanitizeEvent)
  if (sanitizeContext !== undefined) expectFunction('sanitizeContext', sanitizeContext)
  return {
    maxEventsPerSecond: expectCount('maxEventsPerSecond', maxEventsPerSecond),
    sanitizeEvent,
    sanitizeContext,
  }
}

/** Where an inspector is shown. @throws TypeError for anything but an object, or nothing. */
export function expectPlace(name: string, expected: string, place: unknown): void {
  if (place !== undefined && (typeof place !== 'object' || place === null)) {
    failType(name, expected, place, 'Leave it out to use a new window.')
  }
}

/** @throws TypeError or RangeError for a bad option. */
export function resolveInspectorOptions(options: StatelyInspectorOptions): ResolvedInspectorOptions {
  if (typeof options !== 'object' || options === null) {
    failType('options', 'an object', options, 'Call createStatelyInspector() or createStatelyInspector({ url }).')
  }
  warnOfOptions('createStatelyInspector()', options, statelyNames)
  const { url = 'https://stately.ai/inspect', connectTimeoutMs = 10_000, maxBufferedEvents = 500, ...rest } = options
  if (typeof url !== 'string' || url === '')
    failType('url', 'an address', url, "Pass a page such as '/inspector.html'.")
  if (rest.onStatus !== undefined) expectFunction('onStatus', rest.onStatus)
  expectPlace('window', 'a window', rest.window ?? undefined)
  expectPlace('iframe', 'an iframe element', rest.iframe ?? undefined)
  return {
    ...rest,
    ...resolveShown(options),
    url,
    connectTimeoutMs: expectDelay('connectTimeoutMs', connectTimeoutMs),
    maxBufferedEvents: expectCount('maxBufferedEvents', maxBufferedEvents),
  }
}
