import type { QueryClient } from '@tanstack/react-query'
import type { QueryKey, RefetchQueryType } from '../../actions/types.ts'
import { expectObject, expectOneOf, expectQueryKey } from '../../actions/validate.ts'
import { type Warn, warnOfUnknown } from '../../actions/report.ts'
import type { FlushOptions, InvalidateOptions, RefetchOptions, StopOptions } from './coalescer.ts'

/** Every option of each call; the types have them complete. */
const invalidateNames: Record<keyof InvalidateOptions, true> = {
  exact: true,
  refetchType: true,
  urgent: true,
  source: true,
}
const refetchNames: Record<keyof RefetchOptions, true> = { type: true, source: true }
const flushNames: Record<keyof FlushOptions, true> = { queryKey: true }
const stopNames: Record<keyof StopOptions, true> = { pending: true }

/** Warns of options that `scheduleInvalidate` does not take. */
export const warnOfInvalidate = (options: InvalidateOptions, warn: Warn): void =>
  warnOfUnknown('options of scheduleInvalidate()', options, invalidateNames, warn)

/** @throws TypeError or RangeError for what `scheduleRefetch` does not take. */
export function readRefetchOptions(typeOrOptions: RefetchQueryType | RefetchOptions, warn: Warn): RefetchOptions {
  if (typeof typeOrOptions === 'string') return { type: expectType(typeOrOptions) }
  expectObject(
    'type',
    "'active', 'all', or an object { type?, source? }",
    typeOrOptions,
    'Leave it out for the defaults.',
  )
  warnOfUnknown('options of scheduleRefetch()', typeOrOptions, refetchNames, warn)
  const { type, source } = typeOrOptions
  return { type: type === undefined ? type : expectType(type), source }
}

const expectType = (type: unknown): RefetchQueryType => expectOneOf('type', type, ['active', 'all'])

/** @throws TypeError for what `flush` does not take. */
export function readFlushOptions(options: FlushOptions, warn: Warn): FlushOptions {
  expectObject('options', 'an object { queryKey? }', options, 'Leave it out to wait for every query.')
  warnOfUnknown('options of flush()', options, flushNames, warn)
  if (options.queryKey !== undefined) expectQueryKey(options.queryKey)
  return options
}

/** @throws TypeError or RangeError for what `stop` does not take. */
export function readStopOptions(options: StopOptions, warn: Warn): NonNullable<StopOptions['pending']> {
  expectObject('options', 'an object { pending? }', options, 'Leave it out to mark what is pending stale.')
  warnOfUnknown('options of stop()', options, stopNames, warn)
  const { pending = 'markStale' } = options
  return expectOneOf('pending', pending, ['markStale', 'flush', 'drop'])
}

/** The hash that names a query. @throws TypeError for what is neither a hash nor a key. */
export function readQueryHash(queryHashOrKey: string | QueryKey, queryClient: QueryClient | undefined): string {
  if (typeof queryHashOrKey === 'string') return queryHashOrKey
  const queryKey = expectQueryKey(queryHashOrKey, 'queryHashOrKey')
  return queryClient?.getQueryCache().find({ queryKey })?.queryHash ?? ''
}
