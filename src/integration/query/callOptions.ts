import type { QueryClient } from '@tanstack/react-query'
import type { QueryKey, RefetchQueryType } from '../../actions/types.ts'
import { expectObject, expectOneOf, expectQueryKey } from '../../actions/validate.ts'
import type { FlushOptions, RefetchOptions } from './coalescer.ts'

/** @throws TypeError or RangeError for what `scheduleRefetch` does not take. */
export function readRefetchOptions(typeOrOptions: RefetchQueryType | RefetchOptions): RefetchOptions {
  if (typeof typeOrOptions === 'string') return { type: expectType(typeOrOptions) }
  expectObject(
    'type',
    "'active', 'all', or an object { type?, source? }",
    typeOrOptions,
    'Leave it out for the defaults.',
  )
  const { type, source } = typeOrOptions
  return { type: type === undefined ? type : expectType(type), source }
}

const expectType = (type: unknown): RefetchQueryType => expectOneOf('type', type, ['active', 'all'])

/** @throws TypeError for what `flush` does not take. */
export function readFlushOptions(options: FlushOptions): FlushOptions {
  expectObject('options', 'an object { queryKey? }', options, 'Leave it out to wait for every query.')
  if (options.queryKey !== undefined) expectQueryKey(options.queryKey)
  return options
}

/** The hash that names a query. @throws TypeError for what is neither a hash nor a key. */
export function readQueryHash(queryHashOrKey: string | QueryKey, queryClient: QueryClient | undefined): string {
  if (typeof queryHashOrKey === 'string') return queryHashOrKey
  const queryKey = expectQueryKey(queryHashOrKey, 'queryHashOrKey')
  return queryClient?.getQueryCache().find({ queryKey })?.queryHash ?? ''
}
