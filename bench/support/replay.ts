import { QueryClient, QueryObserver, hashKey } from '@tanstack/react-query'
import { fewestFetches } from './optimum.ts'
import { changesByQuery } from './outcome.ts'
import { type Policy, maxWaitMs } from './policies.ts'
import { Simulation } from './simulation.ts'
import type { Trace } from './traces.ts'

/** What a policy made of a trace. */
export interface Outcome {
  readonly requests: number
  /** From a change to the first screen that shows it, over all changes and the queries they touch; `Infinity`: never. */
  readonly worstMs: number
  readonly meanMs: number
  /** When the requests of each mounted query started, in the order of the queries. */
  readonly starts: readonly (readonly number[])[]
}

const TAIL_MS = 30_000

export function optimumOf(trace: Trace, latencyMs: number): number {
  let count = 0
  for (const changes of changesByQuery(trace)) count += fewestFetches(changes, maxWaitMs, latencyMs)
  return count
}

/** Replays a trace in simulated time. A request answers with the data of the moment it started. */
export async function replay(trace: Trace, policy: Policy, latencyMs: number): Promise<Outcome> {
  const simulation = new Simulation()
  simulation.install()
  try {
    const client = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity, retry: false } } })
    const changes = changesByQuery(trace)
    const shownAtMs = new Map<string, number[]>()
    const starts = trace.mounted.map((): number[] => [])
    const observers = trace.mounted.map((queryKey, index) => {
      const hash = hashKey(queryKey)
      const times = changes[index] ?? []
      client.setQueryData(queryKey, 0)
      const queryFn = (): Promise<number> => {
        starts[index]?.push(simulation.nowMs)
        const version = times.filter((atMs) => atMs <= simulation.nowMs).length
        return new Promise((resolve) => simulation.at(simulation.nowMs + latencyMs, () => resolve(version)))
      }
      shownAtMs.set(hash, [])
      return new QueryObserver(client, { queryKey, queryFn }).subscribe(() => undefined)
    })
    client.getQueryCache().subscribe((event) => {
      if (event.type !== 'updated' || event.action.type !== 'success') return
      const shown = shownAtMs.get(event.query.queryHash)
      for (let version = shown?.length ?? 0; version < (event.query.state.data as number); version += 1) {
        shown?.push(simulation.nowMs)
      }
    })
    const collector = policy(client)
    for (const event of trace.events) {
      simulation.at(event.atMs, () => {
        for (const queryKey of event.queryKeys) collector.schedule(queryKey)
      })
    }
    await simulation.runUntil((trace.events.at(-1)?.atMs ?? 0) + TAIL_MS)
    collector.stop()
    for (const unsubscribe of observers) unsubscribe()
    client.clear()
    const ages = trace.mounted.flatMap((queryKey, query) =>
      (changes[query] ?? []).map((atMs, index) => (shownAtMs.get(hashKey(queryKey))?.[index] ?? Infinity) - atMs),
    )
    return {
      requests: starts.reduce((sum, { length }) => sum + length, 0),
      starts,
      worstMs: ages.reduce((worst, age) => Math.max(worst, age), 0),
      meanMs: ages.reduce((sum, age) => sum + age, 0) / ages.length,
    }
  } finally {
    simulation.restore()
  }
}
