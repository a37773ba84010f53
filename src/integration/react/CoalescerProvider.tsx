'use client'
import { QueryClientContext } from '@tanstack/react-query'
import { type ReactElement, type ReactNode, createContext, useContext, useEffect, useState } from 'react'
import type { AnyCoalescer } from '../query/coalescer.ts'
import { internalsOf } from '../query/internals.ts'
import type { StrategyRegistry } from '../../machines/registry.ts'
import type { AnyOptions, OptionsWithStrategies } from '../query/createCoalescer.ts'
import type { CoalescerOptions } from '../query/options.ts'
import { type LazyCoalescer, createLazyCoalescer } from './lazyCoalescer.ts'

export const CoalescerContext = createContext<AnyCoalescer | undefined>(undefined)

/** Either an existing coalescer, or the options to create one. */
export type CoalescerProviderProps<Own extends StrategyRegistry = Record<never, never>> = {
  readonly children?: ReactNode
} & (
  | {
      /** A coalescer that lives outside of React; the provider never stops it. */
      readonly coalescer: AnyCoalescer
    }
  | ({ readonly coalescer?: undefined; readonly strategies?: undefined } & CoalescerOptions)
  | ({ readonly coalescer?: undefined } & OptionsWithStrategies<Own>)
)

/**
 * Gives a coalescer to the hooks below it. With options instead of a `coalescer` it creates one for as long as it is
 * mounted and stops it afterwards, which leaves pending work marked stale. Options are read once, at the first render;
 * `queryClient` defaults to the one of the `QueryClientProvider` above.
 *
 * @throws TypeError or RangeError for a bad option.
 */
export function CoalescerProvider<Own extends StrategyRegistry = Record<never, never>>({
  children,
  coalescer,
  ...options
}: CoalescerProviderProps<Own>): ReactElement {
  if (coalescer === undefined) return <OwnCoalescer options={options}>{children}</OwnCoalescer>
  internalsOf(coalescer)
  return <CoalescerContext.Provider value={coalescer}>{children}</CoalescerContext.Provider>
}

function OwnCoalescer({ options, children }: { options: AnyOptions; children: ReactNode }): ReactElement {
  const contextClient = useContext(QueryClientContext)
  const [lazy] = useState(() => createLazyCoalescer({ ...options, queryClient: options.queryClient ?? contextClient }))
  return (
    <CoalescerContext.Provider value={lazy.coalescer}>
      <Lifetime lazy={lazy} />
      {children}
    </CoalescerContext.Provider>
  )
}

/** Stands before the children, because effects of siblings run in order and those of a parent run last. */
function Lifetime({ lazy }: { lazy: LazyCoalescer }): null {
  useEffect(() => lazy.retain(), [lazy])
  return null
}
