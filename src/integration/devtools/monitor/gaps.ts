import type { RealtimeStatus } from '../../../actions/feedStatus.ts'
import type { RealtimeStatusSource } from '../../react/useRealtimeStatus.ts'
import { formatMs, formatTime } from './format.ts'

const CATCH_UP = 'realtime:catchUp'
const FIRST_CONNECT = 'realtime:firstConnect'
const BACKSTOP = 'realtime:backstop'

/** Follows the status of a feed, so that a catch-up can be told from which gap it comes. */
export class GapWatcher {
  readonly #service: RealtimeStatusSource | undefined
  readonly #tell: (text: string) => void
  #status: RealtimeStatus | undefined
  #lostAtMs: number | undefined
  #gap: string | undefined
  #end: (() => void) | undefined

  constructor(service: RealtimeStatusSource | undefined, tell: (text: string) => void) {
    this.#service = service
    this.#tell = tell
  }

  start(): void {
    const service = this.#service
    if (!service) return
    this.#status = service.getStatus()
    this.#end = service.subscribe(() => this.#look(service.getStatus()))
  }

  stop(): void {
    this.#end?.()
    this.#end = undefined
    this.#lostAtMs = undefined
  }

  /** What a flush caught up with, going by the labels of its events; `undefined` if it did not. */
  describe(sources: Iterable<string>): string | undefined {
    for (const source of sources) {
      if (source === FIRST_CONNECT) return 'Catches up with what changed before the feed was live for the first time.'
      if (source === BACKSTOP) return 'A sweep of backstopMs: looks for what the feed may have missed.'
      if (source === CATCH_UP)
        return `Catches up with ${this.#gap ?? 'a gap of the feed during which its status stayed live'}.`
    }
    return undefined
  }

  #look(status: RealtimeStatus): void {
    const before = this.#status
    if (status === before) return
    this.#status = status
    const nowMs = Date.now()
    if (before === 'live') this.#lostAtMs = nowMs
    if (status !== 'live') return this.#tell(`Feed ${before} → ${status}`)
    const since = this.#lostAtMs
    this.#lostAtMs = undefined
    if (since === undefined) return this.#tell('Feed live')
    this.#gap = `the gap from ${formatTime(since)} to ${formatTime(nowMs)} (${formatMs(nowMs - since)})`
    this.#tell(`Feed live again after ${formatMs(nowMs - since)}`)
  }
}
