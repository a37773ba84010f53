import type { TimelineBody, TimelineEntry } from './timeline.ts'

const MAX_ENTRIES = 500
/** While it is paused nothing is lost, up to here. */
const MAX_PAUSED = 5000

/** An entry of the timeline that can still change. */
export interface LogLine {
  readonly id: number
  readonly atMs: number
  body: TimelineBody
  /** Makes its body anew; called when the timeline is next read after `changed`. */
  refresh: (() => TimelineBody) | undefined
}

/** The timeline, bounded. Each of its entries stays the same object until it shows something else. */
export class TimelineLog {
  #lines: LogLine[] = []
  #nextId = 1
  readonly #views = new WeakMap<LogLine, TimelineEntry>()
  readonly #stale = new Set<LogLine>()
  #read: readonly TimelineEntry[] | undefined
  isPaused = false

  get last(): LogLine | undefined {
    return this.#lines.at(-1)
  }

  add(body: TimelineBody, refresh?: () => TimelineBody): LogLine {
    const line: LogLine = { id: this.#nextId, atMs: Date.now(), body, refresh }
    this.#nextId += 1
    this.#lines.push(line)
    const most = this.isPaused ? MAX_PAUSED : MAX_ENTRIES
    if (this.#lines.length > most) this.#lines.splice(0, this.#lines.length - most)
    this.#read = undefined
    return line
  }

  /** What a line shows has changed. */
  changed(line: LogLine): void {
    this.#stale.add(line)
    this.#read = undefined
  }

  clear(): void {
    this.#lines = []
    this.#stale.clear()
    this.#read = undefined
  }

  /** The newest first. */
  read(): readonly TimelineEntry[] {
    if (this.#read) return this.#read
    for (const line of this.#stale) {
      if (line.refresh) line.body = line.refresh()
      this.#views.delete(line)
    }
    this.#stale.clear()
    this.#read = this.#lines.map((line) => this.#viewOf(line)).toReversed()
    return this.#read
  }

  #viewOf(line: LogLine): TimelineEntry {
    let view = this.#views.get(line)
    if (!view) this.#views.set(line, (view = { id: line.id, atMs: line.atMs, ...line.body }))
    return view
  }
}
