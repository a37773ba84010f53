import { MutationObserver, type QueryKey } from '@tanstack/react-query'
import type { StrategyName } from 'realtime-coalescer'
import type { ChangePayload } from '../support/fakeSupabase.ts'
import { type FeedWorld, createFeedWorld } from '../support/feedWorld.ts'
import { advance } from '../support/simulatedTime.ts'
import type { Shown } from '../support/world.ts'

const tables = ['goals', 'partners', 'audits'] as const
type Table = (typeof tables)[number]

/** What a transaction does to a row: gives it a title, or deletes it. */
export interface RowWrite {
  readonly table: Table
  readonly id: number
  readonly title: string | undefined
}

/** When the changes of a transaction come, and how often; never for those that are lost. */
export interface Delivery {
  readonly delayMs: number
  readonly times: 0 | 1 | 2
}

export interface OwnWrite {
  /** The rows of the first one's table are returned, and the rest is the work of triggers. */
  readonly rows: readonly [RowWrite, ...RowWrite[]]
  /** Whether triggers write before the rows that the app asks for. */
  readonly triggersFirst: boolean
  readonly commitMs: number
  readonly answerMs: number
  readonly delivery: Delivery
  /** Whether the app writes to the cache before the answer. */
  readonly optimistic: boolean
  readonly returning: boolean
}

export type Step =
  | readonly ['own', OwnWrite]
  | readonly ['foreign', rows: readonly RowWrite[], Delivery]
  | readonly ['gap', ms: number]
  | readonly ['wait', ms: number]
  | readonly ['refetch', Table]
  | readonly ['flush' | 'settle']

interface Row {
  readonly id: number
  readonly title: string
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const LONGEST_MS = 8_000

/** An app that writes, beside others that do, over a server whose feed tells of its commits in their order. */
export class OwnModel {
  readonly world: FeedWorld
  readonly shown = new Map<string, Shown>()
  /** Whether the feed tells the whole of a row that was deleted or updated. */
  readonly #tellsOld: boolean
  /** How far the clock of the server is ahead of ours. */
  readonly #skewMs: number
  readonly #rows = new Map<string, Row>()
  #commits = 0
  #epoch = 0
  #deliveredUntilMs = 0
  #answeredByMs = 0

  constructor(strategy: StrategyName, tellsOld: boolean, skewMs: number) {
    this.#tellsOld = tellsOld
    this.#skewMs = skewMs
    this.world = createFeedWorld({
      strategy,
      firstCatchUp: 'off',
      endsWithTest: false,
      mounted: false,
      tables: Object.fromEntries(tables.map((table) => [table, { keys: () => [[table], ['home']] }])),
    })
  }

  async start(): Promise<void> {
    const { world } = this
    for (const name of [...tables, 'home']) this.shown.set(name, await world.showLoaded([name]))
    await world.goLive()
    this.#tell(this.#commit([{ table: 'audits', id: 9, title: 'x' }]), { delayMs: 0, times: 1 })
    await advance(LONGEST_MS)
    world.supabase.subscribed = (channel) => void setTimeout(() => channel.goLive(), 100)
  }

  async play(step: Step): Promise<void> {
    const { world } = this
    switch (step[0]) {
      case 'own':
        void this.click(step[1])
        this.#answeredByMs = Math.max(this.#answeredByMs, Date.now() + step[1].commitMs + step[1].answerMs)
        if (step[1].delivery.times > 0) return
        // For a second, a write of somebody else's that looks the same cannot be told from the echo of any of them.
        return advance(this.#answeredByMs + 1_001 - Date.now())
      case 'foreign':
        return this.#tell(this.#commit(step[1]), step[2])
      case 'gap':
        this.#epoch += 1
        world.supabase.current.tell('CHANNEL_ERROR')
        await advance(step[1])
        this.#epoch += 1
        return world.supabase.current.goLive()
      case 'wait':
        return advance(step[1])
      case 'refetch':
        return void world.queryClient.refetchQueries({ queryKey: [step[1]] }).catch(() => undefined)
      case 'flush':
        return void world.coalescer.flush()
      case 'settle':
        return advance(LONGEST_MS)
    }
  }

  /** A mutation as TanStack Query documents it, whose answer is told to the feed. Returns how many rows that was. */
  async click({ rows, triggersFirst, commitMs, answerMs, delivery, optimistic, returning }: OwnWrite): Promise<number> {
    const { queryClient, realtime, coalescer } = this.world
    const [{ table }] = rows
    const ofTriggers = rows.filter((row) => row.table !== table)
    const asked = rows.filter((row) => row.table === table)
    const touched: QueryKey[] = [...new Set(rows.map((row) => row.table)), 'home'].map((name) => [name])
    const mutation = new MutationObserver<Row[], Error, undefined>(queryClient, {
      mutationFn: async () => {
        await sleep(commitMs)
        const changes = this.#commit(triggersFirst ? [...ofTriggers, ...asked] : [...asked, ...ofTriggers])
        this.#tell(changes, delivery)
        const returned = changes
          .filter((change) => change.table === table)
          .map((change) => (change.eventType === 'DELETE' ? change.returned : change.new) as Row)
        await sleep(answerMs)
        return returning ? returned : []
      },
      onMutate: async () => {
        if (!optimistic) return
        for (const queryKey of touched) {
          await queryClient.cancelQueries({ queryKey })
          queryClient.setQueryData(queryKey, (data: object | undefined) => data && { ...data })
        }
      },
      onSuccess: (returned) => realtime.own(table, returned),
      onSettled: () => touched.forEach((queryKey) => coalescer.scheduleInvalidate(queryKey)),
    })
    return (await mutation.mutate(undefined)).length
  }

  /** Names the screens that do not show the last commit, with all the time in the world. */
  stale(): string[] {
    const { server } = this.world
    return [...this.shown]
      .filter(([name, shown]) => shown.version() !== server.versionOf([name]))
      .map(([name, shown]) => `${name} shows ${shown.version()}, not ${server.versionOf([name])}`)
  }

  /** How many requests there were for each screen. */
  requests(): [name: string, count: number][] {
    return [...this.shown.keys()].map((name) => [name, this.world.server.requestsOf([name]).length])
  }

  end(): void {
    this.world.realtime.stop()
    this.world.end()
  }

  #commit(writes: readonly RowWrite[]): (ChangePayload & { readonly returned: Row })[] {
    this.#commits += 1
    const commit_timestamp = this.#commitTime()
    const changes = writes.flatMap(({ table, id, title }) => {
      const before = this.#rows.get(`${table} ${id}`)
      if (title === undefined && !before) return []
      const row = title === undefined ? undefined : { id, title }
      if (row) this.#rows.set(`${table} ${id}`, row)
      else this.#rows.delete(`${table} ${id}`)
      const eventType = !before ? ('INSERT' as const) : row ? ('UPDATE' as const) : ('DELETE' as const)
      const old = !before ? {} : this.#tellsOld ? before : { id }
      const returned = row ?? before ?? { id, title: '' }
      return [{ schema: 'public', table, eventType, new: row ?? {}, old, commit_timestamp, errors: null, returned }]
    })
    const { server } = this.world
    for (const name of new Set(changes.map((change) => change.table))) server.write([name])
    if (changes.length > 0) server.write(['home'])
    return changes
  }

  /** At a precision that the commits of one millisecond, but for every fourth, differ in. */
  #commitTime(): string {
    const micros = String(Math.floor(this.#commits / 4) * 4 + (this.#commits % 4 === 3 ? 2 : this.#commits % 4))
    return new Date(Date.now() + this.#skewMs).toISOString().replace('Z', `${micros.slice(-3).padStart(3, '0')}Z`)
  }

  #tell(changes: readonly ChangePayload[], { delayMs, times }: Delivery): void {
    if (times === 0) return
    const epoch = this.#epoch
    this.#deliveredUntilMs = Math.max(this.#deliveredUntilMs, Date.now() + delayMs)
    setTimeout(() => {
      if (epoch !== this.#epoch) return
      const { current } = this.world.supabase
      for (const change of changes) {
        for (let time = 0; time < times; time += 1) current.change(change, tables.indexOf(change.table as Table))
      }
    }, this.#deliveredUntilMs - Date.now())
  }
}
