import { MutationObserver, type QueryClient, type QueryKey, QueryObserver } from '@tanstack/react-query'
import { type StrategyName, coalesceQueryClient } from 'realtime-coalescer'
import { onTestFinished } from 'vitest'
import { advance } from '../support/simulatedTime.ts'
import type { World, WorldOptions } from '../support/world.ts'
import { worldOf } from './support.ts'

export const list: QueryKey = ['list']

/** What the app does once its mutation has an answer. */
export type Settling = 'nothing' | 'native' | 'client' | 'client, awaited'

export interface OwnWrite {
  /** How long until the server has the row; the answer takes as long again. @default 300 */
  readonly commitMs?: number
  readonly outcome?: 'success' | 'failure' | 'never'
  /** What `onMutate` does to the query of the list. @default ['cancel', 'write'] */
  readonly touches?: readonly ('cancel' | 'write')[]
  /** @default 'nothing' */
  readonly onSettled?: Settling
  readonly scope?: string
}

/** An app that shows a list of rows and adds to it optimistically, as TanStack Query documents it. */
export interface RowsWorld extends World {
  readonly client: QueryClient
  /** The rows of the server. */
  readonly rows: string[]
  /** What the list has shown, each once in a row. */
  readonly screens: string[]
  /** When the reads of the list started. */
  readonly reads: number[]
  readMs: number
  /** Adds a row on the server, as somebody else, and tells the coalescer. */
  foreign(row: string): void
  /** Adds a row by a mutation. */
  add(row: string, write?: OwnWrite): { outcome: 'pending' | 'success' | 'error' }
  /** Advances until so many reads of the list have started. */
  untilRead(count: number): Promise<void>
  unmount(): void
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** The app with its list loaded: `['a']`. */
export async function rowsWorldOf(strategy: StrategyName, options: WorldOptions = {}): Promise<RowsWorld> {
  const base = worldOf(strategy, options)
  const { queryClient, coalescer } = base
  const client = coalesceQueryClient(queryClient, coalescer)
  const rows = ['a']
  const screens: string[] = []
  const reads: number[] = []
  const observer = new QueryObserver<string[]>(queryClient, {
    queryKey: list,
    queryFn: async () => {
      reads.push(Date.now())
      const answer = [...rows]
      await sleep(world.readMs)
      return answer
    },
  })

  const settle = (how: Settling): Promise<unknown> | undefined => {
    if (how === 'native') coalescer.scheduleInvalidate(list)
    if (!how.startsWith('client')) return undefined
    const promise = client.invalidateQueries({ queryKey: list })
    return how === 'client' ? undefined : promise
  }

  const world: RowsWorld = {
    ...base,
    client,
    rows,
    screens,
    reads,
    readMs: 100,
    foreign(row) {
      rows.push(row)
      coalescer.scheduleInvalidate(list)
    },
    add(
      row,
      { commitMs = 300, outcome = 'success', touches = ['cancel', 'write'], onSettled = 'nothing', scope } = {},
    ) {
      const through = onSettled.startsWith('client') ? client : queryClient
      const watch: ReturnType<RowsWorld['add']> = { outcome: 'pending' }
      const mutation = new MutationObserver<void, Error, void, { previous: string[] | undefined }>(through, {
        ...(scope !== undefined && { scope: { id: scope } }),
        mutationFn: async () => {
          if (outcome === 'never') await new Promise(() => undefined)
          await sleep(commitMs)
          if (outcome === 'failure') throw new Error('409')
          rows.push(row)
          await sleep(commitMs)
        },
        onMutate: async () => {
          if (touches.includes('cancel')) await through.cancelQueries({ queryKey: list })
          const previous = through.getQueryData<string[]>(list)
          if (touches.includes('write')) through.setQueryData<string[]>(list, (old = []) => [...old, row])
          return { previous }
        },
        onError: (_error, _variables, context) => through.setQueryData(list, context?.previous),
        onSettled: () => settle(onSettled),
      })
      void mutation.mutate().then(
        () => (watch.outcome = 'success'),
        () => (watch.outcome = 'error'),
      )
      return watch
    },
    async untilRead(count) {
      for (let ms = 0; reads.length < count; ms += 1) {
        if (ms > 2000) throw new Error('Expected a read within two seconds.')
        await advance(1)
      }
    },
    unmount: () => unsubscribe(),
  }
  const unsubscribe = observer.subscribe(({ data }) => {
    const screen = data?.join()
    if (screen !== undefined && screen !== screens.at(-1)) screens.push(screen)
  })
  onTestFinished(() => world.unmount())
  await advance(200)
  return world
}
