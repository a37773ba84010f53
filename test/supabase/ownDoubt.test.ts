import { type MutateOptions, MutationObserver, type MutationOptions } from '@tanstack/react-query'
import type { StrategyName } from 'realtime-coalescer'
import { describe, expect, it } from 'vitest'
import { type FeedWorld, changeOf, createFeedWorld } from '../support/feedWorld.ts'
import { advance, useSimulatedTime } from '../support/simulatedTime.ts'

useSimulatedTime()

const strategies: readonly StrategyName[] = ['debounce', 'batch', 'perKey', 'hybrid', 'adaptive', 'direct']
const row = { id: 1, title: 'alike' }
const now = (): string => new Date(Date.now()).toISOString()
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** A live feed that has told of changes, of which the last is old. */
async function liveWorld(strategy: StrategyName = 'debounce') {
  const world = createFeedWorld({ strategy, firstCatchUp: 'off' })
  const goals = await world.showLoaded(['goals'])
  await world.goLive()
  const { server, supabase } = world
  const commit = (
    change: Parameters<typeof changeOf>[1] = {},
    eventType: Parameters<typeof changeOf>[0] = 'UPDATE',
  ) => {
    server.write(['goals'])
    supabase.current.change(changeOf(eventType, { new: row, commit_timestamp: now(), ...change }))
  }
  commit({ new: { id: 5, title: 'x' } })
  await advance(40_000)
  return { ...world, goals, commit }
}

type LiveWorld = Awaited<ReturnType<typeof liveWorld>>

/** A mutation that has nothing to do with the table, and takes its time. */
function mutateElsewhere({ queryClient }: FeedWorld): void {
  new MutationObserver(queryClient, { mutationFn: () => sleep(5_000) }).mutate().catch(() => undefined)
}

/** Writes the row by a mutation that tells of it; `heard` comes before its answer, which takes `answerMs`. */
async function writeHearing(world: LiveWorld, heard: () => void, answerMs = 50): Promise<void> {
  const mutation = new MutationObserver(world.queryClient, {
    mutationFn: async () => {
      heard()
      await sleep(answerMs)
      return row
    },
    onSuccess: (written) => world.realtime.own('goals', written),
    onSettled: () => world.coalescer.scheduleInvalidate(['goals']),
  })
  await Promise.all([mutation.mutate(), advance(answerMs)])
}

/** Whether a change of somebody else's is shown that looks like the write and comes half a second after its answer. */
async function isShown({ goals, server, commit }: LiveWorld, eventType?: 'INSERT'): Promise<boolean> {
  await advance(500)
  commit({}, eventType)
  await advance(6_000)
  return goals.version() === server.versionOf(['goals'])
}

describe.each(strategies)(
  'a change like a write whose echo came before its answer is not swallowed under %s',
  (strategy) => {
    it('if an unrelated mutation began between echo and answer', async () => {
      const world = await liveWorld(strategy)
      world.commit()
      await advance(20)
      mutateElsewhere(world)
      await advance(20)
      world.realtime.own('goals', row)
      world.coalescer.scheduleInvalidate(['goals'])
      expect(await isShown(world)).toBe(true)
    })

    it('nor is what was committed with it', async () => {
      const world = await liveWorld(strategy)
      const partners = await world.showLoaded(['partners'])
      world.commit()
      await advance(20)
      mutateElsewhere(world)
      await advance(20)
      world.realtime.own('goals', row)
      for (const name of ['goals', 'partners']) world.coalescer.scheduleInvalidate([name])
      await advance(500)
      world.server.write(['partners'])
      world.supabase.current.change(changeOf('INSERT', { table: 'partners', commit_timestamp: now() }), 1)
      world.commit()
      await advance(6_000)
      expect(partners.version()).toBe(world.server.versionOf(['partners']))
    })
  },
)

describe('a change like a write is not swallowed', () => {
  it('if its echo was lost in a gap, and an unrelated mutation began between the gap and its answer', async () => {
    const world = await liveWorld()
    world.supabase.current.tell('CHANNEL_ERROR')
    world.server.write(['goals'])
    world.supabase.current.goLive()
    await advance(3_000)
    mutateElsewhere(world)
    await advance(20)
    world.realtime.own('goals', row)
    world.coalescer.scheduleInvalidate(['goals'])
    expect(await isShown(world)).toBe(true)
  })

  it.each([
    ['a DELETE that carries its key alone', 'DELETE', { old: { id: 1 } }],
    ['one that cannot be trusted', 'UPDATE', { new: { id: 1 }, errors: ['Error 413: Payload Too Large'] }],
  ] as [string, 'DELETE' | 'UPDATE', Parameters<typeof changeOf>[1]][])(
    'if its echo came before its answer and was %s',
    async (_, eventType, change) => {
      const world = await liveWorld()
      await writeHearing(world, () => world.commit(change, eventType))
      expect(await isShown(world, 'INSERT')).toBe(true)
    },
  )

  it('if its echo came before its answer, and many changes after it', async () => {
    const world = await liveWorld()
    await writeHearing(world, () => {
      world.commit()
      for (let id = 100; id < 1_500; id += 1) world.commit({ new: { id, title: 'many' } })
    })
    expect(await isShown(world)).toBe(true)
  })

  it('if its echo came before its answer, which came more than half a minute after it', async () => {
    const world = await liveWorld()
    await writeHearing(world, () => world.commit(), 31_000)
    expect(await isShown(world)).toBe(true)
  })
})

describe('a write of values that somebody else wrote to the row before it began', () => {
  interface Click {
    readonly returned: unknown
    readonly rows: unknown
    readonly isAwaited?: boolean
    readonly inFunction?: boolean
    readonly atCall?: boolean
  }

  /** Requests that the echo of a click costs. */
  async function costOf({ returned, rows, isAwaited, inFunction, atCall }: Click): Promise<number> {
    const world = await liveWorld()
    const { realtime, queryClient, coalescer, server } = world
    world.commit()
    await advance(2_000)
    const before = server.requests.length
    const own = (): void => realtime.own('goals', rows as never)
    const options: MutationOptions = {
      mutationFn: async () => {
        server.write(['goals'])
        await sleep(50)
        if (inFunction) own()
        return returned
      },
      onSettled() {
        if (!inFunction && !atCall) own()
        coalescer.scheduleInvalidate(['goals'])
        return isAwaited ? sleep(3_000) : undefined
      },
    }
    const atEnd: MutateOptions = atCall ? { onSuccess: own } : {}
    const mutation = new MutationObserver(queryClient, options)
    mutation.subscribe(() => {})
    mutation.mutate(undefined, atEnd).catch(() => undefined)
    await advance(1_000)
    world.supabase.current.change(
      changeOf('UPDATE', { new: row, commit_timestamp: new Date(Date.now() - 960).toISOString() }),
    )
    await advance(5_000)
    expect(world.goals.version()).toBe(server.versionOf(['goals']))
    return server.requests.length - before
  }

  const other = { ...row }
  it.each<[string, Click]>([
    ['is returned by a mutation', { returned: row, rows: row }],
    ['is one of those returned', { returned: [other, row], rows: [row] }],
    ['is in an answer of supabase-js', { returned: [{ data: [row], error: null }], rows: [row] }],
    ['is returned by a mutation whose callbacks wait', { returned: row, rows: row, isAwaited: true }],
    ['is told of by the mutation function', { returned: [row], rows: [row], inFunction: true }],
    ['is told of when the mutation has ended', { returned: row, rows: row, atCall: true }],
  ])('costs no fetch besides its own if it %s', async (_, click) => {
    expect(await costOf(click)).toBe(1)
  })

  it('costs one besides its own if the mutation has returned something else', async () => {
    expect(await costOf({ returned: other, rows: row })).toBe(2)
  })
})

it('a write whose echo may have come already is no reason to open the channel anew', async () => {
  const world = await liveWorld()
  world.commit()
  await advance(20)
  mutateElsewhere(world)
  await advance(20)
  world.realtime.own('goals', row)
  await advance(20_000)
  expect(world.supabase.opened).toHaveLength(1)
})

describe('a write that is told of twice', () => {
  const ways = ['at the end', 'at once, copied'] as const

  /** Tells of a write by a mutation, and once more when it has ended, or at once as a copy; the echo takes `echoMs`. */
  function mutateTwice(world: LiveWorld, again: (typeof ways)[number], echoMs = 0) {
    const { realtime, queryClient, coalescer, server, supabase } = world
    const mutation = new MutationObserver(queryClient, {
      mutationFn: async () => {
        await sleep(20)
        server.write(['goals'])
        const echo = changeOf('UPDATE', { new: row, commit_timestamp: now() })
        setTimeout(() => supabase.current.change(echo), echoMs)
        await sleep(20)
        return { ...row }
      },
      onSuccess: (written) => {
        realtime.own('goals', written)
        if (again === 'at once, copied') realtime.own('goals', { ...written })
      },
      onSettled: () => {
        coalescer.scheduleInvalidate(['goals'])
        return sleep(300)
      },
    })
    mutation.subscribe(() => {})
    const atEnd = again === 'at the end' ? { onSuccess: (written: object) => realtime.own('goals', written) } : {}
    mutation.mutate(undefined, atEnd).catch(() => undefined)
  }

  it.each(ways.flatMap((again) => [0, 200, 400].map((echoMs) => [again, echoMs] as const)))(
    '%s waits for one echo, which takes %d ms',
    async (again, echoMs) => {
      const world = await liveWorld()
      mutateTwice(world, again, echoMs)
      await advance(450)
      world.coalescer.scheduleInvalidate(['goals'])
      await advance(50)
      expect(await isShown(world)).toBe(true)
    },
  )

  it.each(ways)('%s is no reason to open the channel anew', async (again) => {
    const world = await liveWorld()
    mutateTwice(world, again)
    await advance(20_000)
    expect(world.supabase.opened).toHaveLength(1)
  })

  it('in the same object counts from the last time, while its echo has not come', async () => {
    const world = await liveWorld()
    for (const name of ['first', 'second']) {
      world.server.write(['goals'])
      world.realtime.own('goals', row)
      if (name === 'first') world.coalescer.scheduleInvalidate(['goals'])
      await advance(300)
    }
    world.supabase.current.change(changeOf('UPDATE', { new: row, commit_timestamp: now() }))
    await advance(4_000)
    expect(world.goals.version()).toBe(world.server.versionOf(['goals']))
  })

  it('with other values is another write of the same mutation', async () => {
    const { realtime, queryClient, coalescer, server, supabase } = await liveWorld()
    const before = server.requests.length
    const rows = [row, { ...row, title: 'then' }]
    const tell = (written: object): void =>
      supabase.current.change(
        changeOf('UPDATE', { new: written, commit_timestamp: new Date(Date.now() - 1_000).toISOString() }),
      )
    const mutation = new MutationObserver(queryClient, {
      mutationFn: () => Promise.resolve(rows),
      async onSuccess() {
        for (const written of rows) {
          realtime.own('goals', written)
          coalescer.scheduleInvalidate(['goals'])
          await sleep(1_000)
          tell(written)
        }
      },
    })
    mutation.mutate().catch(() => undefined)
    await advance(5_000)
    expect(server.requests.length - before).toBe(2)
  })

  it('is two writes if it was made twice', async () => {
    const world = await liveWorld()
    const requests = (): number => world.server.requests.length
    const before = requests()
    for (let time = 0; time < 2; time += 1) {
      world.realtime.own('goals', row)
      world.coalescer.scheduleInvalidate(['goals'])
      await advance(1_000)
      world.supabase.current.change(
        changeOf('UPDATE', { new: row, commit_timestamp: new Date(Date.now() - 1_000).toISOString() }),
      )
      await advance(1_000)
    }
    expect(requests() - before).toBe(2)
  })
})

it('a write whose echo was lost is forgotten after half a minute without those that came after it', async () => {
  const world = await liveWorld()
  const write = (title: string): void => world.realtime.own('goals', { id: 1, title })
  write('lost')
  await advance(5_000)
  world.commit({ new: { id: 5, title: 'y' } })
  await advance(24_500)
  write('alike')
  world.coalescer.scheduleInvalidate(['goals'])
  await advance(600)
  const before = world.server.requests.length
  world.supabase.current.change(
    changeOf('UPDATE', { new: row, commit_timestamp: new Date(Date.now() - 700).toISOString() }),
  )
  await advance(4_000)
  expect(world.server.requests.length).toBe(before)
})
