import type { Change } from './types.ts'

/** At most this many are remembered. */
const MAX_HEARD = 1_000

/** A change that was the echo of no write when it came. */
export interface Heard {
  readonly rowId: string
  readonly change: Change
  readonly atMs: number
}

/** The latest changes that were echoes of no write when they came: the response to theirs may still be on its way. */
export class HeardChanges {
  #heard: Heard[] = []
  #forgottenAtMs = -Infinity

  note(heard: Heard): void {
    this.#heard.push(heard)
    if (this.#heard.length > MAX_HEARD) this.#forget(1)
  }

  /** Those of a row, oldest first. */
  ofRow(rowId: string): Heard[] {
    return this.#heard.filter((heard) => heard.rowId === rowId)
  }

  /** Takes one out, which has turned out to be an echo. */
  remove(heard: Heard): void {
    this.#heard.splice(this.#heard.indexOf(heard), 1)
  }

  forgetBefore(atMs: number): void {
    const kept = this.#heard.findIndex((heard) => heard.atMs >= atMs)
    this.#forget(kept < 0 ? this.#heard.length : kept)
  }

  /** When the last one came that is not remembered any more. */
  get forgottenAtMs(): number {
    return this.#forgottenAtMs
  }

  #forget(count: number): void {
    const last = this.#heard.splice(0, count).at(-1)
    if (last) this.#forgottenAtMs = last.atMs
  }
}
