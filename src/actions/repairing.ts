/** How long the feed must have been live before a gap is repaired: flaps within it are one gap. */
export const STEADY_MS = 800

/** How long flaps may put the repair off, counted from when the gap could first be repaired. */
export const LONGEST_REPAIR_WAIT_MS = 5_000

/** When a gap is repaired at the latest. */
export const latestRepairAtMs = (repairableAtMs: number): number => repairableAtMs + LONGEST_REPAIR_WAIT_MS

/** How long a feed that has just become live still has to wait for the repair. */
export const untilRepairMs = (latestAtMs: number, nowMs: number): number =>
  Math.max(0, Math.min(STEADY_MS, latestAtMs - nowMs))

/** How long a feed that is gone again still has to wait for the repair. */
export const untilLatestRepairMs = (latestAtMs: number, nowMs: number): number => Math.max(0, latestAtMs - nowMs)

/** How long after a late attachment the feed is sure to deliver. */
export const RECHECK_MS = 5_000
