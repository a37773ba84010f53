import type { OwnWrite } from '../../actions/ownWrites.ts'
import type { CoalescerInternals } from '../query/internals.ts'

/** How deep in what a mutation has returned its rows are looked for: `[{ data: [row] }]`. */
const MAX_DEPTH = 3

/** What is known of when a write began whose rows have been returned now. */
export function readBegin(
  rows: readonly object[],
  atMs: number,
  { queryClient, answerOf }: Pick<CoalescerInternals, 'queryClient' | 'answerOf'>,
): Pick<OwnWrite, 'beganAtMs' | 'provenBeganAtMs'> {
  const cache = queryClient()?.getMutationCache()
  // TanStack Query dates them by the clock of the system.
  const aheadMs = Date.now() - atMs
  const running = cache?.findAll({ status: 'pending' }) ?? []
  const beganAtMs =
    running.length === 0 ? -Infinity : Math.min(...running.map(({ state }) => state.submittedAt)) - aheadMs
  let provenAtMs: number | undefined
  return {
    beganAtMs,
    provenBeganAtMs() {
      if (provenAtMs !== undefined) return provenAtMs
      const given = new Set<unknown>(rows)
      const mutation = [...running, ...(cache?.findAll({ status: 'success' }) ?? [])].find(
        (one) => one.state.submittedAt - aheadMs <= atMs && holds(answerOf(one), given, MAX_DEPTH),
      )
      if (mutation) provenAtMs = mutation.state.submittedAt - aheadMs
      return provenAtMs
    },
  }
}

/** Whether a value is one of the objects that are given, or has one in it. */
function holds(value: unknown, given: ReadonlySet<unknown>, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return given.has(value) || (depth > 0 && Object.values(value).some((part) => holds(part, given, depth - 1)))
}
