import type { Query, QueryClient, QueryFilters } from '@tanstack/react-query'
import type { Wants } from '../../actions/wants.ts'
import type { Coalescer } from './coalescer.ts'
import { type CoalescerInternals, internalsOf } from './internals.ts'
import type { Entry } from './fetches/way.ts'
import { expectQueryClient } from './options.ts'

type Type = NonNullable<QueryFilters['type']>

const includes = (type: Type | 'none', part: 'active' | 'inactive'): boolean => type === part || type === 'all'

/**
 * The same query client, except that `invalidateQueries` and `refetchQueries` go through the coalescer: a migration
 * in one line. Filters mean what TanStack Query says, with its defaults; the promises resolve when the work they
 * scheduled has settled. `cancelRefetch` has no effect, since a running fetch is followed rather than restarted.
 *
 * @throws TypeError if either argument is not what it should be.
 */
export function coalesceQueryClient<Client extends QueryClient>(queryClient: Client, coalescer: Coalescer): Client {
  expectQueryClient(queryClient)
  const internals = internalsOf(coalescer)
  internals.attach(queryClient)

  const invalidateQueries: QueryClient['invalidateQueries'] = async (filters, options) => {
    if (internals.isStopped()) return queryClient.invalidateQueries(filters, options)
    const type = filters?.type ?? 'all'
    // TanStack looks for what to fetch after it has marked, when nothing fresh is left.
    const refetchType = filters?.stale === false ? 'none' : (filters?.refetchType ?? filters?.type ?? 'active')
    const wants: Wants = {
      markActive: includes(type, 'active'),
      markInactive: includes(type, 'inactive'),
      fetchActive: includes(refetchType, 'active'),
      fetchInactive: includes(refetchType, 'inactive'),
    }
    const scheduled = scheduleFilters(queryClient, internals, (filters ?? {}) as QueryFilters, wants)
    await settle(internals, scheduled, options?.throwOnError === true)
  }

  const refetchQueries: QueryClient['refetchQueries'] = async (filters, options) => {
    if (internals.isStopped()) return queryClient.refetchQueries(filters, options)
    const type = filters?.type ?? 'all'
    const wants: Wants = {
      markActive: false,
      markInactive: false,
      fetchActive: includes(type, 'active'),
      fetchInactive: includes(type, 'inactive'),
    }
    const scheduled = scheduleFilters(queryClient, internals, (filters ?? {}) as QueryFilters, wants)
    await settle(internals, scheduled, options?.throwOnError === true)
  }

  // The client keeps its state in private fields, which a proxy has not: every method runs on the client itself.
  const bound = new Map<PropertyKey, unknown>()
  return new Proxy(queryClient, {
    get(target, name) {
      if (name === 'invalidateQueries') return invalidateQueries
      if (name === 'refetchQueries') return refetchQueries
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function' || name === 'constructor') return value
      const known = bound.get(name) as { of: unknown; run: unknown } | undefined
      if (known?.of === value) return known.run
      const run: unknown = value.bind(target)
      bound.set(name, { of: value, run })
      return run
    },
  })
}

/** What one call asks for, by key if a key can say it, else query by query. */
function scheduleFilters(
  queryClient: QueryClient,
  { report, schedule }: CoalescerInternals,
  filters: QueryFilters,
  wants: Wants,
): Promise<ReadonlySet<Entry>>[] {
  const { queryKey, exact, predicate, stale, fetchStatus } = filters
  if (predicate === undefined && stale === undefined && fetchStatus === undefined) {
    return schedule([queryKey ?? []], exact === true && queryKey !== undefined, wants)
  }
  const { type: _, ...typeless } = filters
  // The answer of a predicate may change, so it is asked now, as TanStack does.
  const matched: Query[] = queryClient.getQueryCache().findAll({
    ...typeless,
    ...(predicate && {
      predicate: (query: Query) => {
        try {
          return predicate(query)
        } catch (error) {
          report(error, { type: 'queryFailed', queryKey: query.queryKey, queryHash: query.queryHash })
          return false
        }
      },
    }),
  })
  return schedule(
    matched.map((query) => query.queryKey),
    true,
    wants,
  )
}

async function settle(
  { whenAnswered }: CoalescerInternals,
  scheduled: readonly Promise<ReadonlySet<Entry>>[],
  throwOnError: boolean,
): Promise<void> {
  const records = (await Promise.all(scheduled)).flatMap((set) => [...set])
  await whenAnswered(records)
  const failed = throwOnError ? records.find((record) => record.outcome === 'error') : undefined
  if (failed) throw failed.error
}
