/** Resolves as soon as `condition` holds. Rejects after `timeoutMs`, naming `what`. */
export async function until(condition: () => boolean, what: string, timeoutMs = 60_000): Promise<void> {
  const giveUpAtMs = performance.now() + timeoutMs
  while (!condition()) {
    if (performance.now() > giveUpAtMs) throw new Error(`Waited ${timeoutMs} ms in vain for ${what}.`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** Resolves when a count has stayed the same for a while: the page cannot know which change is the last one. */
export async function untilQuiet(count: () => number, forMs: number, timeoutMs = 60_000): Promise<void> {
  let seen = count()
  let sinceMs = performance.now()
  await until(
    () => {
      if (count() !== seen) {
        seen = count()
        sinceMs = performance.now()
      }
      return performance.now() - sinceMs >= forMs
    },
    'nothing more to come',
    timeoutMs,
  )
}
