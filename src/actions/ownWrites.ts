import { sortableCommitTime } from './commitTime.ts'
import type { Moment } from './pendingKey.ts'
import { isExact, isSameValue } from './sameValue.ts'
import { ServerClock } from './serverClock.ts'
import type { Change } from './types.ts'

/** How long an own write waits for its echo, and what is known of one is of use. */
const FORGOTTEN_AFTER_MS = 30_000
const MAX_WRITES = 10_000
const MAX_HEARD = 200
const MAX_ECHOES = 100
const MAX_MOMENTS = 200

type Row = Readonly<Record<string, unknown>>

/** What the matching needs to know of a table. */
export interface OwnTable {
  readonly id: string
  readonly primaryKey: readonly string[]
  readonly filter: string | undefined
}

/** A write of the app that has been answered. */
export interface OwnWrite {
  readonly table: OwnTable
  readonly rowId: string
  readonly row: Row
  /** When the response came, in logical time and in milliseconds. */
  readonly seq: number
  readonly atMs: number
  /** When the write began at the earliest, in milliseconds; `-Infinity` if that is not known. */
  readonly beganAtMs: number
}

/** One whose echo has not come. */
interface Waiting {
  readonly write: OwnWrite
  /** How far the clock of the server was known to be ahead at the most. */
  readonly mostAheadMs: number | undefined
}

/** What the echo of an own write has told: whoever asked after `seq` has seen all commits up to `committed`. */
interface Echo {
  readonly committed: string
  readonly seq: number
  readonly atMs: number
}

interface Heard {
  readonly rowId: string
  readonly change: Change
  readonly atMs: number
}

/**
 * Recognises the echoes of own writes. A write is committed before its response comes, so that a fetch which starts
 * after the response shows it, and everything that was committed up to it.
 */
export class OwnWrites {
  /** Those whose echo has not come, by row, oldest first. */
  readonly #waiting = new Map<string, Waiting[]>()
  readonly #now: () => number
  readonly #serverClock = new ServerClock()
  #count = 0
  #interruptedAtMs = -Infinity
  #returnedAtMs = -Infinity
  #heard: Heard[] = []
  #echoes: Echo[] = []
  /** Those of changes that came while writes waited, by commit time, oldest first. */
  readonly #moments = new Map<string, Moment>()

  constructor(now: () => number) {
    this.#now = now
  }

  /** Notes a write, unless its echo has come before its response, or may have been missed. */
  add(write: OwnWrite): void {
    this.#forgetOld()
    const { rowId, table, row, beganAtMs } = write
    const index = this.#heard.findIndex(
      (heard) => heard.rowId === rowId && heard.atMs >= beganAtMs && isEcho(heard.change, row, table),
    )
    const [early] = index < 0 ? [] : this.#heard.splice(index, 1)
    if (early) return this.#noteEcho(early.change, write.seq)
    if (this.#mayHaveMissed(write)) return
    const waiting: Waiting = { write, mostAheadMs: this.#serverClock.mostAheadMs }
    const writes = this.#waiting.get(rowId)
    if (writes) writes.push(waiting)
    else this.#waiting.set(rowId, [waiting])
    this.#count += 1
    for (const oldest of this.#waiting.keys()) {
      if (this.#count <= MAX_WRITES) break
      this.#drop(oldest)
    }
  }

  isWaiting({ rowId }: OwnWrite): boolean {
    return this.#waiting.has(rowId)
  }

  /**
   * Takes a change of the feed.
   *
   * @returns what tells since when fetches have seen it, at once or when the echo of its commit comes; `undefined` if
   *   that is not to be known
   */
  take(change: Change, table: OwnTable): Moment | undefined {
    this.#forgetOld()
    const rowId = identifyOwnRow(table, change.eventType === 'DELETE' ? change.old : change.new)
    const seq = rowId === undefined ? undefined : this.#match(rowId, change, table)
    const committedMs = commitMsOf(change)
    if (committedMs !== undefined) this.#serverClock.note(committedMs, this.#now())
    if (seq !== undefined) this.#noteEcho(change, seq)
    else if (rowId !== undefined) {
      this.#heard.push({ rowId, change, atMs: this.#now() })
      if (this.#heard.length > MAX_HEARD) this.#heard.shift()
    }
    const seenSince = seq ?? this.#seenSince(change)
    return seenSince === undefined ? this.#openMoment(change) : { seenSince, wasOpen: false }
  }

  /**
   * Changes may have been missed, echoes among them: what looks like one now may be somebody else's.
   *
   * @param hasReturned whether the feed is live again after a gap
   */
  interrupted(hasReturned: boolean): void {
    this.#waiting.clear()
    this.#count = 0
    this.#interruptedAtMs = this.#now()
    if (hasReturned) this.#returnedAtMs = this.#now()
  }

  /** Whether the echo of a write can have come in a gap. */
  #mayHaveMissed({ beganAtMs, atMs }: OwnWrite): boolean {
    if (beganAtMs !== -Infinity) return beganAtMs <= this.#interruptedAtMs
    return atMs - this.#returnedAtMs < FORGOTTEN_AFTER_MS
  }

  /** The logical time of the response to the write that a change is the echo of. */
  #match(rowId: string, change: Change, table: OwnTable): number | undefined {
    const writes = this.#waiting.get(rowId)
    if (!writes) return undefined
    const nowMs = this.#now()
    const isMatch = (one: Waiting): boolean => isEcho(change, one.write.row, table) && !isLater(change, one, nowMs)
    const index = writes.findIndex(isMatch)
    // If the echoes of those before have been lost, it is that of the last one.
    const seq = writes.findLast(isMatch)?.write.seq
    // Whoever has written the row, its next change may be somebody else's and look the same.
    const passed = index < 0 ? writes.length : index + 1
    writes.splice(0, passed)
    this.#count -= passed
    if (writes.length === 0) this.#waiting.delete(rowId)
    return seq
  }

  #noteEcho({ commitTimestamp }: Change, seq: number): void {
    const committed = sortableCommitTime(commitTimestamp)
    if (committed === undefined) return
    const isKnown = this.#echoes.some((echo) => echo.committed >= committed && echo.seq <= seq)
    if (isKnown) return
    this.#echoes = this.#echoes.filter((echo) => echo.committed > committed || echo.seq < seq)
    this.#echoes.push({ committed, seq, atMs: this.#now() })
    if (this.#echoes.length > MAX_ECHOES) this.#echoes.shift()
    for (const [time, moment] of this.#moments) {
      if (time <= committed) moment.seenSince = Math.min(seq, moment.seenSince ?? Infinity)
    }
  }

  /** The moment of a change that may turn out to be of the commit of a write, or from before it. */
  #openMoment({ commitTimestamp }: Change): Moment | undefined {
    const committed = this.#count === 0 ? undefined : sortableCommitTime(commitTimestamp)
    if (committed === undefined) return undefined
    let moment = this.#moments.get(committed)
    if (!moment) this.#moments.set(committed, (moment = { seenSince: undefined, wasOpen: true }))
    for (const oldest of this.#moments.keys()) {
      if (this.#moments.size <= MAX_MOMENTS) break
      this.#moments.delete(oldest)
    }
    return moment
  }

  #seenSince({ commitTimestamp }: Change): number | undefined {
    if (this.#echoes.length === 0) return undefined
    const committed = sortableCommitTime(commitTimestamp)
    if (committed === undefined) return undefined
    const seqs = this.#echoes.filter((echo) => echo.committed >= committed).map(({ seq }) => seq)
    return seqs.length > 0 ? Math.min(...seqs) : undefined
  }

  #drop(rowId: string): void {
    this.#count -= this.#waiting.get(rowId)?.length ?? 0
    this.#waiting.delete(rowId)
  }

  #forgetOld(): void {
    const oldestMs = this.#now() - FORGOTTEN_AFTER_MS
    for (const [rowId, writes] of this.#waiting) {
      const [oldest] = writes
      if (oldest && oldest.write.atMs >= oldestMs) break
      this.#drop(rowId)
    }
    while (this.#heard[0] && this.#heard[0].atMs < oldestMs) this.#heard.shift()
    while (this.#echoes[0] && this.#echoes[0].atMs < oldestMs) this.#echoes.shift()
  }
}

function commitMsOf({ commitTimestamp }: Change): number | undefined {
  const committed = sortableCommitTime(commitTimestamp)
  return committed === undefined ? undefined : Number(committed) * 1_000
}

/** Whether a change was committed after the response to a write, so that the echo of the write has been lost. */
function isLater(change: Change, { write, mostAheadMs }: Waiting, nowMs: number): boolean {
  const committedMs = commitMsOf(change)
  if (committedMs === undefined || mostAheadMs === undefined) return false
  // Of a time still to come nothing can be said: a clock has been set.
  return committedMs > write.atMs + mostAheadMs && committedMs <= nowMs + mostAheadMs
}

/** What tells a row from all others; `undefined` without its primary key. */
export function identifyOwnRow(table: OwnTable, row: object): string | undefined {
  const values = table.primaryKey.map((column) => (row as Row)[column])
  if (values.some((value) => value === undefined || value === null || !isTellable(value))) return undefined
  return JSON.stringify([table.id, ...values.map(String)])
}

const isTellable = (value: unknown): boolean =>
  typeof value !== 'object' && (typeof value !== 'number' || isExact(value))

/** Whether a change of the same row tells the values that a write returned. */
function isEcho(change: Change, row: Row, { primaryKey, filter }: OwnTable): boolean {
  if (change.errors !== null && change.errors.length > 0) return false
  const isDelete = change.eventType === 'DELETE'
  // DELETEs pass a filter that may have kept the echo of an own insert out.
  if (isDelete && filter !== undefined) return false
  const told: Row = isDelete ? change.old : change.new
  const compared = Object.keys(row).filter(
    (column) => !primaryKey.includes(column) && row[column] !== undefined && told[column] !== undefined,
  )
  // With nothing but its key, only an insert is sure not to be somebody else's write to the row.
  if (compared.length === 0 && change.eventType !== 'INSERT') return false
  return compared.every((column) => isSameValue(row[column], told[column]))
}
