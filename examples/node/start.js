import { setTimeout as sleep } from 'node:timers/promises'
import { QueryClient, QueryObserver } from '@tanstack/react-query'
import { createCoalescer } from 'realtime-coalescer'

/** Ten changes of two products, 5 ms apart, while the list is in use. */
async function play(strategy) {
  const prices = { apple: 0, pear: 0 }
  let requests = 0

  const queryClient = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity } } })
  const coalescer = createCoalescer({ queryClient, strategy })
  const list = new QueryObserver(queryClient, {
    queryKey: ['prices', 'list'],
    queryFn: async () => {
      requests += 1
      const answer = { ...prices }
      await sleep(20)
      return answer
    },
  })
  const release = list.subscribe(() => {})
  await queryClient.ensureQueryData(list.options)

  for (let change = 1; change <= 10; change += 1) {
    const product = change % 2 === 0 ? 'apple' : 'pear'
    prices[product] = change
    coalescer.scheduleInvalidate(['prices'], { source: `${product}:UPDATE` })
    await sleep(5)
  }
  await coalescer.settled()

  const { apple, pear } = list.getCurrentResult().data
  coalescer.stop()
  release()
  queryClient.clear()
  return { strategy, requests: requests - 1, isFresh: apple === 10 && pear === 9 }
}

for (const strategy of ['direct', 'debounce', 'batch', 'perKey', 'hybrid', 'adaptive']) {
  const { requests, isFresh } = await play(strategy)
  console.log(`${strategy}: ${requests} requests, ${isFresh ? 'fresh' : 'stale'}`)
}
