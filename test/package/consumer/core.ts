import { QueryClient, QueryObserver } from '@tanstack/react-query'
import {
  type Coalescer,
  type StrategyName,
  type StrategyPort,
  type Windows,
  coalesceQueryClient,
  createCoalescer,
  createCoalescerWith,
  debounce,
  defineStrategy,
} from 'realtime-coalescer'

function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message)
}

const wait = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** A client with one mounted query whose fetches are counted. */
function createApp() {
  const queryClient = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity, retry: false } } })
  const app = { queryClient, served: 0, version: 0, shown: () => queryClient.getQueryData<number>(['goals', 'today']) }
  const observer = new QueryObserver<number>(queryClient, {
    queryKey: ['goals', 'today'],
    queryFn: async () => {
      app.served += 1
      const { version } = app
      await wait(20)
      return version
    },
  })
  const unmount = observer.subscribe(() => undefined)
  return { app, unmount }
}

async function checkStrategy(strategy: StrategyName): Promise<void> {
  const { app, unmount } = createApp()
  let inspected = 0
  const coalescer: Coalescer = createCoalescer({
    queryClient: app.queryClient,
    strategy,
    quietMs: 10,
    maxWaitMs: 100,
    refetchDelayMs: 10,
    inspect: () => (inspected += 1),
  })
  const reasons: string[] = []
  coalescer.on('flushed', (record) => reasons.push(record.reason))

  // During the first fetch.
  app.version = 1
  for (let event = 0; event < 10; event += 1) coalescer.scheduleInvalidate(['goals'], { source: 'goals:INSERT' })
  await coalescer.settled()
  assert(app.shown() === 1, `${strategy}: shows ${app.shown()} after an event during the first fetch`)
  if (strategy !== 'direct') assert(app.served === 2, `${strategy}: ${app.served} fetches instead of 2`)

  // By a change with a patch, and by a refetch.
  app.version = 2
  coalescer.send({
    type: 'CHANGE',
    change: {
      schema: 'public',
      table: 'goals',
      eventType: 'UPDATE',
      new: { id: 1 },
      old: { id: 1 },
      commitTimestamp: null,
      errors: null,
    },
    handler: () => ({ invalidate: [['goals']], patch: [{ queryKey: ['goals', 'today'], update: () => -1 }] }),
  })
  coalescer.scheduleRefetch(['goals', 'today'])
  await coalescer.flush()
  await coalescer.settled()
  assert(app.shown() === 2, `${strategy}: shows ${app.shown()} after a patch`)

  // Across a switch, through the wrapped client.
  app.version = 3
  const client = coalesceQueryClient(app.queryClient, coalescer)
  const invalidated = client.invalidateQueries({ queryKey: ['goals'] })
  coalescer.switchStrategy({ name: 'perKey', quietMs: 5 })
  await invalidated
  assert(app.shown() === 3, `${strategy}: shows ${app.shown()} after a switch`)

  await coalescer.settled()
  assert(coalescer.getSnapshot().phase === 'idle', `${strategy}: is not idle in the end`)
  assert(coalescer.getSnapshot().stats.fetchesFailed === 0, `${strategy}: fetches failed`)
  assert(reasons.length >= 3 && inspected > 0, `${strategy}: flushes ${reasons.join()}, inspected ${inspected}`)
  coalescer.stop({ pending: 'drop' })
  unmount()
  app.queryClient.clear()
}

for (const strategy of ['debounce', 'batch', 'perKey', 'hybrid', 'direct'] as const) await checkStrategy(strategy)

/** At most one flush per `quietMs`, the first one at once; never later than `maxWaitMs`. */
function createThrottle({ queue, timing, now }: StrategyPort): Windows {
  let flushedAtMs = -Infinity
  const capAtMs = () => queue.oldestAtMs + timing.maxWaitMs
  const dueAtMs = () => Math.min(Math.max(queue.oldestAtMs, flushedAtMs + timing.quietMs), capAtMs())
  return {
    isOpen: () => queue.size > 0,
    isOver: () => queue.size === 0,
    untilNext: () => Math.max(0, dueAtMs() - now()),
    isOverdue: () => queue.size > 0 && now() >= capAtMs(),
    overdueAtMs: capAtMs,
    mayPassBy: () => queue.size > 0,
    due: () => (queue.size > 0 && now() >= dueAtMs() ? { reason: 'quiet' } : undefined),
    dueAtOnce: () => undefined,
    dueUrgently: () => ({ reason: 'urgent' }),
    take: () => void (flushedAtMs = now()),
  }
}

async function checkOwnStrategy(): Promise<void> {
  const { app, unmount } = createApp()
  const throttle = defineStrategy({ windows: createThrottle, quietMs: 200, options: ['quietMs'] })
  const coalescer = createCoalescerWith({ debounce, throttle }, { queryClient: app.queryClient, strategy: 'throttle' })
  await wait(40)
  app.version = 1
  for (let event = 0; event < 3; event += 1) coalescer.scheduleInvalidate(['goals'])
  await coalescer.settled()
  assert(
    app.shown() === 1 && app.served === 2,
    `a strategy of the app shows ${app.shown()} after ${app.served} requests`,
  )
  coalescer.switchStrategy({ name: 'throttle', quietMs: 5 })
  // @ts-expect-error -- misspelt
  const misspelt = (): void => coalescer.switchStrategy('trottle')
  assert(typeof misspelt === 'function', 'never called')
  coalescer.stop()
  unmount()
}
await checkOwnStrategy()

let refusal = ''
try {
  createCoalescer({ quietMs: Number.NaN })
} catch (error) {
  refusal = String(error)
}
assert(refusal.startsWith('RangeError: Expected `quietMs`'), `NaN is answered by '${refusal}'`)
console.log('core works')
