import { sortableCommitTime } from './commitTime.ts'
import { HeardChanges } from './heardChanges.ts'
import { type OwnTable, type Row, identifyOwnRow, isEcho } from './ownRow.ts'
import type { Moment } from './pendingKey.ts'
import { ServerClock } from './serverClock.ts'
import type { Change } from './types.ts'

/** How long an own write waits for its echo, and what is known of one is of use. */
const FORGOTTEN_AFTER_MS = 30_000
const MAX_WRITES = 10_000
const MAX_ECHOES = 100
const MAX_ANSWERED = 200
const MAX_MOMENTS = 200

/** A write of the app that has been answered. */
export interface OwnWrite {
  readonly table: OwnTable
  readonly rowId: string
  readonly row: Row
  /** When the response came, in logical time and in milliseconds. */
  readonly seq: number
  readonly atMs: number
  /** When the mutations that are under way began, the first of them, in milliseconds; `-Infinity` without any. */
  readonly beganAtMs: number
  /** When the mutation began that is known to have returned the row: without one it may have begun before any. */
  provenBeganAtMs(): number | undefined
}

/** One whose echo has not come. */
interface Waiting {
  readonly write: OwnWrite
  /** How far the clock of the server was known to be ahead at the most. */
  readonly mostAheadMs: number | undefined
  /** Whether the echo has come already, or been missed, if the write began before all mutations that were under way. */
  readonly isDoubtful: boolean
}

/** A write whose echo has come: who tells of it again waits for none. */
interface Answered {
  readonly write: OwnWrite
  readonly echo: Change
  /** When the echo came. */
  readonly echoAtMs: number
}

/** What the echo of an own write has told: whoever asked after `seq` has seen all commits up to `committed`. */
interface Echo {
  readonly committed: string
  readonly seq: number
  readonly atMs: number
}

/**
 * Recognises the echoes of own writes. A write is committed before its response comes, so that a fetch which starts
 * after the response shows it, and everything that was committed up to it.
 */
export class OwnWrites {
  /** Those whose echo has not come, by row, oldest first. */
  readonly #waiting = new Map<string, Waiting[]>()
  #answered: Answered[] = []
  readonly #now: () => number
  readonly #serverClock = new ServerClock()
  readonly #heard = new HeardChanges()
  #count = 0
  /** None of those that wait is older. */
  #oldestAtMs = Infinity
  #interruptedAtMs = -Infinity
  #returnedAtMs = -Infinity
  #echoes: Echo[] = []
  /** Those of changes that came while writes waited, by commit time, oldest first. */
  readonly #moments = new Map<string, Moment>()

  constructor(now: () => number) {
    this.#now = now
  }

  /** Notes a write, unless its echo has come before its response, or may have. Returns whether the echo is to come. */
  add(write: OwnWrite): boolean {
    this.#forgetOld()
    if (this.#isToldAgain(write)) return false
    const { rowId, table, row } = write
    const heard = this.#heard.ofRow(rowId).filter(({ change }) => isEcho(change, row, table) !== false)
    const isDoubtful = heard.length > 0 || this.#mayHaveMissed(write, -Infinity)
    const provenAtMs = isDoubtful ? write.provenBeganAtMs() : undefined
    const beganAtMs = provenAtMs ?? write.beganAtMs
    const since = heard.filter(({ atMs }) => atMs >= beganAtMs)
    const early = since.find(({ change }) => isEcho(change, row, table) === true)
    if (early) {
      this.#heard.remove(early)
      this.#noteAnswered({ write, echo: early.change, echoAtMs: early.atMs })
      this.#noteEcho(early.change, write.seq)
    }
    if (since.length > 0 || this.#mayHaveMissed(write, beganAtMs)) return false
    // Told of again, it has been answered by now at the latest.
    this.#keep(rowId, (one) => one.write.row !== row)
    const waiting: Waiting = { write, mostAheadMs: this.#serverClock.mostAheadMs, isDoubtful }
    const writes = this.#waiting.get(rowId)
    if (writes) writes.push(waiting)
    else this.#waiting.set(rowId, [waiting])
    this.#count += 1
    this.#oldestAtMs = Math.min(this.#oldestAtMs, write.atMs)
    for (const oldest of this.#waiting.keys()) {
      if (this.#count <= MAX_WRITES) break
      this.#keep(oldest, () => false)
    }
    return !isDoubtful || provenAtMs !== undefined
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
    else if (rowId !== undefined) this.#heard.note({ rowId, change, atMs: this.#now() })
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

  /** Whether the echo of a write that began at a time can have come in a gap, or among what is forgotten. */
  #mayHaveMissed({ atMs }: OwnWrite, beganAtMs: number): boolean {
    const { forgottenAtMs } = this.#heard
    if (beganAtMs !== -Infinity) return beganAtMs <= Math.max(this.#interruptedAtMs, forgottenAtMs)
    return atMs - Math.max(this.#returnedAtMs, forgottenAtMs) < FORGOTTEN_AFTER_MS
  }

  /** The logical time of the response to the write that a change is the echo of. */
  #match(rowId: string, change: Change, table: OwnTable): number | undefined {
    const writes = this.#waiting.get(rowId)
    if (!writes) return undefined
    const nowMs = this.#now()
    const isMatch = (one: Waiting): boolean =>
      isEcho(change, one.write.row, table) === true && isToCome(one) && !isLater(change, one, nowMs)
    const first = writes.find(isMatch)
    // If the echoes of those before have been lost, it is that of the last one.
    const seq = writes.findLast(isMatch)?.write.seq
    if (first) this.#noteAnswered({ write: first.write, echo: change, echoAtMs: nowMs })
    // Whoever has written the row, its next change may be somebody else's and look the same.
    const passed = first ? writes.indexOf(first) + 1 : writes.length
    this.#keep(rowId, (one, index) => index >= passed && !(one.write.atMs === first?.write.atMs && isMatch(one)))
    return seq
  }

  /** Whether it is a write whose echo has come, told of in the same moment, or by the mutation that has returned it. */
  #isToldAgain(write: OwnWrite): boolean {
    return this.#answered.some(({ write: known, echo, echoAtMs }) => {
      if (known.rowId !== write.rowId) return false
      if (known.atMs === write.atMs) return isEcho(echo, write.row, write.table) === true
      return known.row === write.row && echoAtMs >= (write.provenBeganAtMs() ?? Infinity)
    })
  }

  #noteAnswered(answered: Answered): void {
    this.#answered.push(answered)
    if (this.#answered.length > MAX_ANSWERED) this.#answered.shift()
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

  /** Waits no longer for those of a row but some. */
  #keep(rowId: string, isKept: (one: Waiting, index: number) => boolean): void {
    const writes = this.#waiting.get(rowId) ?? []
    const kept = writes.filter(isKept)
    this.#count -= writes.length - kept.length
    if (kept.length > 0) this.#waiting.set(rowId, kept)
    else this.#waiting.delete(rowId)
  }

  #forgetOld(): void {
    const oldestMs = this.#now() - FORGOTTEN_AFTER_MS
    if (this.#oldestAtMs < oldestMs) {
      for (const rowId of [...this.#waiting.keys()]) this.#keep(rowId, ({ write }) => write.atMs >= oldestMs)
      this.#oldestAtMs = Math.min(...[...this.#waiting.values()].flat().map(({ write }) => write.atMs))
    }
    while (this.#answered[0] && this.#answered[0].echoAtMs < oldestMs) this.#answered.shift()
    this.#heard.forgetBefore(oldestMs)
    while (this.#echoes[0] && this.#echoes[0].atMs < oldestMs) this.#echoes.shift()
  }
}

function commitMsOf({ commitTimestamp }: Change): number | undefined {
  const committed = sortableCommitTime(commitTimestamp)
  return committed === undefined ? undefined : Number(committed) * 1_000
}

/** Whether the echo of a write that is waited for can only come after its response. */
const isToCome = ({ write, isDoubtful }: Waiting): boolean => !isDoubtful || write.provenBeganAtMs() !== undefined

/** Whether a change was committed after the response to a write, so that the echo of the write has been lost. */
function isLater(change: Change, { write, mostAheadMs }: Waiting, nowMs: number): boolean {
  const committedMs = commitMsOf(change)
  if (committedMs === undefined || mostAheadMs === undefined) return false
  // Of a time still to come nothing can be said: a clock has been set.
  return committedMs > write.atMs + mostAheadMs && committedMs <= nowMs + mostAheadMs
}
