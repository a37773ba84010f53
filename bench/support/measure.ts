/**
 * Runs variants in turns, so that a disturbance of the machine hits all alike, and returns the fastest round of each:
 * the one that was disturbed least. A variant returns what its round cost.
 */
export async function fastestOf<Name extends string>(
  variants: Readonly<Record<Name, () => number | Promise<number>>>,
  rounds: number,
): Promise<Record<Name, number>> {
  const names = Object.keys(variants) as Name[]
  const fastest = Object.fromEntries(names.map((name) => [name, Infinity])) as Record<Name, number>
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) fastest[name] = Math.min(fastest[name], await variants[name]())
  }
  return fastest
}

/** Milliseconds a call takes. */
export function timed(run: () => void): number {
  const startedAt = performance.now()
  run()
  return performance.now() - startedAt
}

/** Resolves in a later task, once all microtasks have run. */
export const nextTask = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A generator of repeatable random numbers from 0 to 1. */
export function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** The value that `share` of the others lie below, rounded. @throws RangeError when there is none. */
export function percentile(values: readonly number[], share: number): number {
  const value = values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))]
  if (value === undefined) throw new RangeError('Expected at least one value to take a percentile of, got none.')
  return Math.round(value)
}
