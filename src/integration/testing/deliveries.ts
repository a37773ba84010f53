import type { TestWrite } from './testServer.ts'

/** Which writes a feed has been told to bring, and which of them a channel has brought. */
export class Deliveries {
  readonly #told = new WeakSet<TestWrite>()
  readonly #brought = new WeakSet<TestWrite>()

  tell(writes: readonly TestWrite[]): void {
    for (const write of writes) this.#told.add(write)
  }

  bring(...writes: readonly TestWrite[]): void {
    for (const write of writes) this.#brought.add(write)
  }

  /** Why a write has not arrived, in words; `undefined` if it has. */
  obstacleTo(write: TestWrite, refused: string | undefined, isHolding: boolean): string | undefined {
    if (this.#brought.has(write)) return undefined
    if (!this.#told.has(write)) return 'it was put on the server, but not committed through the feed'
    if (refused !== undefined) return `the feed refuses \`${refused}\``
    if (isHolding) return 'the feed holds it until `release()`'
    return 'no channel has brought it, because none was live, no filter lets it through, or it was too large'
  }
}
