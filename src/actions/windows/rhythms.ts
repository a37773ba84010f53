import { type Rhythm, createRhythm } from './rhythm.ts'

/** So many roots are remembered; those that changed longest ago are forgotten first. */
const MAX_ROOTS = 1000

/** What is known of each root. */
export class Rhythms {
  /** The longest wait that the histograms are drawn for. */
  readonly maxWaitMs: number
  /** Least recently changed first. */
  readonly #ofRoots = new Map<string, Rhythm>()

  constructor(maxWaitMs: number) {
    this.maxWaitMs = maxWaitMs
  }

  get(root: string): Rhythm | undefined {
    return this.#ofRoots.get(root)
  }

  /** The rhythm of a root that has changed; one of which nothing is known if it is new, or has been forgotten. */
  recall(root: string): Rhythm {
    const rhythm = this.#ofRoots.get(root) ?? createRhythm()
    this.#ofRoots.delete(root)
    this.#ofRoots.set(root, rhythm)
    if (this.#ofRoots.size > MAX_ROOTS) {
      const [oldest] = this.#ofRoots.keys()
      if (oldest !== undefined) this.#ofRoots.delete(oldest)
    }
    return rhythm
  }
}
