/** Resolves as soon as `condition` holds. Rejects after `timeoutMs`, naming `what`. */
export async function until(condition: () => boolean, what: string, timeoutMs = 15_000): Promise<void> {
  const giveUpAtMs = performance.now() + timeoutMs
  while (!condition()) {
    if (performance.now() > giveUpAtMs) throw new Error(`Waited ${timeoutMs} ms in vain for ${what}.`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
