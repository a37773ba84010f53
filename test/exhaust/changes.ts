import { type QueryKey, hashKey } from '@tanstack/react-query'

/**
 * What has become of a change: it waits under a key, has been flushed, has only marked the query because that was
 * inactive, or is waived by the app.
 */
type Fate = `waits under ${string}` | 'flushed' | 'marked' | 'waived'

/**
 * The changes of the data of one query, in order: its version is how many there are. A query that is inactive is only
 * marked; its next mount fetches it, which is the app's own fetch: to cancel that one is to keep what is shown until the
 * next event, focus or mount.
 */
export class Changes {
  readonly #fates: Fate[] = []

  get version(): number {
    return this.#fates.length
  }

  /** The data has been changed, and the coalescer is told of it by this key. */
  write(byKey: QueryKey): void {
    this.#fates.push(`waits under ${hashKey(byKey)}`)
  }

  /** A flush has taken these keys. */
  flushed(keys: readonly { readonly queryKey: QueryKey }[], isActive: boolean): void {
    const taken = new Set(keys.map(({ queryKey }) => `waits under ${hashKey(queryKey)}`))
    this.#turn((fate) => taken.has(fate), isActive ? 'flushed' : 'marked')
  }

  /** The query is inactive, and nothing is being fetched for it, nor held back. */
  restInactive(): void {
    this.#turn((fate) => fate === 'flushed', 'marked')
  }

  /** The app has cancelled the fetch of its own mount. */
  mountCancelled(): void {
    this.#turn((fate) => fate === 'marked', 'waived')
  }

  /** The fates of the changes after a version, each once: what makes two screens older in the same way. */
  after(version: number): readonly Fate[] {
    return [...new Set(this.#fates.slice(version))].sort()
  }

  /** The keys that wait for a flush. */
  get waiting(): readonly Fate[] {
    return this.after(0).filter((fate) => fate.startsWith('waits'))
  }

  #turn(isOne: (fate: Fate) => boolean, to: Fate): void {
    for (const [index, fate] of this.#fates.entries()) if (isOne(fate)) this.#fates[index] = to
  }
}
