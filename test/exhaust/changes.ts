import { type QueryKey, hashKey } from '@tanstack/react-query'

/**
 * What has become of a change: it waits under a key, is owed a fetch since its flush, has only marked the query because
 * that was inactive at its flush, or may be lacking: the app has waived it, or the request that was to bring it has failed.
 */
type Fate = `waits under ${string}` | 'owed' | 'marked' | 'let go'

/**
 * The changes of the data of one query, in order: its version is how many there are. A query that is inactive at the
 * flush is only marked; its next mount fetches it, which is the app's own fetch: to cancel that one is to keep what is
 * shown until the next event, focus or mount. One that was active is owed a fetch, however often it comes and goes.
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
    this.#turn((fate) => taken.has(fate), isActive ? 'owed' : 'marked')
  }

  /** The app has cancelled the fetch of its own mount. */
  mountCancelled(): void {
    this.#turn((fate) => fate === 'marked', 'let go')
  }

  /** The request that was to bring this version has failed. */
  failed(version: number): void {
    this.#turn((_, index) => index < version, 'let go')
  }

  /** The fates of the changes after a version, each once: what makes two screens older in the same way. */
  after(version: number): readonly Fate[] {
    return [...new Set(this.#fates.slice(version))].sort()
  }

  /** The keys that wait for a flush. */
  get waiting(): readonly Fate[] {
    return this.after(0).filter((fate) => fate.startsWith('waits'))
  }

  #turn(isOne: (fate: Fate, index: number) => boolean, to: Fate): void {
    for (const [index, fate] of this.#fates.entries()) if (isOne(fate, index)) this.#fates[index] = to
  }
}
