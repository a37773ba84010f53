/** Resolves as soon as `condition` holds. Rejects after `timeoutMs`, naming `what`. */
export async function until(condition: () => boolean, what: string, timeoutMs = 60_000): Promise<void> {
  const giveUpAtMs = performance.now() + timeoutMs
  while (!condition()) {
    if (performance.now() > giveUpAtMs) throw new Error(`Waited ${timeoutMs} ms in vain for ${what}.`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/**
 * Resolves when a count has stayed the same for a while: the page cannot know which change is the last one. Time in which
 * the page itself stood still hardly counts: what came meanwhile is counted a moment later.
 */
export async function untilQuiet(count: () => number, forMs: number, timeoutMs = 60_000): Promise<void> {
  const longestStepMs = forMs / 10
  let seen = count()
  let lookedAtMs = performance.now()
  let quietMs = 0
  await until(
    () => {
      const nowMs = performance.now()
      quietMs = count() === seen ? quietMs + Math.min(nowMs - lookedAtMs, longestStepMs) : 0
      seen = count()
      lookedAtMs = nowMs
      return quietMs >= forMs
    },
    'nothing more to come',
    timeoutMs,
  )
}
