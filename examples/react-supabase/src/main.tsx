import { QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { CoalescerProvider } from 'realtime-coalescer/react'
import { Goals } from './Goals.tsx'
import { coalescer, queryClient } from './realtime.ts'

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <CoalescerProvider coalescer={coalescer}>
        <Goals />
      </CoalescerProvider>
    </QueryClientProvider>
  </StrictMode>,
)
