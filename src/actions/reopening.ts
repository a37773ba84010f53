const reopenDelaysMs = [1_000, 2_000, 5_000, 10_000, 30_000] as const

/** The share of a delay by which it may be longer, so that clients closed together do not come back together. */
const JITTER_SHARE = 0.25

/**
 * How long to wait before opening a new channel in place of one the server closed.
 *
 * @param attempts new channels opened since the feed was last live
 */
export function reopenDelayMs(attempts: number): number {
  const baseMs = reopenDelaysMs[Math.min(attempts, reopenDelaysMs.length - 1)] ?? 0
  return Math.round(baseMs * (1 + JITTER_SHARE * Math.random()))
}
