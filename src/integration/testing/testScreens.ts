import {
  type DefaultError,
  type QueryClient,
  type QueryFunctionContext,
  type QueryKey,
  QueryObserver,
  type QueryObserverOptions,
} from '@tanstack/react-query'

/** A query on screen. */
export interface TestScreen<Data = unknown> {
  /** Unmounts it. */
  (): void
  /** What a component renders: `observer.getCurrentResult()`. */
  readonly observer: QueryObserver<Data>
}

/** What a component asks of a query beside its key and `queryFn`, such as `enabled` or `refetchInterval`. */
export type TestScreenOptions<Data = unknown> = Omit<
  QueryObserverOptions<Data, DefaultError, Data, Data, QueryKey>,
  'queryKey' | 'queryFn'
>

/** Mounts queries, as components would. */
export interface TestScreens {
  show<Data>(
    queryKey: QueryKey,
    queryFn: ((context: QueryFunctionContext) => Data | Promise<Data>) | undefined,
    options?: TestScreenOptions<Data>,
  ): TestScreen<Data>
  /** Unmounts all that is still on screen. */
  end(): void
}

/** Screens over a client; without a `queryFn` they use its default one. */
export function createTestScreens(queryClient: QueryClient): TestScreens {
  const screens = new Set<() => void>()
  return {
    show(queryKey, queryFn, options) {
      const observer = new QueryObserver(queryClient, { ...options, queryKey, ...(queryFn && { queryFn }) })
      const unsubscribe = observer.subscribe(() => undefined)
      const unmount = (): void => {
        screens.delete(unmount)
        unsubscribe()
      }
      screens.add(unmount)
      return Object.assign(unmount, { observer })
    },
    end() {
      for (const unmount of screens) unmount()
    },
  }
}
