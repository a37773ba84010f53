import { QueryObserver, environmentManager } from '@tanstack/react-query'
import ws from 'ws'
import type { Backend } from '../../../demo/server/backend.ts'
import { type Queries, pathOfQuery, queryNames } from '../../../demo/shared/queries.ts'
import { type Session, type SessionOptions, createSession } from '../../../demo/shared/session.ts'
import { until } from '../../../demo/shared/until.ts'
import { untilReady } from '../../../demo/shared/untilReady.ts'

// Query core takes Node for a server, where it neither retries nor collects garbage.
environmentManager.setIsServer(() => false)

const ends: (() => Promise<void>)[] = []

/** An app of its own connection, with these queries on screen as soon as `show` is called. */
export interface Chain extends Session {
  /** Mounts queries; all of them without names. */
  show(...names: (keyof Queries)[]): void
  /** Requests the server has counted, of one endpoint. */
  counted(name: keyof Queries): number
  /** Resolves when everything committed has arrived and been answered for. */
  calm(): Promise<void>
  /** What the screen shows beside what the API answers now, for each query shown. */
  compare(): Promise<{ name: keyof Queries; shown: unknown; actual: unknown }[]>
}

/** Connects an app to the backend and waits until its feed is live and has nothing to catch up with. */
export async function connectChain(backend: Backend, options: SessionOptions = {}): Promise<Chain> {
  const session = createSession(backend, { transport: ws as unknown as typeof WebSocket, ...options })
  const { coalescer, freshness, queries, queryClient, realtime, wire } = session
  const shown = new Set<keyof Queries>()
  const unmounts: (() => void)[] = []
  queryClient.mount()
  ends.push(async () => {
    for (const unmount of unmounts) unmount()
    queryClient.unmount()
    await session.stop()
  })
  realtime.initialize(queryClient)
  await untilReady(session)
  const deliveredBefore = backend.realtime.stats.captured
  const changesBefore = wire.changes

  return {
    ...session,
    show(...names) {
      for (const name of names.length > 0 ? names : queryNames) {
        shown.add(name)
        // An observer that only keeps the query active needs no type of its data.
        const options = queries[name] as unknown as ConstructorParameters<typeof QueryObserver>[1]
        unmounts.push(new QueryObserver(queryClient, options).subscribe(() => undefined))
      }
    },
    counted: (name) => backend.api.counts()[`GET /api${pathOfQuery[name]}`] ?? 0,
    async calm() {
      await backend.realtime.drained()
      const delivered = backend.realtime.stats.captured - deliveredBefore
      await until(() => wire.changes - changesBefore >= delivered, 'the last change to arrive')
      await coalescer.settled()
      await until(() => queryClient.isFetching() === 0 && freshness.behind === 0, 'the screen to be up to date')
    },
    async compare() {
      const names = [...shown]
      const answers = await Promise.all(names.map((name) => session.api.get(pathOfQuery[name])))
      return names.map((name, index) => ({
        name,
        shown: queryClient.getQueryData<{ data: unknown }>(queries[name].queryKey)?.data,
        actual: answers[index]?.data,
      }))
    },
  }
}

/** Ends every app that was connected. */
export async function endChains(): Promise<void> {
  await Promise.all(ends.splice(0).map((end) => end()))
}
