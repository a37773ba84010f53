'use client'

import { QueryClient, QueryClientProvider, useQuery } from '@tanstack/react-query'
import { createCoalescer } from 'realtime-coalescer'
import { CoalescerProvider, useCoalescerState } from 'realtime-coalescer/react'
import { useState } from 'react'

function Screen() {
  const pendingKeys = useCoalescerState((snapshot) => snapshot.pendingKeys)
  const { data } = useQuery({ queryKey: ['goals'], queryFn: async () => 'goals' })
  return <p>{`${pendingKeys} pending, ${data ?? 'nothing yet'}`}</p>
}

export default function Page() {
  const [queryClient] = useState(() => new QueryClient())
  const [coalescer] = useState(() => createCoalescer({ queryClient }))
  return (
    <QueryClientProvider client={queryClient}>
      <CoalescerProvider coalescer={coalescer}>
        <Screen />
      </CoalescerProvider>
    </QueryClientProvider>
  )
}
