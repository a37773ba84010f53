/**
 * Tells the intake when an event needs no trip through the actors, because the chart would only note it: while a
 * strategy collects. The chart owns it: states open it on entry and close it on exit.
 */
export interface Gate {
  open: boolean
  /** From this time on an event must reach the chart, because the oldest pending one has waited long enough. */
  overdueAtMs: number
  /** With this many changes buffered, the next one must reach the chart. */
  maxBufferedChanges: number
}

export const createGate = (): Gate => ({ open: false, overdueAtMs: Infinity, maxBufferedChanges: Infinity })

export function closeGate(gate: Gate): void {
  gate.open = false
}
