import { type Query, type QueryClient, type QueryFilters, notifyManager } from '@tanstack/react-query'
import { warnOfUnknown } from '../../actions/report.ts'
import { expectBoolean, expectObject } from '../../actions/validate.ts'
import { Calls } from './client/calls.ts'
import { wrapClient } from './client/wrapClient.ts'
import type { AnyCoalescer } from './coalescer.ts'
import { type CoalescerInternals, internalsOf } from './internals.ts'
import { expectQueryClient } from './options.ts'

/** How a coalesced client treats its calls. */
export interface CoalesceQueryClientOptions {
  /**
   * Whether calls that are made while a mutation of the app runs, as those that its `onSuccess` or `onSettled` awaits,
   * are flushed at once, so that a form does not wait for the window. @default false
   */
  readonly urgentInMutations?: boolean | undefined
}

/** Every option; the type has it complete. */
const optionNames: Record<keyof CoalesceQueryClientOptions, true> = { urgentInMutations: true }

interface Made {
  /** What all clients of a coalescer share, so that calls through either count as one. */
  readonly calls: Calls
  /** One for each query client and way of treating calls. */
  readonly clients: WeakMap<QueryClient, Map<boolean, QueryClient>>
}

/** What has been made so far, by coalescer. */
const made = new WeakMap<AnyCoalescer, Made>()

/**
 * The same query client, except that `invalidateQueries` and `refetchQueries` go through the coalescer: a migration
 * in one line. Filters mean what TanStack Query says, with its defaults, and are judged at the call: what they match
 * is marked stale then, and only its fetch waits. The promises resolve when the fetches they led to have ended.
 *
 * @throws TypeError if an argument is not what it should be, or the coalescer belongs to another query client.
 */
export function coalesceQueryClient<Client extends QueryClient>(
  queryClient: Client,
  coalescer: AnyCoalescer,
  options: CoalesceQueryClientOptions = {},
): Client {
  expectQueryClient(queryClient)
  const internals = internalsOf(coalescer)
  expectObject('options', 'an object { urgentInMutations? }', options, 'Leave it out for the defaults.')
  warnOfUnknown('options of coalesceQueryClient()', options, optionNames, internals.warn)
  const { urgentInMutations = false } = options
  expectBoolean('urgentInMutations', urgentInMutations)
  internals.attach(queryClient)
  let of = made.get(coalescer)
  if (!of) made.set(coalescer, (of = { calls: new Calls(internals.callsPort), clients: new WeakMap() }))
  let byUrgency = of.clients.get(queryClient)
  if (!byUrgency) of.clients.set(queryClient, (byUrgency = new Map<boolean, QueryClient>()))
  let client = byUrgency.get(urgentInMutations)
  if (!client) {
    client = createClient(queryClient, internals, of.calls, urgentInMutations)
    byUrgency.set(urgentInMutations, client)
    // Wrapped once more it is itself.
    of.clients.set(client, byUrgency)
  }
  return client as Client
}

function createClient(
  queryClient: QueryClient,
  internals: CoalescerInternals,
  calls: Calls,
  urgentInMutations: boolean,
): QueryClient {
  const cache = queryClient.getQueryCache()
  const mutations = queryClient.getMutationCache()
  const isUrgent = (): boolean =>
    urgentInMutations && mutations.getAll().some(({ state }) => state.status === 'pending' && !state.isPaused)
  const findFetchable = (filters: QueryFilters): Query[] =>
    cache.findAll(filters).filter((query) => !query.isDisabled() && !query.isStatic())

  const invalidateQueries: QueryClient['invalidateQueries'] = (filters, options) => {
    if (internals.isStopped()) return queryClient.invalidateQueries(filters, options)
    return notifyManager.batch(() => {
      const asked = (filters ?? {}) as QueryFilters
      const marked = cache.findAll(asked)
      calls.mark(marked)
      const fetchType = filters?.refetchType ?? filters?.type ?? 'active'
      const toFetch = { ...asked, type: fetchType } as QueryFilters
      if (fetchType !== 'none' && client.refetchQueries !== refetchQueries) {
        // Overridden or spied on, which TanStack's own client heeds.
        return client.refetchQueries(toFetch, options)
      }
      return calls.take({
        filters: asked,
        marked,
        // Looked for once all are marked, as TanStack does: a filter may ask for what is stale.
        fetched: fetchType === 'none' ? [] : findFetchable(toFetch),
        marksFetched: false,
        fetchType,
        cancels: options?.cancelRefetch !== false,
        joins: false,
        throwOnError: options?.throwOnError === true,
        urgent: isUrgent(),
      })
    })
  }

  const refetchQueries: QueryClient['refetchQueries'] = (filters, options) => {
    if (internals.isStopped()) return queryClient.refetchQueries(filters, options)
    return notifyManager.batch(() => {
      const asked = (filters ?? {}) as QueryFilters
      return calls.take({
        filters: asked,
        marked: [],
        fetched: findFetchable(asked),
        marksFetched: true,
        fetchType: asked.type ?? 'all',
        cancels: options?.cancelRefetch !== false,
        joins: options?.cancelRefetch === false,
        throwOnError: options?.throwOnError === true,
        urgent: isUrgent(),
      })
    })
  }

  const client = wrapClient(queryClient, {
    invalidateQueries,
    refetchQueries,
    // It shows its queries without data, which is no time to wait.
    resetQueries: (filters, options) => queryClient.resetQueries(filters, options),
  })
  return client
}
