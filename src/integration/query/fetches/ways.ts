import { Waiting } from './waiting.ts'
import { type Entry, type Notes, type Stage, open, wantedAt } from './way.ts'

/** The ways of all queries that owe a fetch or have one looked after: each transition, and who is where. */
export class Ways {
  /** Requests that the coalescer started. */
  readonly running = new Set<Entry>()
  /** Those that answered what a query owed, and that nobody waits for any more. */
  readonly givenUp = new Set<Entry>()
  readonly marked = new Set<Entry>()
  readonly held = new Set<Entry>()
  readonly queued = new Set<Entry>()
  readonly fetching = new Set<Entry>()
  readonly unseen = new Set<Entry>()
  /** The running request does not answer all events, so that its end is looked after. */
  readonly noted = new Set<Entry>()
  /** Those who wait for a fetch of a query. */
  readonly waiting = new Waiting<Entry>()

  all(): Entry[] {
    return [
      ...this.marked,
      ...this.held,
      ...this.queued,
      ...this.fetching,
      ...this.unseen,
      ...this.running,
      ...this.givenUp,
      ...this.noted,
    ]
  }

  /** Forgets the request that has ended; returns whether it had been given up. */
  endRunning(entry: Entry): boolean {
    this.running.delete(entry)
    return this.givenUp.size > 0 && this.givenUp.delete(entry)
  }

  /** Owes the query a fetch for an event; where it waits for it is told by `move`. */
  owe(entry: Entry, seq: number): void {
    const { debt } = open(entry)
    if (debt.at === 'nowhere') debt.at = 'due'
    if (seq > debt.seq) debt.seq = seq
  }

  /** Owes a query the fetch again whose request has been cancelled or replaced, unless it owes a later one. */
  oweAgain(entry: Entry): void {
    if (entry.debt.at !== 'nowhere') return
    this.owe(entry, entry.endedStartedAt + 1)
    this.move(entry, 'fetching')
  }

  /** Lets a query that owes a fetch wait for it elsewhere. */
  move(entry: Entry, at: Stage): void {
    const { debt } = open(entry)
    if (debt.at === at || debt.at === 'nowhere') return
    this.#leave(entry)
    debt.at = at
    this[at].add(entry)
  }

  /** Lets the query owe its fetch until a component shows it; nobody is to wait for that. */
  postpone(entry: Entry): void {
    this.move(entry, 'unseen')
    this.#awaitNoMore(entry, wantedAt(entry))
  }

  /** Owes the query nothing any more, and tells whoever waits for what it owed. */
  discharge(entry: Entry): void {
    const upTo = wantedAt(entry)
    const { debt } = open(entry)
    this.#leave(entry)
    debt.at = 'nowhere'
    debt.seq = 0
    open(entry).direct = false
    this.#awaitNoMore(entry, upTo)
  }

  note(entry: Entry, markSeq: number, ifShown: Notes['ifShown']): void {
    const before = entry.notes
    const isNewer = ifShown !== undefined && ifShown.seq > (before?.ifShown?.seq ?? 0)
    const notes = {
      markSeq: Math.max(before?.markSeq ?? 0, markSeq),
      ifShown: isNewer ? ifShown : before?.ifShown,
    }
    if (notes.markSeq === 0 && !notes.ifShown) return
    open(entry).notes = notes
    this.noted.add(entry)
  }

  unnote(entry: Entry): void {
    open(entry).notes = undefined
    this.noted.delete(entry)
  }

  #awaitNoMore(entry: Entry, upTo: number): void {
    open(entry).inactiveWantedAt = 0
    this.waiting.release(entry, -1, upTo)
  }

  #leave(entry: Entry): void {
    const { at } = entry.debt
    if (at !== 'nowhere' && at !== 'due') this[at].delete(entry)
  }
}
