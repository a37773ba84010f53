import type { Onlooker } from '../../../actions/onlookers.ts'
import type { PendingKey } from '../../../actions/pendingKey.ts'

/** What came for one key. */
export interface Arrived {
  /** How many events of each label. */
  readonly sources: readonly { readonly source: string; readonly count: number }[]
}

/** What led to a flush. */
export interface Arrivals {
  readonly rowChanges: number
  readonly otherEvents: number
}

/** A change of the feed, or an event of the app, while it enters the queue. */
interface Incident {
  readonly rows: number
  readonly keyIds: Set<string>
}

/** Incidents that touched the same keys. */
interface Combination {
  readonly keyIds: Set<string>
  rowChanges: number
  otherEvents: number
}

const MAX_SOURCES = 50

/**
 * Counts what comes for each pending key, and tells changed rows from keys: one row may touch many keys. What is held
 * grows with the pending keys and the sets of them that are touched together.
 */
export class ArrivalCounter implements Pick<Onlooker, 'eventBegins' | 'eventEnds' | 'noteEvent'> {
  readonly #incidents: Incident[] = []
  readonly #sources = new Map<string, Map<string, number>>()
  readonly #combinations = new Map<string, Combination>()

  eventBegins(rows: number): void {
    const outer = this.#incidents.at(-1)
    // What a change of the feed sends is the change, and no event beside it.
    this.#incidents.push(outer && rows === 0 && outer.rows > 0 ? outer : { rows, keyIds: new Set() })
  }

  eventEnds(): void {
    const incident = this.#incidents.pop()
    if (incident && incident !== this.#incidents.at(-1) && incident.keyIds.size > 0) this.#count(incident)
  }

  noteEvent({ id }: PendingKey, source: string | undefined): void {
    const incident = this.#incidents.at(-1)
    if (!incident) this.#count({ rows: 0, keyIds: new Set([id]) })
    else if (incident.keyIds.has(id)) return
    else incident.keyIds.add(id)
    if (source === undefined) return
    let counts = this.#sources.get(id)
    if (!counts) this.#sources.set(id, (counts = new Map()))
    if (counts.has(source) || counts.size < MAX_SOURCES) counts.set(source, (counts.get(source) ?? 0) + 1)
  }

  /** What has come for a key so far. */
  of({ id, sources }: PendingKey): Arrived {
    const counts = this.#sources.get(id)
    return { sources: [...(sources ?? [])].map((source) => ({ source, count: counts?.get(source) ?? 1 })) }
  }

  /** Forgets keys that are flushed, and tells what led to it. */
  take(keys: readonly PendingKey[], isEmpty: boolean): Arrivals {
    let [rowChanges, otherEvents] = [0, 0]
    const taken = new Set(keys.map(({ id }) => id))
    for (const [name, combination] of this.#combinations) {
      const before = combination.keyIds.size
      for (const id of combination.keyIds) if (taken.has(id)) combination.keyIds.delete(id)
      if (combination.keyIds.size === before) continue
      rowChanges += combination.rowChanges
      otherEvents += combination.otherEvents
      this.#combinations.delete(name)
      if (combination.keyIds.size > 0) this.#join(combination)
    }
    for (const id of taken) this.#sources.delete(id)
    if (isEmpty) this.clear()
    return { rowChanges, otherEvents }
  }

  clear(): void {
    this.#sources.clear()
    this.#combinations.clear()
  }

  #count({ rows, keyIds }: Incident): void {
    this.#join({ keyIds, rowChanges: rows, otherEvents: rows > 0 ? 0 : 1 })
  }

  #join({ keyIds, rowChanges, otherEvents }: Combination): void {
    const name = [...keyIds].join('\n')
    const known = this.#combinations.get(name)
    if (!known) this.#combinations.set(name, { keyIds: new Set(keyIds), rowChanges, otherEvents })
    else {
      known.rowChanges += rowChanges
      known.otherEvents += otherEvents
    }
  }
}
